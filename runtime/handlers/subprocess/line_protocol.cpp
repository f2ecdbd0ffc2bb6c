#include "runtime/handlers/subprocess/line_protocol.hpp"

#include "actors/consumer/base64.hpp"
#include "messages/cloud_event.hpp"
#include "runtime/logging/utf8.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>

namespace streamer {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

constexpr std::size_t deepest = 100;
constexpr std::size_t longest_reason = 1'000; // bytes
constexpr std::size_t longest_name = 100;     // bytes

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    // Most text is ASCII.
    if (static_cast<unsigned char>(text.front()) < 0x80U) {
      text.remove_prefix(1);
      continue;
    }
    const auto step = decode_utf8(text);
    if (!step.valid) {
      return false;
    }
    text.remove_prefix(step.length);
  }
  return true;
}

std::string padded_base64(std::string_view bytes) {
  auto text = base64_encode(bytes);
  text.append((4 - text.size() % 4) % 4, '=');
  return text;
}

// NAME as text, or NAME_base64, or NAME null: nobody has to guess which of them a text is.
void put_bytes(ordered_json& into, const char* name, bytes_ref bytes) {
  if (bytes.is_null()) {
    into[name] = nullptr;
  } else if (is_utf8(bytes.view())) {
    into[name] = bytes.view();
  } else {
    into[std::string{name} + "_base64"] = padded_base64(bytes.view());
  }
}

ordered_json headers_of(const record_view& record) {
  auto list = ordered_json::array();
  for (const auto& h : record.headers()) {
    ordered_json entry;
    entry["name"] = replace_invalid_utf8(h.name);
    put_bytes(entry, "value", h.value);
    list.push_back(std::move(entry));
  }
  return list;
}

// How deep the brackets of a line are nested, those in strings left out.
std::size_t nesting_of(std::string_view line) {
  std::size_t depth = 0;
  std::size_t most = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (in_string) {
      i += c == '\\' ? 1U : 0U;
      in_string = c != '"';
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      most = std::max(most, ++depth);
    } else if (c == '}' || c == ']') {
      depth -= depth > 0 ? 1U : 0U;
    }
  }
  return most;
}

// Keeps nothing but the place of the first error.
class error_finder final : public nlohmann::json_sax<json> {
 public:
  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(number_integer_t) override { return true; }
  bool number_unsigned(number_unsigned_t) override { return true; }
  bool number_float(number_float_t, const string_t&) override { return true; }
  bool string(string_t&) override { return true; }
  bool binary(binary_t&) override { return true; }
  bool start_object(std::size_t) override { return true; }
  bool key(string_t&) override { return true; }
  bool end_object() override { return true; }
  bool start_array(std::size_t) override { return true; }
  bool end_array() override { return true; }
  bool parse_error(std::size_t where, const std::string&,
                   const nlohmann::detail::exception&) override {
    position = where;
    return false;
  }
  std::size_t position = 0;
};

std::string capped(std::string text, std::size_t longest) {
  if (text.size() > longest) {
    text.resize(longest);
    text = replace_invalid_utf8(text); // a character may have been cut
  }
  return text;
}

using fault = std::optional<std::string>;

std::string quoted_name(const std::string& name) { return '"' + capped(name, longest_name) + '"'; }

fault read_text(const json& given, const std::string& name, std::string& into,
                std::size_t longest) {
  if (!given.is_string()) {
    return "\"" + name + "\" is not a string";
  }
  into = capped(given.get<std::string>(), longest);
  return std::nullopt;
}

fault read_base64(const json& given, const std::string& name, std::string& into) {
  if (given.is_string()) {
    auto text = given.get<std::string>();
    while (text.ends_with('=')) {
      text.pop_back();
    }
    if (auto bytes = base64_decode(text)) {
      into = std::move(*bytes);
      return std::nullopt;
    }
  }
  return "\"" + name + "\" is not base64";
}

fault read_header(const json& given, owned_header& header) {
  if (!given.is_object() || !given.contains("name")) {
    return "an entry of \"headers\" is no object with a \"name\"";
  }
  header.value_is_null = true;
  for (const auto& [name, value] : given.items()) {
    fault wrong;
    if (name == "name") {
      if (!value.is_string()) {
        return "the \"name\" of a header is not a string";
      }
      header.name = value.get<std::string>();
      if (header.name.empty()) {
        return "the \"name\" of a header is empty";
      }
    } else if (name == "value" && value.is_string()) {
      header.value = value.get<std::string>();
      header.value_is_null = false;
    } else if (name == "value_base64") {
      header.value_is_null = false;
      wrong = read_base64(value, name, header.value);
    } else if (name != "value") {
      wrong = "unknown member " + quoted_name(name) + " of a header";
    } else if (!value.is_null()) {
      wrong = "the \"value\" of a header is neither a string nor null";
    }
    if (wrong) {
      return wrong;
    }
  }
  return std::nullopt;
}

fault read_headers(const json& given, std::vector<owned_header>& into) {
  if (!given.is_array()) {
    return "\"headers\" is not a list";
  }
  for (const auto& entry : given) {
    if (auto wrong = read_header(entry, into.emplace_back())) {
      return wrong;
    }
  }
  return std::nullopt;
}

fault read_event_member(const std::string& name, const json& given, emitted_event& into) {
  auto& event = into.event;
  if (name == "topic") {
    return given.is_string() ? (event.topic = given.get<std::string>(), fault{})
                             : fault{"\"topic\" is not a string"};
  }
  if (name == "key" || name == "key_base64") {
    into.key_of_record = false;
    if (given.is_null()) {
      return std::nullopt;
    }
    if (name == "key_base64") {
      return read_base64(given, name, event.key.emplace());
    }
    return given.is_string() ? (event.key = given.get<std::string>(), fault{})
                             : fault{"\"key\" is neither a string nor null"};
  }
  if (name == "value_base64") {
    return read_base64(given, name, event.value.emplace());
  }
  if (name == "value") {
    if (given.is_string()) {
      event.value = given.get<std::string>();
    } else if (!given.is_null()) {
      event.value = given.dump();
    }
    return std::nullopt;
  }
  if (name == "headers") {
    return read_headers(given, event.headers);
  }
  return "unknown member " + quoted_name(name) +
         " of an event; known: topic, key, key_base64, value, value_base64, headers";
}

fault read_events(const json& given, std::vector<emitted_event>& into) {
  if (!given.is_array()) {
    return "\"emit\" is not a list";
  }
  for (const auto& entry : given) {
    if (!entry.is_object()) {
      return "an entry of \"emit\" is not an object";
    }
    auto& event = into.emplace_back();
    for (const auto& [name, value] : entry.items()) {
      if (auto wrong = read_event_member(name, value, event)) {
        return wrong;
      }
    }
    if (event.event.topic.empty()) {
      return "an entry of \"emit\" has no \"topic\"";
    }
  }
  return std::nullopt;
}

fault read_outcome(const json& given, outcome& into) {
  struct word {
    std::string_view text;
    outcome_kind kind;
  };
  constexpr std::array words{word{"success", outcome_kind::success},
                             word{"skip", outcome_kind::skip}, word{"retry", outcome_kind::retry},
                             word{"reject", outcome_kind::reject}};
  if (given.is_string()) {
    const auto& text = given.get_ref<const std::string&>();
    const auto found = std::ranges::find(words, text, &word::text);
    if (found != words.end()) {
      into.kind = found->kind;
      const bool failed = into.kind == outcome_kind::retry || into.kind == outcome_kind::reject;
      into.cause = failed ? failure_class::handler : failure_class::none;
      return std::nullopt;
    }
  }
  return "\"outcome\" is none of success, skip, retry, reject";
}

fault read_member(const std::string& name, const json& given, child_answer& into) {
  if (name == "id") {
    return std::nullopt; // read before
  }
  if (name == "outcome") {
    return read_outcome(given, into.result);
  }
  if (name == "reason") {
    return given.is_null() ? fault{} : read_text(given, name, into.result.reason, longest_reason);
  }
  if (name == "error") {
    return given.is_null() ? fault{} : read_text(given, name, into.result.exception, longest_name);
  }
  if (name == "emit") {
    return read_events(given, into.events);
  }
  return "unknown member " + quoted_name(name) + "; known: id, outcome, reason, error, emit";
}

} // namespace

void append_request(std::string& out, std::uint64_t id, const record_view& record) {
  ordered_json line;
  line["id"] = id;
  line["topic"] = record.topic();
  if (const auto& batch = *record.ref().batch; batch.from_lane()) {
    line["lane"] = batch.stored_topic();
  }
  line["partition"] = record.partition().value();
  line["offset"] = record.offset().value();
  line["timestamp"] = record.timestamp_ms();
  line["attempt"] = record.attempt();
  line["tenant"] = replace_invalid_utf8(record.tenant());
  put_bytes(line, "key", record.key());
  line["headers"] = headers_of(record);
  if (const auto attributes = event_attributes(record.ref()); !attributes.empty()) {
    auto& event = line["event"];
    for (const auto& [name, value] : attributes) {
      event[replace_invalid_utf8(name)] = replace_invalid_utf8(value);
    }
  }
  put_bytes(line, "value", record.value());
  out += line.dump();
  out += '\n';
}

std::variant<child_answer, bad_answer> read_answer(std::string_view line) {
  if (nesting_of(line) > deepest) {
    return bad_answer{{}, "nested deeper than " + std::to_string(deepest)};
  }
  const auto parsed = json::parse(line, nullptr, false);
  if (parsed.is_discarded()) {
    error_finder finder;
    static_cast<void>(json::sax_parse(line, &finder));
    return bad_answer{{}, "not JSON at byte " + std::to_string(finder.position)};
  }
  if (!parsed.is_object()) {
    return bad_answer{{}, "not a JSON object"};
  }
  const auto id = parsed.find("id");
  if (id == parsed.end() || !id->is_number_unsigned()) {
    return bad_answer{{}, "\"id\" is not the number of a request"};
  }
  child_answer answer;
  answer.id = id->get<std::uint64_t>();
  if (!parsed.contains("outcome")) {
    return bad_answer{answer.id, "\"outcome\" is missing"};
  }
  for (const auto& [name, given] : parsed.items()) {
    if (auto wrong = read_member(name, given, answer)) {
      return bad_answer{answer.id, std::move(*wrong)};
    }
  }
  return answer;
}

} // namespace streamer

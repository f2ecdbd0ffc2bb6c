#include "tools/redrive/transform_line.hpp"

#include <nlohmann/json.hpp>
#include <utility>

#include "actors/consumer/base64.hpp"
#include "actors/dlq/dead_letter_record.hpp"
#include "runtime/logging/utf8.hpp"
#include "tools/dlq/bytes_view.hpp"
#include "tools/ingest/json_text.hpp"

namespace streamer::tools {
namespace {

using nlohmann::json;

/// What this program adds by itself, whatever a command does.
bool is_added(std::string_view name) {
  return name == dlq_header::redrive_count || name == dlq_header::redriven_from;
}

/// Bytes as JSON holds them, and back: absent, or a reason.
std::optional<std::string> read_bytes(const json& given, std::optional<std::string>& into) {
  if (given.is_null()) {
    into.reset();
    return std::nullopt;
  }
  if (given.is_string()) {
    into = given.get<std::string>();
    return std::nullopt;
  }
  if (given.is_object() && given.size() == 1 && given.contains("base64") &&
      given["base64"].is_string()) {
    auto text = given["base64"].get<std::string>();
    while (text.ends_with('='))
      text.pop_back();
    into = base64_decode(text);
    if (into) return std::nullopt;
    return std::string{"holds what is no base64"};
  }
  return std::string{"is neither a string, null nor {\"base64\":…}"};
}

std::optional<std::string> read_answer_headers(const json& given, std::vector<owned_header>& into) {
  if (!given.is_array()) return "\"headers\" is no array of {\"name\":…,\"value\":…}";
  for (const auto& header : given) {
    if (!header.is_object() || !header.contains("name") || !header.contains("value")) {
      return "a header is no {\"name\":…,\"value\":…}";
    }
    std::optional<std::string> name;
    std::optional<std::string> value;
    if (auto problem = read_bytes(header["name"], name)) return "a header's name " + *problem;
    if (!name || name->find('\0') != std::string::npos) return "a header's name is no text";
    if (auto problem = read_bytes(header["value"], value)) return "a header's value " + *problem;
    if (!is_added(*name)) into.push_back({*name, value.value_or(""), !value});
  }
  return std::nullopt;
}

std::optional<std::string> own_bytes(bytes_ref bytes) {
  return bytes.is_null() ? std::nullopt : std::optional{std::string{bytes.view()}};
}

} // namespace

std::string transform_request(const outbound_event& event, const dead_letter& letter) {
  auto headers = json::array();
  for (const auto& header : event.headers) {
    if (is_added(header.name)) continue;
    const auto value =
        header.value_is_null ? bytes_ref{} : bytes_ref{header.value.data(), header.value.size()};
    headers.push_back({{"name", json_bytes(bytes_ref{header.name})}, {"value", json_bytes(value)}});
  }
  const auto text = [](const std::string& value) {
    return value.empty() ? json() : json(replace_invalid_utf8(value));
  };
  const auto number = [](const auto& value) { return value ? json(*value) : json(); };
  const json line{{"key", json_bytes(event.key_bytes())},
                  {"value", json_bytes(event.value_bytes())},
                  {"headers", std::move(headers)},
                  {"dead_letter",
                   {{"topic", letter.at.topic},
                    {"partition", letter.at.partition.value()},
                    {"offset", letter.offset.value()},
                    {"reason", text(letter.reason)},
                    {"tenant", text(letter.tenant)},
                    {"message", text(letter.message)},
                    {"source_topic", text(letter.source_topic)},
                    {"source_partition", number(letter.source_partition)},
                    {"source_offset", number(letter.source_offset)},
                    {"redrive_count", letter.redrive_count}}}};
  return line.dump(-1, ' ', true);
}

std::optional<std::string> apply_answer(outbound_event& event, std::string_view answer) {
  if (json_problem(answer)) return "answered what is no JSON";
  const auto parsed = json::parse(answer);
  if (!parsed.is_object()) return "answered what is no JSON object";
  auto key = own_bytes(event.key_bytes());
  auto value = own_bytes(event.value_bytes());
  const auto key_before = key;
  std::vector<owned_header> headers;
  for (const auto& header : event.headers)
    if (!is_added(header.name)) headers.push_back(header);
  for (const auto& [name, given] : parsed.items()) {
    std::optional<std::string> problem;
    if (name == "key") {
      problem = read_bytes(given, key);
      if (problem) problem = "\"key\" " + *problem;
    } else if (name == "value") {
      // Any JSON is a value but the form of bytes, which has to hold some.
      const bool bytes = given.is_object() && given.size() == 1 && given.contains("base64");
      problem = read_bytes(given, value);
      if (problem && !bytes) {
        value = given.dump();
        problem.reset();
      } else if (problem) {
        problem = "\"value\" " + *problem;
      }
    } else if (name == "headers") {
      headers.clear();
      problem = read_answer_headers(given, headers);
    } else if (name != "dead_letter") {
      problem = "unknown member \"" + std::string{replace_invalid_utf8(name)} +
                "\"; known: key, value, headers";
    }
    if (problem) return "answered with a bad member: " + *problem;
  }
  for (const auto& header : event.headers)
    if (is_added(header.name)) headers.push_back(header);
  // Another key is another order: the partition is the key's.
  if (key != key_before) event.partition_seed.reset();
  event.keep_alive.reset();
  event.key = std::move(key);
  event.value = std::move(value);
  event.headers = std::move(headers);
  return std::nullopt;
}

} // namespace streamer::tools

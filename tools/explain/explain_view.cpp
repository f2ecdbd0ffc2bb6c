#include "tools/explain/explain_view.hpp"

#include <chrono>
#include <cstdint>
#include <nlohmann/json.hpp>

#include "runtime/logging/format.hpp"
#include "tools/text/numbers.hpp"
#include "tools/text/table.hpp"

namespace streamer::tools {
namespace {

using nlohmann::ordered_json;

constexpr std::size_t indent = 2;
constexpr const char* nothing = "-";

std::string shown_seconds(const ordered_json& seconds) {
  if (!seconds.is_number()) return nothing;
  return shown_duration(
      std::chrono::microseconds{static_cast<std::int64_t>(seconds.get<double>() * 1e6)});
}

std::string shown_offset(const ordered_json& offset) {
  return offset.is_number_integer() ? std::to_string(offset.get<std::int64_t>()) : nothing;
}

std::string text_of(const ordered_json& row, const char* member) {
  const auto& value = row.at(member);
  return value.is_string() ? escape_text(value.get<std::string>()) : std::string{};
}

std::string name_of(const ordered_json& row) {
  return text_of(row, "topic") + "[" + shown_offset(row.at("partition")) + "]";
}

std::uint64_t lag_of(const ordered_json& row) {
  return row.at("lag").at("records").get<std::uint64_t>();
}

std::string shown_lag(const ordered_json& row) {
  const auto records = lag_of(row);
  auto text = grouped(static_cast<std::int64_t>(records)) + (records == 1 ? " record" : " records");
  const auto& age = row.at("lag").at("seconds");
  return age.is_number() ? text + ", " + shown_seconds(age) : text;
}

std::string verdict_of(const ordered_json& row, std::size_t width) {
  const auto& verdict = row.at("verdict");
  auto text = folded(text_of(verdict, "text"), width, indent);
  const auto remedy = text_of(verdict, "remedy");
  return remedy.empty() ? text : text + folded("-> " + remedy, width, indent);
}

std::string parts_of(const ordered_json& row, std::size_t width) {
  table parts{{{"state"}, {"records", true}, {"oldest", true}}};
  for (const auto& [state, part] : row.at("states").items()) {
    const auto records = part.at("records").get<std::uint64_t>();
    const bool at_most = part.value("at_most", false);
    parts.add({state, grouped(static_cast<std::int64_t>(records)),
               records == 0 ? std::string{nothing}
                            : (at_most ? "<= " : "") + shown_seconds(part.at("seconds"))});
  }
  parts.add({"lag", grouped(static_cast<std::int64_t>(lag_of(row))), ""});
  return parts.render(width);
}

std::string frontier_of(const ordered_json& row, std::size_t width) {
  const auto& r = row.at("frontier");
  if (!r.is_object()) return {};
  table facts{{{"frontier"}, {"", false, true}}};
  facts.add({"offset", shown_offset(r.at("offset"))});
  facts.add({"key hash", r.at("key_hash").is_string() ? text_of(r, "key_hash") : "no key"});
  facts.add({"tenant", text_of(r, "tenant")});
  facts.add({"state", text_of(r, "state") + (r.at("running").get<bool>() ? ", running" : "")});
  facts.add({"actor", text_of(r, "actor")});
  facts.add({"attempt", shown_offset(r.at("attempt"))});
  facts.add({"age", shown_seconds(r.at("age_seconds")) + "; here for " +
                        shown_seconds(r.at("here_seconds"))});
  if (r.at("next_retry_seconds").is_number()) {
    facts.add({"next retry", "in " + shown_seconds(r.at("next_retry_seconds"))});
  }
  if (const auto failure = r.find("failure"); failure != r.end()) {
    auto cause = text_of(*failure, "cause");
    if (failure->contains("exception")) cause += ", " + text_of(*failure, "exception");
    if (failure->contains("handler")) cause += ", of handler " + text_of(*failure, "handler");
    facts.add({"failure", cause});
  }
  return "\n" + facts.render(width);
}

std::string in_full(const ordered_json& row, std::size_t width) {
  return name_of(row) + ": " + text_of(row.at("verdict"), "urgency") + "\n" +
         verdict_of(row, width) + "\ncommitted " + shown_offset(row.at("committed")) + ", end " +
         shown_offset(row.at("end")) + ": lag " + shown_lag(row) + "\n\n" + parts_of(row, width) +
         frontier_of(row, width);
}

std::string listed(const ordered_json& page, std::size_t width) {
  std::string text;
  std::string idle;
  std::size_t idle_count = 0;
  for (const auto& row : page.at("partitions")) {
    if (text_of(row.at("verdict"), "urgency") == "idle") {
      idle += (idle_count++ == 0 ? "" : " ") + name_of(row);
      continue;
    }
    text += shortened(
                name_of(row) + "  " + text_of(row.at("verdict"), "urgency") + "  " + shown_lag(row),
                width) +
            "\n" + verdict_of(row, width);
  }
  if (idle_count > 0) {
    text += folded(std::to_string(idle_count) + " without lag: " + idle, width, 0);
  }
  if (page.at("partitions").empty()) {
    text =
        page.at("joined").get<bool>()
            ? "no partition is assigned to this worker: it stands by, or its topics do not exist\n"
            : "no partition is assigned to this worker: it has not joined its group yet\n";
  }
  return text +
         "lag: " + grouped(static_cast<std::int64_t>(page.at("lag_records").get<std::uint64_t>())) +
         "\n";
}

std::string query_escaped(std::string_view text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '.' || c == '-' || c == '_';
    if (plain) {
      out += c;
    } else {
      out += '%';
      out += digits[byte >> 4U];
      out += digits[byte & 0xFU];
    }
  }
  return out;
}

} // namespace

std::optional<explanation> show_explanation(std::string_view body, std::size_t width,
                                            bool one_in_full) {
  const auto page = ordered_json::parse(body, nullptr, false);
  if (!page.is_object() || !page.contains("partitions")) return std::nullopt;
  try {
    explanation shown;
    for (const auto& row : page.at("partitions")) {
      shown.stuck = shown.stuck || text_of(row.at("verdict"), "urgency") == "stuck";
    }
    const bool one = one_in_full && page.at("partitions").size() == 1;
    shown.text = one ? in_full(page.at("partitions").front(), width) : listed(page, width);
    return shown;
  } catch (const ordered_json::exception&) {
    return std::nullopt; // of another version
  }
}

std::string explain_path(const std::optional<std::string>& topic, std::optional<int> partition) {
  if (!topic || !partition) return "/explain";
  return "/explain?topic=" + query_escaped(*topic) + "&partition=" + std::to_string(*partition);
}

} // namespace streamer::tools

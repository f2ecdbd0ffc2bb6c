#include "tools/metrics/health_line.hpp"

#include <nlohmann/json.hpp>

#include "runtime/logging/format.hpp"

namespace streamer::tools {
namespace {

using nlohmann::json;

std::string text_of(const json& reason, const char* member) {
  const auto found = reason.find(member);
  return found != reason.end() && found->is_string() ? found->get<std::string>() : std::string{};
}

/// The reasons of the worker's own page; the first line of any other.
std::string reasons_of(std::string_view body) {
  const auto page = json::parse(body, nullptr, false);
  if (!page.is_object() || !page.contains("reasons") || !page["reasons"].is_array()) {
    return std::string{body.substr(0, body.find_first_of("\r\n"))};
  }
  std::string reasons;
  for (const auto& reason : page["reasons"]) {
    if (!reason.is_object()) continue;
    reasons +=
        (reasons.empty() ? "" : "; ") + text_of(reason, "id") + ": " + text_of(reason, "text");
  }
  return reasons;
}

} // namespace

std::string health_line(bool liveness, unsigned status, std::string_view body) {
  constexpr unsigned fine = 200;
  std::string line = status == fine ? "" : "not ";
  line += liveness ? "live" : "ready";
  if (status == fine) return line;
  line += " (" + std::to_string(status) + ")";
  const auto reasons = reasons_of(body);
  return reasons.empty() ? line : line + ": " + escape_text(reasons);
}

} // namespace streamer::tools

#include "tools/ingest/line_event.hpp"

#include <nlohmann/json.hpp>
#include <utility>

#include "config/text.hpp"
#include "tools/ingest/json_text.hpp"

namespace streamer::tools {
namespace {

using nlohmann::json;

std::optional<std::string> read_text(const std::string& name, const json& given,
                                     std::optional<std::string>& into, bool may_be_null) {
  if (given.is_string()) {
    into = given.get<std::string>();
    return std::nullopt;
  }
  if (given.is_null() && may_be_null) return std::nullopt;
  return "\"" + name + "\" must be a string" + (may_be_null ? " or null" : "");
}

std::optional<std::string> read_headers(const json& given, std::vector<owned_header>& into) {
  if (!given.is_object()) return "\"headers\" must be an object of strings";
  for (const auto& [name, value] : given.items()) {
    if (!value.is_string() && !value.is_null()) {
      return "header " + config_impl::shown(name) + " must be a string or null";
    }
    into.push_back(
        {name, value.is_null() ? std::string{} : value.get<std::string>(), value.is_null()});
  }
  return std::nullopt;
}

std::optional<std::string> read_member(const std::string& name, const json& given,
                                       line_event& event) {
  if (name == "key") return read_text(name, given, event.key, true);
  if (name == "tenant") return read_text(name, given, event.tenant, false);
  if (name == "event_type") return read_text(name, given, event.event_type, false);
  if (name == "headers") return read_headers(given, event.headers);
  if (name != "value") {
    return "unknown member " + config_impl::shown(name) +
           "; known: key, value, headers, tenant, event_type";
  }
  if (given.is_string()) {
    event.value = given.get<std::string>();
  } else if (!given.is_null()) {
    event.value = given.dump();
    event.value_is_json = true;
  }
  return std::nullopt;
}

} // namespace

std::variant<line_event, std::string> read_line_event(std::string_view line) {
  if (auto problem = json_problem(line)) return "not JSON " + *problem;
  const auto parsed = json::parse(line);
  if (!parsed.is_object()) return "not a JSON object";
  if (!parsed.contains("value")) return "the member \"value\" is missing";
  line_event event;
  for (const auto& [name, given] : parsed.items()) {
    if (auto problem = read_member(name, given, event)) return std::move(*problem);
  }
  return event;
}

} // namespace streamer::tools

// The own keys of the built-in handler kinds.
#include <charconv>

#include "config/keys.hpp"
#include "config/status_ranges.hpp"

namespace streamer::config_impl {
namespace {

template <std::uint64_t low, std::uint64_t high>
bool is_count_between(std::string_view text) {
  std::uint64_t number{};
  const auto* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  return error == std::errc{} && stop == end && number >= low && number <= high;
}

bool is_anything(std::string_view /*text*/) { return true; }
bool is_topic_or_none(std::string_view text) { return text.empty() || is_topic_name(text); }
bool is_statuses(std::string_view text) { return read_status_ranges(text).has_value(); }
bool is_method(std::string_view text) { return text == "POST" || text == "PUT"; }
bool is_format(std::string_view text) { return text == "cloudevents" || text == "raw"; }
bool is_flag(std::string_view text) { return text == "true" || text == "false"; }

bool is_url(std::string_view text) {
  for (const std::string_view scheme : {"http://", "https://"})
    if (text.starts_with(scheme) && text.size() > scheme.size())
      return text.find_first_of(" \"<>\\^`{|}") == std::string_view::npos;
  return false;
}

constexpr auto is_count = is_count_between<0, UINT64_MAX>;
constexpr auto is_day = is_count_between<1, 86'400'000>;

std::vector<kind_option> all() {
  using enum option_form;
  const std::string topic = topic_name().text;
  const std::string statuses = "statuses and ranges of them, such as 200-299,304";
  return {
      {"log", "max_per_second", scalar, "10", "a whole number",
       "Most lines a second; 0: every record.", is_count},
      {"forward", "to", needed, "", topic, "Topic to write to.", is_topic_name},

      {"subprocess", "command", list, "", "a list of texts",
       "The program and its arguments; no shell is between. A name without a slash is looked for "
       "in "
       "PATH.",
       is_anything},
      {"subprocess", "directory", scalar, "", "text",
       "The children's working directory; empty: the worker's.", is_anything},
      {"subprocess", "in_flight", scalar, "64", "1 to 10000",
       "Most requests that one child has without having answered them.",
       is_count_between<1, 10'000>},
      {"subprocess", "max_line_bytes", scalar, "4194304", "1024 to 268435456",
       "Longest line in either direction. A record that makes a longer one is rejected; a child "
       "that "
       "writes one is started anew.",
       is_count_between<1'024, 268'435'456>},
      {"subprocess", "restart_backoff_ms", scalar, "100", "1 to 86400000",
       "Pause before a child that has ended is started anew; doubled each time.", is_day},
      {"subprocess", "restart_max_backoff_ms", scalar, "30000", "1 to 86400000",
       "Longest of these pauses.", is_day},
      {"subprocess", "stop_grace_ms", scalar, "2000", "0 to 60000",
       "How long children may take to end once their stdin is closed; SIGTERM after half of it, "
       "SIGKILL after all.",
       is_count_between<0, 60'000>},

      {"http", "url", needed, "", "an http or https URL", "Where each record is sent.", is_url},
      {"http", "method", scalar, "POST", "POST or PUT", "Method of the request.", is_method},
      {"http", "format", scalar, "cloudevents", "cloudevents or raw",
       "cloudevents: events by CloudEvents' HTTP binding, other records as raw. raw: the value as "
       "it "
       "is.",
       is_format},
      {"http", "request_headers", table, "", "text",
       "request_headers.NAME: a header of each request. Not for secrets.", is_anything},
      {"http", "authorization_file", scalar, "", "text",
       "File with the value of the Authorization header, such as `Bearer …`; read again when it "
       "changes.",
       is_anything},
      {"http", "connect_timeout_ms", scalar, "5000", "1 to 86400000",
       "Time for the connection and its TLS; timeout_ms is for all of a request.", is_day},
      {"http", "success_status", scalar, "200-299", statuses, "Statuses that mean success.",
       is_statuses},
      {"http", "skip_status", scalar, "", statuses, "Statuses that mean skip.", is_statuses},
      {"http", "retry_status", scalar, "408,425,429,500-599", statuses,
       "Statuses that mean retry. What is in none of the three is rejected.", is_statuses},
      {"http", "max_pause_ms", scalar, "60000", "0 to 86400000",
       "Longest pause that a Retry-After can cause; 0: none does.",
       is_count_between<0, 86'400'000>},
      {"http", "reply_to", scalar, "", topic,
       "Topic for what a successful response carries; empty: responses' bodies are not kept.",
       is_topic_or_none},
      {"http", "max_response_bytes", scalar, "1048576", "0 to 268435456",
       "Most bytes of a response's body that are read.", is_count_between<0, 268'435'456>},
      {"http", "ssl_ca_location", scalar, "", "text",
       "PEM file or folder of trusted authorities; empty: the system's.", is_anything},
      {"http", "allow_insecure", scalar, "false", "true or false",
       "Permits https without verification, and an authorization_file over http.", is_flag},
  };
}

} // namespace

const std::vector<kind_option>& kind_options() {
  static const auto options = all();
  return options;
}

const kind_option* find_kind_option(std::string_view kind, std::string_view name) {
  for (const auto& option : kind_options())
    if (option.kind == kind && option.name == name) return &option;
  return nullptr;
}

} // namespace streamer::config_impl

#include "config/bounds.hpp"

#include <regex.h>

#include <algorithm>
#include <charconv>
#include <regex>
#include <set>

#include "config/readers.hpp"
#include "config/text.hpp"

namespace streamer::config_impl {
namespace {

constexpr std::size_t longest_topic_name = 249;

std::string number_text(double value) {
  auto whole = static_cast<std::int64_t>(value);
  return static_cast<double>(whole) == value ? std::to_string(whole)
                                             : reader<double>::literal(value);
}

bool is_topic_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '_' || c == '-';
}

bool is_posix_regex(std::string_view pattern) {
  regex_t compiled{};
  if (::regcomp(&compiled, std::string{pattern}.c_str(), REG_EXTENDED | REG_NOSUB) != 0)
    return false;
  ::regfree(&compiled);
  return true;
}

bool is_topic_template(std::string_view text) {
  constexpr std::string_view placeholder = "{topic}";
  std::string sample{text};
  if (auto at = sample.find(placeholder); at != std::string::npos)
    sample.replace(at, placeholder.size(), "t");
  return is_topic_name(sample);
}

bool is_broker_list(std::string_view text) {
  auto brokers = split_list(text);
  return !brokers.empty() &&
         std::ranges::all_of(brokers, [](const auto& item) { return is_host_port(item, 1); });
}

// Without what a path cannot be added to. That there is no user is checked where it is not shown.
bool is_collector_url(std::string_view text) {
  constexpr std::string_view separator = "://";
  const auto colon = text.find(separator);
  const auto scheme = text.substr(0, colon);
  if (colon == std::string_view::npos || (scheme != "http" && scheme != "https") ||
      text.find_first_of("?# \t") != std::string_view::npos) {
    return false;
  }
  auto host = text.substr(colon + separator.size());
  host = host.substr(0, host.find('/'));
  host = host.substr(host.rfind('@') + 1); // all of it without one
  return is_host_port(host, 1) || is_host_port(std::string{host} + ":443", 1);
}

std::string_view host_of(std::string_view host_port) {
  std::string_view host = host_port.substr(0, host_port.rfind(':'));
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  return host;
}

} // namespace

std::string interval::text() const {
  if (!open_low && !open_high) return number_text(low) + " to " + number_text(high);
  return (open_low ? "greater than " : "at least ") + number_text(low) + ", " +
         (open_high ? "less than " : "at most ") + number_text(high);
}

bool interval::contains(double value) const {
  bool above = open_low ? value > low : value >= low;
  bool below = open_high ? value < high : value <= high;
  return above && below;
}

text_rule::operator bound<std::string>() const {
  return {text, [test = holds](const std::string& value) { return test(value); }};
}

text_rule::operator bound<std::filesystem::path>() const {
  return {text, [test = holds](const auto& value) { return test(value.string()); }};
}

text_rule::operator bound<std::vector<std::string>>() const {
  return {"each once: " + text, [test = holds](const auto& values) {
            std::set<std::string_view> seen;
            return std::ranges::all_of(values, [&](const std::string& value) {
              return test(value) && seen.insert(value).second;
            });
          }};
}

text_rule non_empty() {
  return {"not empty", [](std::string_view value) { return !value.empty(); }};
}

text_rule topic_name() { return {"letters, digits, `.`, `_` and `-`, at most 249", is_topic_name}; }

text_rule topic_or_pattern() {
  return {"a topic's name, or a regular expression with a leading `^`", [](std::string_view value) {
            return value.starts_with('^') ? is_posix_regex(value) : is_topic_name(value);
          }};
}

text_rule topic_template() {
  return {"a topic's name in which `{topic}` may stand for the source topic", is_topic_template};
}

text_rule broker_list() { return {"host:port, several by comma", is_broker_list}; }

text_rule listen_address() {
  return {"host:port, port 0 for a free one",
          [](std::string_view value) { return is_host_port(value, 0); }};
}

text_rule collector_url() {
  return {"a URL, http://host:port or https://host:port, or empty",
          [](std::string_view value) { return value.empty() || is_collector_url(value); }};
}

text_rule header_dialect() {
  return {"one of dlq, streams, spring, connect", [](std::string_view value) {
            return value == "dlq" || value == "streams" || value == "spring" || value == "connect";
          }};
}

bound<tenant_source> tenant_pattern() {
  return {"the regular expression must compile", [](const tenant_source& value) {
            return value.from != tenant_source::kind::topic || is_regex(value.argument);
          }};
}

bool is_topic_name(std::string_view name) {
  return !name.empty() && name.size() <= longest_topic_name && name != "." && name != ".." &&
         std::ranges::all_of(name, is_topic_character);
}

bool is_regex(std::string_view pattern) {
  try {
    std::regex compiled{std::string{pattern}};
    return true;
  } catch (const std::regex_error&) {
    return false;
  }
}

bool is_host_port(std::string_view text, int lowest_port) {
  std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return false;
  std::string_view host = text.substr(0, colon);
  bool bracketed = host.size() > 2 && host.starts_with('[') && host.ends_with(']');
  if (!bracketed && host.find_first_of(":[]/ ") != std::string_view::npos) return false;
  std::string_view digits = text.substr(colon + 1);
  int port = -1;
  auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  return error == std::errc{} && end == digits.data() + digits.size() && port >= lowest_port &&
         port <= 65'535;
}

bool is_loopback(std::string_view text) {
  std::string_view host = host_of(text);
  bool is_ipv4 = host.find_first_not_of("0123456789.") == std::string_view::npos;
  return host == "localhost" || host == "::1" || (is_ipv4 && host.starts_with("127."));
}

} // namespace streamer::config_impl

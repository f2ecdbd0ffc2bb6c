// What handlers of the kinds subprocess and http, and conflation, need of their keys.
#include <algorithm>
#include <array>
#include <initializer_list>

#include "config/bounds.hpp"
#include "config/checks.hpp"
#include "config/text.hpp"

namespace streamer::config_impl {
namespace {

constexpr std::size_t most_children = 256;
constexpr std::string_view header_prefix = "request_headers.";

std::string option(const handler_settings& handler, const std::string& name) {
  auto found = handler.options.find(name);
  return found == handler.options.end() ? std::string{} : found->second;
}

bool is_token(std::string_view name) {
  constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
  return !name.empty() && std::ranges::all_of(name, [&](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           marks.find(c) != std::string_view::npos;
  });
}

void check_request_header(checklist& check, const std::string& key, std::string_view name) {
  constexpr std::array own = {"host",       "content-length", "transfer-encoding",
                              "connection", "expect",         "content-type",
                              "te",         "upgrade",        "trailer"};
  std::string lower = lowered(name);
  if (is_secret_header(name)) {
    check.refuse_unshown(key, "would show a secret to whoever sees the configuration",
                         "put the Authorization header's value into a file and name it in "
                         "authorization_file");
    return;
  }
  check.require(is_token(name), key, "is not the name of a header", "use letters, digits and -");
  check.require(std::ranges::find(own, lower) == own.end() && !lower.starts_with("ce-"), key,
                "is a header that streamer sets itself", "remove it");
}

/// The host and port of a URL, without user and path.
struct authority {
  bool over_tls = false;
  bool has_user = false;
  std::string host;
};

authority authority_of(std::string_view url) {
  authority found;
  found.over_tls = url.starts_with("https://");
  url.remove_prefix(std::min(url.size(), url.find("://") + 3));
  std::string_view text = url.substr(0, url.find_first_of("/?#"));
  auto at = text.rfind('@');
  found.has_user = at != std::string_view::npos;
  if (found.has_user) text.remove_prefix(at + 1);
  found.host = text;
  return found;
}

bool is_this_machine(const std::string& host) {
  bool has_port = host.rfind(':') != std::string::npos && !host.ends_with(']');
  return is_loopback(has_port ? host : host + ":80");
}

void check_http(checklist& check, const std::string& entry, const handler_settings& handler) {
  if (option(handler, "url").empty()) return; // named before as missing
  auto url = authority_of(option(handler, "url"));
  if (url.has_user) {
    // What stands before the @ may be a password.
    check.refuse_unshown(entry + ".url", "has a user in it", "use authorization_file");
    return;
  }
  check.require(!url.host.empty() && !url.host.starts_with(':'), entry + ".url", "names no host",
                "write it as https://host/path");
  bool insecure = option(handler, "allow_insecure") == "true";
  bool has_secret = !option(handler, "authorization_file").empty();
  check.require(!has_secret || url.over_tls || insecure || is_this_machine(url.host),
                entry + ".url", "would send the authorization readable over the network",
                "use https://, or set allow_insecure = true");
  for (const auto& [name, value] : handler.options)
    if (name.starts_with(header_prefix))
      check_request_header(check, entry + '.' + name,
                           std::string_view{name}.substr(header_prefix.size()));
  auto to = option(handler, "reply_to");
  for (const auto& topic : check.values().consumer.topics)
    check.require(to.empty() || topic != to || (!handler.topic.empty() && handler.topic != topic),
                  entry + ".reply_to",
                  "is a topic that this handler reads: its output would be its input, for ever",
                  "use a topic that is not in consumer.topics");
}

} // namespace

void check_outside_handlers(checklist& check) {
  const auto& handlers = check.values().handlers;
  for (std::size_t index = 0; index < handlers.size(); ++index) {
    const auto& handler = handlers[index];
    std::string entry = "handlers[" + std::to_string(index) + ']';
    check.require(!handler.conflate || check.values().consumer.ordering == ordering_kind::key,
                  entry + ".conflate", "needs an order by key, without which nothing waits for it",
                  R"(set consumer.ordering = "key", or leave it at false)");
    if (handler.kind == "subprocess")
      check.require(handler.concurrency <= most_children, entry + ".concurrency",
                    "is more child processes than a handler may have",
                    "use 1 to " + std::to_string(most_children) +
                        "; in_flight says how many records each has");
    if (handler.kind == "http") check_http(check, entry, handler);
  }
}

} // namespace streamer::config_impl

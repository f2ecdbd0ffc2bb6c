#include "runtime/http/endpoint.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <charconv>

namespace streamer {
namespace {

constexpr std::size_t max_host = 255;

bool host_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '-' || c == '_';
}

bool is_ipv6(const std::string& host) {
  in6_addr address{};
  return inet_pton(AF_INET6, host.c_str(), &address) == 1;
}

bool acceptable_host(const std::string& host, bool bracketed) {
  if (host.empty() || host.size() > max_host) {
    return false;
  }
  return bracketed ? is_ipv6(host) : std::all_of(host.begin(), host.end(), host_character);
}

} // namespace

std::optional<endpoint> parse_endpoint(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) {
    return std::nullopt;
  }
  auto host = text.substr(0, colon);
  const auto digits = text.substr(colon + 1);
  const bool bracketed = host.size() >= 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) {
    host = host.substr(1, host.size() - 2);
  }
  endpoint where{std::string{host}, 0};
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), where.port);
  const bool whole = error == std::errc{} && end == digits.data() + digits.size();
  if (!whole || !acceptable_host(where.host, bracketed)) {
    return std::nullopt;
  }
  return where;
}

std::string to_string(const endpoint& where) {
  const auto port = std::to_string(where.port);
  return is_ipv6(where.host) ? "[" + where.host + "]:" + port : where.host + ":" + port;
}

bool is_loopback(const endpoint& where) {
  if (where.host == "localhost") {
    return true;
  }
  in_addr v4{};
  if (inet_pton(AF_INET, where.host.c_str(), &v4) == 1) {
    constexpr std::uint32_t loopback_net = 127;
    return (ntohl(v4.s_addr) >> 24U) == loopback_net;
  }
  in6_addr v6{};
  return inet_pton(AF_INET6, where.host.c_str(), &v6) == 1 &&
         std::equal(std::begin(v6.s6_addr), std::end(v6.s6_addr),
                    std::begin(in6addr_loopback.s6_addr));
}

endpoint reachable(const endpoint& bound) {
  in6_addr v6{};
  if (bound.host == "0.0.0.0") {
    return {"127.0.0.1", bound.port};
  }
  if (inet_pton(AF_INET6, bound.host.c_str(), &v6) == 1 &&
      std::equal(std::begin(v6.s6_addr), std::end(v6.s6_addr), std::begin(in6addr_any.s6_addr))) {
    return {"::1", bound.port};
  }
  return bound;
}

} // namespace streamer

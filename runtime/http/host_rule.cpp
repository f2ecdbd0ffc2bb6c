#include "runtime/http/host_rule.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <string>

namespace streamer {
namespace {

bool is_address(const std::string& host) {
  in_addr v4{};
  in6_addr v6{};
  return inet_pton(AF_INET, host.c_str(), &v4) == 1 || inet_pton(AF_INET6, host.c_str(), &v6) == 1;
}

} // namespace

bool host_is_local(std::string_view host) {
  if (host.empty()) {
    return true;
  }
  const bool bracketed = host.front() == '[';
  const auto end = bracketed ? host.find(']') : host.find(':');
  if (bracketed && end == std::string_view::npos) {
    return false;
  }
  auto name = std::string{host.substr(bracketed ? 1 : 0, bracketed ? end - 1 : end)};
  std::ranges::transform(name, name.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
  });
  return name == "localhost" || name.ends_with(".localhost") || is_address(name);
}

} // namespace streamer

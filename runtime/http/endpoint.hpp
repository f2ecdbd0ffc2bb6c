// host:port, as addresses are configured.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace streamer {

/// A host (name, IPv4 or IPv6 address, without brackets) and a TCP port; port 0 takes a free one.
struct endpoint {
  std::string host;
  std::uint16_t port = 0;

  friend bool operator==(const endpoint&, const endpoint&) = default;
};

/// Reads `host:port` or `[ipv6]:port`. Nothing if the host is empty or has characters that no host
/// has, or the port is no number up to 65535.
[[nodiscard]] std::optional<endpoint> parse_endpoint(std::string_view text);

/// `host:port`, IPv6 addresses in brackets: what parse_endpoint reads.
[[nodiscard]] std::string to_string(const endpoint& where);

/// Whether only this machine can reach it: localhost, 127.0.0.0/8 or ::1.
[[nodiscard]] bool is_loopback(const endpoint& where);

/// Where a client on this machine finds a server bound to `bound`: an address that means "all
/// interfaces" becomes loopback.
[[nodiscard]] endpoint reachable(const endpoint& bound);

} // namespace streamer

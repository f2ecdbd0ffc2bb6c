#pragma once

#include <string_view>

namespace streamer {

/// Whether a server that listens on loopback answers a request with this Host header. A page of
/// some web site can make a browser send requests to this machine by giving its own name the
/// address 127.0.0.1 (DNS rebinding), and would read the answers. Such a request carries the site's
/// name: so only `localhost` and addresses are answered, with any port, and requests without the
/// header, which no browser sends.
[[nodiscard]] bool host_is_local(std::string_view host);

} // namespace streamer

#include "runtime/http/exchange.hpp"

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <exception>
#include <memory>
#include <new>
#include <system_error>
#include <utility>
#include <variant>

#include "runtime/http/host_rule.hpp"

namespace streamer::detail {
namespace {

constexpr std::size_t small_body = 4096;

http_response plain(unsigned status, std::string body) {
  http_response response;
  response.status = status;
  response.body = std::move(body);
  return response;
}

std::string_view header_of(MHD_Connection* connection, const char* name) {
  const char* value = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
  return value == nullptr ? std::string_view{} : std::string_view{value};
}

bool has_body(MHD_Connection* connection) {
  const auto length = header_of(connection, MHD_HTTP_HEADER_CONTENT_LENGTH);
  return !header_of(connection, MHD_HTTP_HEADER_TRANSFER_ENCODING).empty() ||
         (!length.empty() && length != "0");
}

http_response not_allowed(std::string allowed) {
  auto response = plain(MHD_HTTP_METHOD_NOT_ALLOWED, "allowed here: " + allowed + "\n");
  response.headers.emplace_back("Allow", std::move(allowed));
  return response;
}

// Without a length told before, a body that is too large would be noticed only when it is here.
std::optional<http_response> refuse_body(MHD_Connection* connection) {
  const auto length = header_of(connection, MHD_HTTP_HEADER_CONTENT_LENGTH);
  if (length.empty() || !header_of(connection, MHD_HTTP_HEADER_TRANSFER_ENCODING).empty()) {
    return plain(MHD_HTTP_LENGTH_REQUIRED, "a request here needs a Content-Length\n");
  }
  std::size_t bytes = 0;
  const auto* const end = length.data() + length.size();
  const auto read = std::from_chars(length.data(), end, bytes);
  if (read.ec != std::errc{} || read.ptr != end || bytes > max_request_body_bytes) {
    return plain(MHD_HTTP_CONTENT_TOO_LARGE, "the body is too large: at most " +
                                                 std::to_string(max_request_body_bytes) +
                                                 " bytes are taken\n");
  }
  return std::nullopt;
}

std::string peer_of(MHD_Connection* connection) {
  const auto* const info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
  if (info == nullptr || info->client_addr == nullptr) {
    return {};
  }
  const auto* const address = info->client_addr;
  const auto size = address->sa_family == AF_INET6 ? sizeof(sockaddr_in6) : sizeof(sockaddr_in);
  std::array<char, INET6_ADDRSTRLEN + 1> text{};
  const auto failed = getnameinfo(address, static_cast<socklen_t>(size), text.data(),
                                  static_cast<socklen_t>(text.size()), nullptr, 0, NI_NUMERICHOST);
  return failed == 0 ? text.data() : std::string{};
}

using header = std::pair<const char*, const char*>;

constexpr std::array<header, 4> default_headers{
    {{"X-Content-Type-Options", "nosniff"},
     {"Cache-Control", "no-store"},
     {"Referrer-Policy", "no-referrer"},
     {"Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"}}};

void add_headers(MHD_Response* native, const http_response& response) {
  MHD_add_response_header(native, "Content-Type", response.content_type.c_str());
  for (const auto& [name, value] : response.headers) {
    MHD_add_response_header(native, name.c_str(), value.c_str());
  }
  for (const auto& [name, value] : default_headers) {
    if (MHD_get_response_header(native, name) == nullptr) {
      MHD_add_response_header(native, name, value);
    }
  }
}

} // namespace

/// A body that lives until the library has sent it or given it up.
struct exchange::pending_body {
  std::string text;
  std::size_t* pending_bytes;

  static void release(void* self) {
    const std::unique_ptr<pending_body> owned{static_cast<pending_body*>(self)};
    *owned->pending_bytes -= owned->text.size();
  }
};

const http_route* exchange::find(std::string_view path) const {
  const auto route =
      std::find_if(routes_.begin(), routes_.end(), [&](const auto& r) { return r.path == path; });
  return route == routes_.end() ? nullptr : &*route;
}

std::optional<http_response> exchange::refuse_early(MHD_Connection* connection,
                                                    std::string_view method,
                                                    std::string_view target) const {
  if (method == MHD_HTTP_METHOD_POST) {
    const auto* const route = find(target.substr(0, target.find('?')));
    if (route != nullptr && route->changes) {
      return refuse_body(connection);
    }
  }
  if (method != MHD_HTTP_METHOD_GET && method != MHD_HTTP_METHOD_HEAD) {
    return not_allowed("GET, HEAD");
  }
  if (has_body(connection)) {
    return plain(MHD_HTTP_BAD_REQUEST, "a request with a body is not served\n");
  }
  return std::nullopt;
}

exchange::exchange(std::vector<http_route> routes, std::size_t pending_limit, bool local_only,
                   log_handle log, event_streams& streams)
    : routes_{std::move(routes)},
      pending_limit_{pending_limit},
      local_only_{local_only},
      streams_{streams},
      log_{std::move(log)},
      failure_limit_{std::chrono::seconds{10}} {}

MHD_Result exchange::answer(MHD_Connection* connection, std::string_view method,
                            std::string_view target, std::string body) {
  auto [response, by] = respond(connection, method, target, std::move(body));
  if (by != nullptr && by->events && response.status == MHD_HTTP_OK &&
      method == MHD_HTTP_METHOD_GET) {
    return stream(connection, *by->events);
  }
  return send(connection, std::move(response));
}

MHD_Result exchange::stream(MHD_Connection* connection, const event_source& source) {
  if (streams_.full()) {
    return send(connection, plain(MHD_HTTP_SERVICE_UNAVAILABLE,
                                  "too many streams are open: close another dashboard\n"));
  }
  auto* const native = streams_.open(connection, source);
  if (native == nullptr) {
    return MHD_NO;
  }
  http_response head;
  head.content_type = "text/event-stream; charset=utf-8";
  add_headers(native, head);
  const auto result = MHD_queue_response(connection, MHD_HTTP_OK, native);
  MHD_destroy_response(native);
  return result;
}

exchange::reply exchange::respond(MHD_Connection* connection, std::string_view method,
                                  std::string_view target, std::string body) {
  if (local_only_ && !host_is_local(header_of(connection, MHD_HTTP_HEADER_HOST))) {
    return {plain(MHD_HTTP_MISDIRECTED_REQUEST,
                  "this address is asked by localhost or its number, not by another name\n")};
  }
  auto parsed = parse_target(target);
  if (const auto* error = std::get_if<target_error>(&parsed)) {
    return {*error == target_error::too_long
                ? plain(MHD_HTTP_URI_TOO_LONG, "the address is too long\n")
                : plain(MHD_HTTP_BAD_REQUEST, "the address is malformed\n")};
  }
  auto& [path, query] = std::get<request_target>(parsed);
  const auto* const route = find(path);
  if (route == nullptr) {
    return {plain(MHD_HTTP_NOT_FOUND, "not found\n")};
  }
  const bool posted = method == MHD_HTTP_METHOD_POST;
  if (route->changes != posted) {
    return {not_allowed(route->changes ? "POST" : "GET, HEAD")};
  }
  const auto authorization = header_of(connection, MHD_HTTP_HEADER_AUTHORIZATION);
  return {call(*route, {std::move(path), std::move(query), std::string{authorization},
                        std::move(body), posted ? peer_of(connection) : std::string{}}),
          route};
}

http_response exchange::call(const http_route& route, const http_request& request) {
  try {
    return route.handler(request);
  } catch (const std::exception& failure) {
    if (const auto suppressed = failure_limit_.pass(every::clock::now())) {
      log_.error("http_handler_failed", "a route's handler threw",
                 {{"path", route.path}, {"error", failure.what()}, {"suppressed", *suppressed}});
    }
  }
  return plain(MHD_HTTP_INTERNAL_SERVER_ERROR, "internal error\n");
}

MHD_Result exchange::send(MHD_Connection* connection, http_response response) {
  const auto size = response.body.size();
  const bool room = pending_bytes_ == 0 || pending_bytes_ + size <= pending_limit_;
  if (!room && size > small_body) {
    response = plain(MHD_HTTP_SERVICE_UNAVAILABLE, "too many answers are waiting to be read\n");
  }
  auto* const native = make_response(std::move(response.body));
  if (native == nullptr) {
    return MHD_NO;
  }
  add_headers(native, response);
  const auto result = MHD_queue_response(connection, response.status, native);
  MHD_destroy_response(native);
  return result;
}

MHD_Response* exchange::make_response(std::string body) {
  auto pending = std::make_unique<pending_body>(pending_body{std::move(body), &pending_bytes_});
  auto* const native = MHD_create_response_from_buffer_with_free_callback_cls(
      pending->text.size(), pending->text.data(), &pending_body::release, pending.get());
  if (native != nullptr) {
    pending_bytes_ += pending->text.size();
    // The library frees it through release().
    static_cast<void>(pending.release());
  }
  return native;
}

} // namespace streamer::detail

// From a complete request to a queued response. For this room only; libmicrohttpd is seen here.
#pragma once

#include <microhttpd.h>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/http/event_streams.hpp"
#include "runtime/http/message.hpp"
#include "runtime/logging/log.hpp"
#include "runtime/logging/rate_limit.hpp"

namespace streamer::detail {

/// Routes requests and keeps count of the bodies that are on their way. Used by one thread at a
/// time; has to outlive the daemon that sends its responses.
class exchange {
 public:
  /// `local_only`: requests for the name of a web site are refused, see host_is_local.
  exchange(std::vector<http_route> routes, std::size_t pending_limit, bool local_only,
           log_handle log, event_streams& streams);

  /// The answer to a request that is refused by its method or because of its body; nothing for one
  /// to be read to its end.
  [[nodiscard]] std::optional<http_response> refuse_early(MHD_Connection* connection,
                                                          std::string_view method,
                                                          std::string_view target) const;

  /// Answers a request by its raw target; `body`: that of a POST.
  MHD_Result answer(MHD_Connection* connection, std::string_view method, std::string_view target,
                    std::string body);

  /// Queues a response, or a 503 in its place when too much is on its way.
  MHD_Result send(MHD_Connection* connection, http_response response);

 private:
  struct pending_body;

  /// What is answered, and the route that did; null: none.
  struct reply {
    http_response response;
    const http_route* by = nullptr;
  };
  reply respond(MHD_Connection* connection, std::string_view method, std::string_view target,
                std::string body);
  [[nodiscard]] const http_route* find(std::string_view path) const;
  MHD_Result stream(MHD_Connection* connection, const event_source& source);
  http_response call(const http_route& route, const http_request& request);
  MHD_Response* make_response(std::string body);

  std::vector<http_route> routes_;
  std::size_t pending_limit_;
  bool local_only_;
  std::size_t pending_bytes_ = 0;
  event_streams& streams_;
  log_handle log_;
  every failure_limit_;
};

} // namespace streamer::detail

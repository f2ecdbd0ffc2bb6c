// Many HTTP requests at a time on one thread.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

namespace enrichment {

/// What came back. Status 0: nothing, and `body` says why.
struct http_reply {
  long status = 0;
  std::string body;
};

/// Asks by GET, with a pool of connections that are used again.
class http_requests {
 public:
  using on_reply = std::function<void(http_reply)>;

  /// `most` connections at a time; what is more waits. A request ends after `timeout`.
  http_requests(std::size_t most, std::chrono::milliseconds timeout);
  /// Requests under way are answered with status 0.
  ~http_requests();
  http_requests(const http_requests&) = delete;
  http_requests& operator=(const http_requests&) = delete;

  /// Returns at once; `then` is called on the pool's thread, exactly once. Thread-safe.
  void get(std::string url, on_reply then);

 private:
  class loop;
  std::unique_ptr<loop> loop_;
};

} // namespace enrichment

#pragma once

#include "config/secret.hpp"
#include "messages/handler.hpp"
#include "runtime/handlers/http/request.hpp"
#include "runtime/handlers/http/response_rule.hpp"

#include <curl/curl.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace streamer {

/// What all requests of a handler are made by.
struct http_plan {
  std::string url;
  std::string method = "POST";
  bool as_event = true; ///< CloudEvents' HTTP binding; else the value as it is
  http_headers own_headers;
  std::string authorization_file; ///< empty: no Authorization header
  std::size_t concurrency = 0;    ///< requests at a time; 0: as many as the service bears
  std::chrono::milliseconds timeout{30'000};
  std::chrono::milliseconds connect_timeout{5'000};
  response_rules rules;
  std::string reply_to; ///< empty: what a response carries is not kept
  std::size_t max_response_bytes = std::size_t{1} << 20U;
  std::string ssl_ca_location;
  bool allow_insecure = false;
};

/// A record in the handler's hands.
struct http_record {
  delivery record;
  std::string tenant;
  std::uint64_t guard = 0; ///< as record_guard says
  patience patient{};
  std::chrono::steady_clock::time_point sent{};
};

/// One request and its response; used again for the next. Of one thread.
class transfer {
 public:
  explicit transfer(const http_plan& plan);
  transfer(const transfer&) = delete;
  transfer& operator=(const transfer&) = delete;
  ~transfer() = default;

  /// Makes the request for a record; `authorization`: the header's value, or empty.
  void prepare(http_record&& held, const secret& authorization);
  [[nodiscard]] CURL* handle() const { return easy_.get(); }
  [[nodiscard]] http_record& held() { return *held_; }
  /// Lets go of the record and of all that was sent and received.
  [[nodiscard]] http_record release();

  /// After the transfer: whether there is a response, even if its body was cut off.
  [[nodiscard]] bool has_response(CURLcode ended) const;
  [[nodiscard]] int status() const;
  [[nodiscard]] std::optional<std::chrono::seconds> retry_after() const;
  /// The body was longer than may be read.
  [[nodiscard]] bool too_long() const { return too_long_; }
  [[nodiscard]] const http_headers& headers() const { return headers_; }
  [[nodiscard]] std::string& body() { return body_; }
  /// Why there is no response: one line without anything of the record.
  [[nodiscard]] std::string problem(CURLcode ended) const;

 private:
  struct ends_easy {
    void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
  };
  struct ends_list {
    void operator()(curl_slist* list) const { curl_slist_free_all(list); }
  };

  static std::size_t on_body(char* bytes, std::size_t size, std::size_t count, void* self);
  static std::size_t on_header(char* bytes, std::size_t size, std::size_t count, void* self);
  void add_header(const std::string& line);
  void set_up();

  const http_plan& plan_;
  std::unique_ptr<curl_slist, ends_list> list_;
  std::array<char, CURL_ERROR_SIZE> error_{};
  std::unique_ptr<CURL, ends_easy> easy_;
  std::optional<http_record> held_;
  http_headers headers_; // lower-case names
  std::string body_;
  std::size_t body_bytes_ = 0;
  bool too_long_ = false;
};

} // namespace streamer

// An OpenTelemetry collector: takes spans by OTLP over HTTP, as protobuf, and keeps them.
#pragma once

#include "tests/support/common.hpp"

#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

struct MHD_Daemon;

namespace streamer::test {

/// A span as it was received. Ids are hexadecimal; numbers among the attributes are text.
struct received_span {
  std::string trace;
  std::string id;
  std::string parent; ///< empty: the first of its trace
  std::string state;
  std::string name;
  std::uint64_t kind = 0; ///< 4: producer, 5: consumer
  std::uint64_t began_ns = 0;
  std::uint64_t ended_ns = 0;
  std::uint64_t status = 0; ///< 2: error
  std::string status_text;
  std::map<std::string, std::string> attributes;
  std::map<std::string, std::string> resource;

  /// The value of an attribute; empty if there is none.
  [[nodiscard]] std::string operator[](const std::string& attribute) const {
    const auto found = attributes.find(attribute);
    return found == attributes.end() ? std::string{} : found->second;
  }
  /// What a `traceparent` of the span says.
  [[nodiscard]] std::string traceparent() const { return "00-" + trace + "-" + id + "-01"; }
};

/// The spans of an ExportTraceServiceRequest. Throws std::runtime_error for bytes that are none.
[[nodiscard]] std::vector<received_span> decode_spans(std::string_view request);

/// How it treats who exports.
enum class collector_mood {
  takes,   ///< everything
  refuses, ///< answers 503
  hangs,   ///< does not answer
};

/// Serves POST /v1/traces on a free port of the loopback address until it is destroyed. A request
/// that is not OTLP fails the test that asks for spans.
class trace_collector {
 public:
  explicit trace_collector(collector_mood mood = collector_mood::takes);
  trace_collector(const trace_collector&) = delete;
  trace_collector& operator=(const trace_collector&) = delete;
  ~trace_collector();

  /// For observability.otlp_endpoint.
  [[nodiscard]] std::string url() const;
  /// All spans so far.
  [[nodiscard]] std::vector<received_span> spans() const;
  /// Requests so far, taken or not.
  [[nodiscard]] std::size_t requests() const;

 private:
  friend struct collector_callbacks;
  unsigned take(const std::string& url, const std::string& type, const std::string& body);

  collector_mood mood_;
  mutable std::mutex mutex_;
  std::condition_variable ending_;
  bool ended_ = false;
  std::size_t requests_ = 0;
  std::vector<received_span> spans_;
  std::vector<std::string> problems_;
  MHD_Daemon* server_ = nullptr;
};

} // namespace streamer::test

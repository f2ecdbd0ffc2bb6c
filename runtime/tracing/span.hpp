#pragma once

#include "messages/trace_context.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace streamer {

/// What a span says of a record's way.
enum class span_kind : std::uint8_t { consumer, producer };

/// A fact of a span. Names are those of OpenTelemetry's conventions, or begin with `streamer.`.
struct span_attribute {
  std::string_view name;                         ///< a literal
  std::variant<std::string, std::int64_t> value; ///< a text is UTF-8
};

/// A span that has ended.
struct span {
  trace_context context;
  span_id parent{};       ///< none: the first of its trace
  std::string tracestate; ///< as it came, or empty
  std::string name;
  span_kind kind = span_kind::consumer;
  std::int64_t began_ns = 0; ///< since 1970
  std::int64_t ended_ns = 0;
  std::vector<span_attribute> attributes;
  std::string error; ///< class of the failure; empty: none
};

/// What became of spans so far.
struct span_totals {
  std::uint64_t exported = 0;   ///< the collector has taken them
  std::uint64_t queue_full = 0; ///< dropped: more came than went
  std::uint64_t failed = 0;     ///< dropped: the collector did not take them
  std::string last_problem;     ///< of the last export that failed; untrusted, one line
};

/// Takes spans to a collector, on a thread of its own. Any thread may call it.
class span_exporter {
 public:
  virtual ~span_exporter() = default;
  /// Queues a span, or drops and counts it. Never waits for the collector.
  virtual void submit(span finished) noexcept = 0;
  [[nodiscard]] virtual span_totals totals() const = 0;
  /// Exports what is queued for at most `budget`, drops and counts the rest. An export that is
  /// under way is waited for: `export_timeout` at most. Blocks.
  virtual void close(std::chrono::milliseconds budget) noexcept = 0;
};

/// How long one export may take.
inline constexpr std::chrono::milliseconds export_timeout{2'000};

} // namespace streamer

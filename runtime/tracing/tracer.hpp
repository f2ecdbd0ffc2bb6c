#pragma once

#include "messages/event.hpp"
#include "messages/outcome.hpp"
#include "messages/record.hpp"
#include "messages/trace_context.hpp"
#include "runtime/tracing/span.hpp"

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace streamer {

/// A span that goes on.
struct open_span {
  trace_context context;
  span_id parent{};          ///< none: the first of its trace
  std::string tracestate;    ///< of whoever began the trace; empty: nothing to hand on
  std::int64_t began_ns = 0; ///< since 1970
};

/// What is told of an attempt when it has ended.
struct attempt_facts {
  std::string_view tenant;
  std::string_view handler; ///< empty: none took it
  std::uint32_t attempt = 0;
  outcome_kind kind = outcome_kind::success;
  failure_class cause = failure_class::none;
  bool fenced = false; ///< its partition was given away while it ran
};

/// What is told of an outbound record when the broker has answered.
struct send_facts {
  std::string_view tenant;
  std::string_view dlq_reason; ///< of a dead letter
};

/// Whether a trace that begins here is recorded, told by its number alone: everybody who asks says
/// the same. `ratio` in [0, 1].
[[nodiscard]] bool is_chosen(const trace_id& trace, double ratio);

/// Decides which records are traced, and makes their spans. A record with a trace of its own is
/// traced when that is; for any other, whether a trace begins follows from its place, so that its
/// attempts have one trace, whoever makes them. Any thread.
class tracer {
 public:
  /// `group` and `client` are told with every span; `ratio` in [0, 1]; `seed`: any number, another
  /// one in each process.
  tracer(std::string_view group, std::string_view client, double ratio, std::uint64_t seed,
         std::shared_ptr<span_exporter> exporter);

  /// An attempt begins; nothing if the record is not traced. `first`: the first attempt's span, if
  /// it is known, which the others hang on in a trace that began here.
  [[nodiscard]] std::optional<open_span> begin_attempt(
      const record_ref& record, const std::optional<trace_context>& first = std::nullopt) const;
  /// The attempt has ended: its span is exported.
  void end_attempt(const open_span& attempt, const record_ref& record,
                   const attempt_facts& facts) const;

  /// An event is to be sent because of `cause`: its `traceparent` becomes that of the span that
  /// begins. A context of its own that a handler has given it is the nearer cause, and if that one
  /// is not sampled, the event stays as it is and nothing is returned.
  [[nodiscard]] std::optional<open_span> begin_send(const open_span& cause,
                                                    outbound_event& event) const;
  /// Likewise of a dead letter. `attempt`: the span of the record's last attempt, if there was one;
  /// without it the record's own trace counts. Nothing if the record is not traced.
  [[nodiscard]] std::optional<open_span> begin_dead_letter(
      const record_ref& record, const std::optional<trace_context>& attempt,
      outbound_event& event) const;
  /// Writes a span's context into the headers of an event that is made anew.
  static void set_context(outbound_event& event, const open_span& send);
  /// The broker has given its last answer on the event: its span is exported.
  void end_send(const open_span& send, const outbound_event& event, const delivery_result& answer,
                const send_facts& facts) const;

  /// The exporter, for its totals and its end.
  [[nodiscard]] span_exporter& exporter() const { return *exporter_; }

 private:
  [[nodiscard]] trace_id trace_of(const record_ref& record) const;
  [[nodiscard]] span_id next_span() const;
  [[nodiscard]] span closed(const open_span& of, std::string_view operation,
                            const std::string& topic, std::string_view tenant) const;

  std::string group_;
  std::string client_;
  double ratio_;
  std::uint64_t seed_;
  std::shared_ptr<span_exporter> exporter_;
  mutable std::atomic<std::uint64_t> spans_{0};
};

} // namespace streamer

// What the sending and the receiving side of a load test write into.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "messages/event.hpp"
#include "messages/record.hpp"
#include "runtime/telemetry/latency.hpp"
#include "tools/load_test/ledger.hpp"
#include "tools/load_test/load_event.hpp"
#include "tools/load_test/load_report.hpp"
#include "tools/load_test/timeline.hpp"

namespace streamer::tools {

/// The ledger and the latencies of one run. Thread-safe. Shared by both sides, so that an answer
/// that comes late finds it. A latency ends when the answer or the record is here, which is when
/// the process could go on.
class load_book {
 public:
  using clock = std::chrono::steady_clock;
  /// Events of one batch: they are settled together.
  using marks = std::shared_ptr<const std::vector<load_mark>>;

  /// `lanes`: number of keys.
  explicit load_book(std::uint32_t lanes);

  /// Begins the run's clock.
  void start();
  /// Microseconds since the start.
  [[nodiscard]] std::int64_t elapsed_us() const;

  /// The mark of the lane's next event, which waits for its answer as part of a batch.
  [[nodiscard]] load_mark next(std::uint32_t lane, std::int64_t intended_us);
  /// The batch is on its way.
  void submitted(const marks& batch);
  /// The answers for a batch, `results[i]` for mark i.
  void settled(const marks& batch, const std::vector<delivery_result>& results);
  /// Nobody waits any more: what has no answer counts as not acknowledged, whatever comes later.
  void give_up();

  /// A record reached the handler. Records of other runs are left alone.
  void arrived(const record_ref& record);

  /// Acknowledged events that have not arrived.
  [[nodiscard]] std::int64_t outstanding() const;
  /// Arrivals so far, duplicates included: changes while there is progress.
  [[nodiscard]] std::uint64_t arrivals() const;
  [[nodiscard]] verdict judge() const;
  [[nodiscard]] latency_summary delivery() const;
  /// That alone, which costs little: for a run's progress.
  [[nodiscard]] std::int64_t delivery_p99_us() const;
  [[nodiscard]] latency_summary end_to_end() const;
  [[nodiscard]] timeline over_time() const;

 private:
  [[nodiscard]] std::int64_t since_start() const;

  mutable std::mutex mutex_;
  clock::time_point begun_ = clock::now();
  std::uint64_t run_;
  ledger ledger_;
  std::vector<marks> open_;
  latency_recorder delivery_;
  latency_recorder end_to_end_;
  std::uint64_t arrivals_ = 0;
  timeline over_time_;
};

} // namespace streamer::tools

// Several workers of one group that come and go.
#pragma once

#include "tests/chaos/support/chaos_report.hpp"
#include "tests/chaos/support/memory_watch.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace streamer::test {

/// Workers in numbered places; a place keeps its number while the workers in it are replaced.
class fleet {
 public:
  /// No worker runs yet. `report` gets the peak memory of each worker, and how steady it was.
  fleet(const scenario& s, worker_config config, chaos_report& report,
        worker_binary which = worker_binary::product);

  /// Starts a worker in a new place and returns the place.
  std::size_t add();
  /// Starts a worker in a place that is empty.
  void start(std::size_t place);
  /// SIGKILL, and proof that this is what it died of.
  void kill(std::size_t place);
  /// SIGTERM; the place is empty then. Returns how it ended and how long that took.
  struct stopped {
    exit_status status;
    milliseconds took{0};
  };
  stopped stop(std::size_t place);
  /// Stops every worker and checks that each ends with exit code 0.
  void stop_all();

  [[nodiscard]] worker& at(std::size_t place) { return *places_.at(place); }
  [[nodiscard]] bool runs(std::size_t place) const { return places_.at(place) != nullptr; }
  [[nodiscard]] std::size_t places() const { return places_.size(); }
  [[nodiscard]] std::size_t running() const;
  void wait_until_ready();
  /// Waits until this worker has received a record: a fault before that would prove nothing. Fails
  /// the test if it does not come to that.
  void wait_until_busy(std::size_t place, double beyond = 0);
  /// The partitions that the group has given to the workers of other places: what a fault of this
  /// one must not touch.
  [[nodiscard]] std::vector<std::int32_t> partitions_of_others(std::size_t place) const;
  /// Records that the worker has received in its life so far.
  [[nodiscard]] double received(std::size_t place) const;

 private:
  // Hands over what is known of the memory of a worker that has ended.
  void tell_memory(std::size_t place, pid_t id);

  const scenario& scenario_;
  worker_config config_;
  chaos_report& report_;
  worker_binary which_;
  std::vector<std::unique_ptr<worker>> places_;
  std::size_t started_ = 0;
  memory_watch memory_;
};

/// Stretches in which these partitions were nobody's concern but their owners'.
struct output_window {
  std::int64_t from_ms = 0;
  std::int64_t to_ms = 0;
  std::vector<std::int32_t> partitions;
};
using output_windows = std::vector<output_window>;
/// I9: in every stretch, each of its partitions had output at least every two seconds. Fails as
/// void if there are none.
void require_untouched(chaos_report& report, const output_windows& windows, const run_record& run);

/// A configuration whose group notices quickly who has died: sessions of 3 s, heartbeats of 0.5 s.
[[nodiscard]] worker_config brisk(worker_config config);
inline constexpr milliseconds brisk_session{3000};

} // namespace streamer::test

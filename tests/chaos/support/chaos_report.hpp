// What a scenario has shown: the faults that really happened, the oracle's verdict, and figures.
#pragma once

#include "tests/support/scenario.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace streamer::test {

/// Whether this is a full run (scripts/chaos) or a short one inside scripts/test.
[[nodiscard]] bool full_run();

/// `short_run` inside scripts/test, `full` under scripts/chaos.
template <class T>
[[nodiscard]] T scaled(T short_run, T full) {
  return full_run() ? full : short_run;
}

/// Collects what one scenario proves and writes it as one JSON object to the directory
/// STREAMER_CHAOS_RESULTS when it ends, however it ends. One thread.
class chaos_report {
 public:
  /// `id`: as in reliability, e.g. A1. `what` says in a few words what happens; it tells the parts
  /// of a scenario apart. The seed of the run is chosen here.
  chaos_report(std::string id, std::string what);
  chaos_report(const chaos_report&) = delete;
  chaos_report& operator=(const chaos_report&) = delete;
  ~chaos_report();

  /// Repeats every random decision of the scenario.
  [[nodiscard]] std::uint64_t seed() const;

  /// The run is void, and fails, with fewer faults of this kind (I8). Said before they happen.
  void needs(const std::string& kind, std::uint64_t at_least);
  /// Faults that were seen to have happened.
  void fault(const std::string& kind, std::uint64_t count = 1);
  [[nodiscard]] std::uint64_t faults() const;

  /// How fast the load is, records a second.
  void rate(double records_a_second);
  /// Something came back after a fault, and how long that may take (I7). Judged here: in a short
  /// run at twice the limit, for a machine that does other things too.
  void recovered(const std::string& what, milliseconds took, milliseconds limit);
  /// Peak memory of a worker in KiB (I6): within 300 MiB, judged here.
  void peak_memory(std::size_t kib);
  /// Resident memory of a worker in MiB, sampled evenly over its life: no growth over the second
  /// half (I6), judged here. Nothing is judged of fewer than 60 samples.
  void steady_memory(const std::vector<double>& samples);
  /// A figure beyond these, for the result and the log.
  void figure(const std::string& name, double value);

  /// Judges a run by the oracle: the faults above, I1 to I5, and that the brokers acknowledged at
  /// least 99 % of what was sent, since nothing can be said of the rest. Fails the test, keeps the
  /// ledger beside the workers' logs, if something does not hold. Several runs of one scenario add
  /// up.
  verdict require_invariants(const scenario& s, const std::vector<sent_record>& sent,
                             const expectation& expected = {});
  /// The same for what has been read already.
  verdict require_invariants(const scenario& s, const run_record& run, const expectation& expected);
  /// Judges one of many runs: like the above, but `require_faults` comes at the end of all.
  verdict require_run(const run_record& run, const expectation& expected);
  /// Fails the test as void if a fault that is needed has not happened often enough.
  void require_faults();
  /// A run that a comparison of its own has judged, since its records carry no identity: adds to
  /// the sums and judges the faults and that nothing was lost.
  void require_complete(std::uint64_t acknowledged, std::uint64_t lost,
                        std::uint64_t dead_lettered = 0);

 private:
  struct findings;
  verdict judged(const run_record& run, const expectation& expected);
  void write() const;
  std::unique_ptr<findings> found_;
};

/// Reads the highest resident memory of a worker while it still runs.
void note_memory(chaos_report& report, worker& w);

} // namespace streamer::test

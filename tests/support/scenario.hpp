// One pipeline under test: its topics and group, its configuration, and the evidence at the end.
#pragma once

#include <string>
#include <vector>

#include "tests/support/ledger_producer.hpp"
#include "tests/support/oracle.hpp"
#include "tests/support/worker.hpp"

namespace streamer::test {

/// How a scenario's topics are made.
struct scenario_options {
  int partitions = 4;
  int dlq_partitions = 2;
  bool with_dlq = true; ///< false: the DLQ topic does not exist
  topic_properties source{};
  topic_properties output{};
  topic_properties dlq{};
  /// Output and DLQ keep the broker's append time, which the oracle compares with commits.
  bool append_times = true;
};

/// A source topic, an output topic, a DLQ topic and a group with names of their own.
class scenario {
 public:
  explicit scenario(const std::string& bootstrap, const scenario_options& options = {});

  /// A worker's configuration that forwards everything from source to output.
  [[nodiscard]] worker_config forward() const;
  /// The same with a scripted handler, which writes to `journal()` and looks for files in
  /// `directory()`. `kind`: scripted_quick, scripted_blocking or scripted_async; `more`: further
  /// keys of the handler, in TOML.
  [[nodiscard]] worker_config scripted(const std::string& kind,
                                       const std::map<std::string, std::string>& more = {}) const;

  [[nodiscard]] const temporary_directory& directory() const { return directory_; }
  [[nodiscard]] std::filesystem::path journal() const { return directory_ / "journal"; }
  /// Lets `until:NAME` scripts pass.
  void open_gate(const std::string& name) const { write_file(directory_ / name, ""); }

  /// Waits until the group has no lag; fails the test otherwise.
  void wait_until_drained(milliseconds timeout = 60s) const;
  /// Reads output, DLQ and all commits.
  [[nodiscard]] run_record collect(const std::vector<sent_record>& sent) const;
  /// How many different records are in the output or the DLQ now although the group's last commit
  /// does not say that they are finished: what a crash at this moment repeats, exactly.
  [[nodiscard]] std::uint64_t finished_but_uncommitted(const std::vector<sent_record>& sent) const;
  /// Leaves ledger, output, DLQ and commits as text in `directory()`, one line a record.
  void keep(const run_record& run) const;
  /// Judges the run, prints the verdict as evidence and fails the test if an invariant is violated.
  verdict require_invariants(const std::vector<sent_record>& sent,
                             const expectation& expected = {}) const;

  std::string bootstrap;
  std::string source;
  std::string output;
  std::string dlq;
  std::string group;

 private:
  [[nodiscard]] std::vector<commit_claim> claims() const;

  temporary_directory directory_;
  bool has_dlq_;
};

/// The most output records within any `window`: what one interrupted commit interval can repeat.
[[nodiscard]] std::uint64_t busiest(const std::vector<stored_record>& output, milliseconds window);

} // namespace streamer::test

// Judges a run by what was sent, what came out and what was committed. Pure: values in, findings
// out; what it must detect is in tests/unit/support.
#pragma once

#include "tests/support/kafka_access.hpp"
#include "tests/support/ledger.hpp"

#include <array>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace streamer::test {

/// What one commit says is finished: everything below `offset`, and these ranges beyond it.
struct commit_claim {
  struct range {
    std::int64_t first = 0;
    std::int64_t last = 0; ///< included
  };
  std::int32_t partition = 0;
  std::int64_t offset = 0;
  std::vector<range> finished;
  std::int64_t commit_ms = 0;
};

/// All that is known of a run over one source topic.
struct run_record {
  std::vector<sent_record> sent;
  std::vector<stored_record> output; ///< as the output topic holds it
  std::vector<stored_record> dead;   ///< as the DLQ topic holds it
  std::vector<commit_claim> commits; ///< in the order in which they were made
};

/// What is expected beyond the invariants.
struct expectation {
  /// More copies than this, over output and DLQ together, are a violation.
  std::uint64_t duplicates_allowed = 0;
  /// Timestamps in output and DLQ are the broker's append times, so that each commit can be
  /// compared with the moment at which the records below it were finished.
  bool append_times = true;
  /// Records have to keep their order per key: in the output, in the DLQ, and with append times
  /// from the DLQ to the output. What overflowed has no order.
  bool ordered = true;
  /// Also from the DLQ to the output. Not where outputs are refused for good: the key has gone on
  /// by then.
  bool ordered_between = true;
  /// Of all that was sent, how much the brokers have to have acknowledged for the run to show
  /// anything. Less where the test itself takes records out of the ledger.
  double acknowledged_share = 0.99;
  /// Partition and offset of commits that may go back: an operator's seeks.
  std::set<std::pair<std::int32_t, std::int64_t>> sought = {};
};

/// The invariants of reliability that a run's record can show.
enum class invariant : std::uint8_t {
  nothing_lost,     ///< I1: every acknowledged record is in the output or the DLQ
  nothing_invented, ///< I2: byte for byte what was sent, and nothing else
  order_kept,       ///< I3: first occurrences per (tenant, key) increase, over output and DLQ
  commits_safe,     ///< I4: everything below a commit had finished before it
  few_duplicates,   ///< I5
};
inline constexpr std::size_t invariant_count = 5;

/// Name of an invariant as findings show it, e.g. `I1 nothing lost`.
[[nodiscard]] std::string_view to_string(invariant i);

/// The oracle's findings.
class verdict {
 public:
  /// Records a violation; the first few of each invariant keep their text.
  void add(invariant which, const std::string& what);
  [[nodiscard]] std::uint64_t count(invariant which) const {
    return counts_.at(static_cast<std::size_t>(which));
  }
  [[nodiscard]] bool holds() const;
  /// One line for each violated invariant and examples, or "all invariants hold".
  [[nodiscard]] std::string text() const;

  std::uint64_t acknowledged = 0;  ///< records that had to come out
  std::uint64_t forwarded = 0;     ///< different ones in the output
  std::uint64_t dead_lettered = 0; ///< different ones in the DLQ
  std::uint64_t duplicates = 0;    ///< copies beyond the first, over both
  std::uint64_t commits = 0;       ///< commits that were checked

 private:
  std::array<std::uint64_t, invariant_count> counts_{};
  std::vector<std::string> examples_;
};

/// Checks the invariants. Sent records need the headers of record_maker.
[[nodiscard]] verdict judge(const run_record& run, const expectation& expected);

/// Whether a header is one that the product adds to a dead letter.
[[nodiscard]] bool is_error_header(std::string_view name);

} // namespace streamer::test

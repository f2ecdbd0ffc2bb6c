// What scripted handlers really did: one line an attempt's start and one its end, written by the
// test workers and read by the tests.
#pragma once

#include "messages/handler.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace streamer::test {

/// Appends to a journal file. Thread-safe, also between processes: each line is one write.
class journal_writer {
 public:
  explicit journal_writer(const std::string& path);
  journal_writer(const journal_writer&) = delete;
  journal_writer& operator=(const journal_writer&) = delete;
  ~journal_writer();

  void started(const record_view& record);
  /// `result`: success, retry, reject, or cancelled for an attempt whose outcome nobody wants.
  void finished(const record_view& record, std::string_view result);

 private:
  void write(const record_view& record, std::string_view what);
  int descriptor_;
};

/// One attempt at a record.
struct journal_attempt {
  std::int32_t partition = 0;
  std::int64_t offset = 0;
  std::string key;
  std::string tenant;
  std::uint32_t attempt = 0;
  int process = 0;
  std::int64_t started_ns = 0;      ///< monotonic clock, the same for all processes of the machine
  std::int64_t finished_ns = 0;     ///< 0: it never finished (killed, hanging)
  std::string result;               ///< empty: it never finished
  std::int64_t started_wall_ms = 0; ///< by the process's wall clock
};

/// The attempts of all processes that wrote to the file, in the order of their starts.
[[nodiscard]] std::vector<journal_attempt> read_journal(const std::filesystem::path& path);

/// The attempts per (partition, offset), in the order of their starts.
using attempts_by_record =
    std::map<std::pair<std::int32_t, std::int64_t>, std::vector<journal_attempt>>;
[[nodiscard]] attempts_by_record by_record(const std::vector<journal_attempt>& attempts);

/// Violations of the order of effects, each as one line: in one process, two attempts of one key at
/// the same time, or a later record of a key started before an earlier one had its last attempt.
/// `epochs`: monotonic times at which a process lost what it had and began anew; what was before
/// such a time and what is after it have no order.
[[nodiscard]] std::vector<std::string> order_violations(
    const std::vector<journal_attempt>& attempts,
    const std::map<int, std::vector<std::int64_t>>& epochs = {});

/// The monotonic clock as the journal has it.
[[nodiscard]] std::int64_t monotonic_ns();

/// The most of these attempts that ran at the same time.
[[nodiscard]] std::size_t most_at_once(const std::vector<journal_attempt>& attempts);

/// The most first attempts that began within any stretch of this length.
[[nodiscard]] std::size_t most_begun(const std::vector<journal_attempt>& attempts,
                                     std::chrono::nanoseconds length);

} // namespace streamer::test

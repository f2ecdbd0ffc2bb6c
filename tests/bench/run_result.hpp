// What the programs of scripts/bench share: the work on one record, and how a run is told.
#pragma once

#include <sys/resource.h>

#include <chrono>
#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <string>
#include <string_view>

namespace streamer::bench {

using clock = std::chrono::steady_clock;

/// The header that names the tenant, in every variant.
inline constexpr const char* tenant_header = "ce_tenantid";

/// Nothing comes any more: longer than a rebalance, shorter than a script's patience.
inline constexpr std::chrono::seconds patience{30};

/// Reads every byte of a value and where it belongs. Quick, so that what is measured is the way of
/// the record; sums of it do not depend on the order in which records come.
[[nodiscard]] inline std::uint64_t checksum(std::string_view value, std::string_view tenant) {
  constexpr std::uint64_t prime = 0x9e3779b97f4a7c15ULL;
  std::uint64_t sum = value.size();
  const auto mix = [&sum](std::uint64_t word) {
    sum = (sum ^ word) * prime;
    sum ^= sum >> 29U;
  };
  std::uint64_t word = 0;
  while (value.size() >= sizeof word) {
    std::memcpy(&word, value.data(), sizeof word);
    mix(word);
    value.remove_prefix(sizeof word);
  }
  word = 0;
  std::memcpy(&word, value.data(), value.size());
  mix(word);
  for (const char c : tenant) {
    mix(static_cast<unsigned char>(c));
  }
  return sum;
}

/// CPU time of the process so far, all threads.
[[nodiscard]] inline double cpu_seconds() {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  const auto seconds_of = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return seconds_of(used.ru_utime) + seconds_of(used.ru_stime);
}

/// Peak memory in KiB. Not getrusage's: that one has the memory of whoever started the program in
/// it.
[[nodiscard]] inline long peak_kib() {
  std::ifstream status{"/proc/self/status"};
  std::string line;
  while (std::getline(status, line)) {
    if (line.starts_with("VmHWM:")) {
      return std::strtol(line.c_str() + 6, nullptr, 10);
    }
  }
  return 0;
}

/// One run, from the first record to the last.
struct run_result {
  std::uint64_t records = 0;
  std::uint64_t checksum = 0;
  clock::time_point first;
  clock::time_point last;
  double first_cpu_s = 0; ///< CPU time when the first came
  double last_cpu_s = 0;  ///< when the last was done

  /// A record is here; call it before `checksum` and `records` are added to.
  void begins() {
    if (records == 0) {
      first = clock::now();
      first_cpu_s = cpu_seconds();
    }
  }
  /// All that was begun is done.
  void ends() {
    last = clock::now();
    last_cpu_s = cpu_seconds();
  }
};

/// For the script, which waits for it: the steady clock at which the first record came.
inline void print_first(clock::time_point at) {
  std::printf("first_ns=%" PRId64 "\n", static_cast<std::int64_t>(at.time_since_epoch().count()));
  std::fflush(stdout);
}

/// One line of `name=value` for the script; `cpu_s` is that of the whole process so far,
/// `run_cpu_s` from first to last record. `more` is put behind it.
inline void print_result(const run_result& result, const std::string& more = {}) {
  const auto seconds = std::chrono::duration<double>(result.last - result.first).count();
  std::printf("records=%" PRIu64 " checksum=%016" PRIx64
              " seconds=%.4f rate=%.0f cpu_s=%.3f run_cpu_s=%.3f rss_kib=%ld%s%s\n",
              result.records, result.checksum, seconds,
              seconds > 0 ? static_cast<double>(result.records) / seconds : 0.0, cpu_seconds(),
              result.last_cpu_s - result.first_cpu_s, peak_kib(), more.empty() ? "" : " ",
              more.c_str());
  std::fflush(stdout);
}

} // namespace streamer::bench

// What the programs of `scripts/bench drain` share: the work on one record, and how a run is told.
#pragma once

#include <sys/resource.h>

#include <chrono>
#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <string_view>

namespace streamer::bench {

using clock = std::chrono::steady_clock;

/// The header that names the tenant, in every variant.
inline constexpr const char* tenant_header = "ce_tenantid";

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

/// One run, from the first record to the last.
struct drain_result {
  std::uint64_t records = 0;
  std::uint64_t checksum = 0;
  clock::time_point first;
  clock::time_point last;
};

/// One line of `name=value` for the script. CPU time and memory are the process's so far.
inline void print_result(const drain_result& result) {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  const auto seconds_of = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  const auto seconds = std::chrono::duration<double>(result.last - result.first).count();
  std::printf("records=%" PRIu64 " checksum=%016" PRIx64
              " seconds=%.4f rate=%.0f cpu_s=%.2f rss_kib=%ld\n",
              result.records, result.checksum, seconds,
              seconds > 0 ? static_cast<double>(result.records) / seconds : 0.0,
              seconds_of(used.ru_utime) + seconds_of(used.ru_stime), used.ru_maxrss);
  std::fflush(stdout);
}

} // namespace streamer::bench

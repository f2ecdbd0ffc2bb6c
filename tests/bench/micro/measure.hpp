// Time and allocations of a rule by itself.
#pragma once

#include <catch2/benchmark/catch_benchmark.hpp>

#include <cstdint>
#include <cstdio>
#include <string>

namespace streamer::bench {

/// How many records a rule gets a call.
inline constexpr std::size_t batch_records = 1'000;

/// Calls of `operator new` in this process so far.
[[nodiscard]] std::uint64_t allocations();

/// Measures `work`, which handles `records` records a call and returns something that depends on
/// them. The allocations of a second call, when everything has its size, are told on stderr as
/// `name|records|allocations`; the time is Catch2's to tell.
template <class Work>
void measure(const std::string& name, std::size_t records, Work work) {
  static_cast<void>(work());
  const auto before = allocations();
  static_cast<void>(work());
  const auto made = allocations() - before;
  std::fprintf(stderr, "%s|%zu|%llu\n", name.c_str(), records,
               static_cast<unsigned long long>(made));
  BENCHMARK(std::string{name}) { return work(); };
}

} // namespace streamer::bench

// What threads that block can do at all: `threads` of them wait, one record after the other, with
// nothing else to do. The measure of the worker's blocking handlers.
//
//   bench_thread_waits THREADS RECORDS WAIT_US
#include "tests/bench/run_result.hpp"

#include <atomic>
#include <cstdlib>
#include <thread>
#include <vector>

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fputs("usage: bench_thread_waits THREADS RECORDS WAIT_US\n", stderr);
    return 2;
  }
  const auto count = std::strtoul(argv[1], nullptr, 10);
  const auto records = std::strtoll(argv[2], nullptr, 10);
  const std::chrono::microseconds wait{std::strtoll(argv[3], nullptr, 10)};
  streamer::bench::run_result done;
  done.begins();
  std::atomic<long long> left{records};
  std::vector<std::thread> threads;
  for (unsigned long i = 0; i < count; ++i) {
    threads.emplace_back([&left, wait] {
      while (left.fetch_sub(1) > 0) {
        std::this_thread::sleep_for(wait);
      }
    });
  }
  for (auto& thread : threads) {
    thread.join();
  }
  done.records = static_cast<std::uint64_t>(records);
  done.ends();
  print_result(done);
  return 0;
}

// The worker in `scripts/bench drain`: the product's own pipeline with its defaults, and a handler
// that does what the bare loop does.
//
//   drain_worker BOOTSTRAP TOPIC RECORDS [PROPERTY=VALUE …]
//
// PROPERTY is one of librdkafka's for the consumer. Ends by the orderly stop, which commits.
#include "runtime/system/worker.hpp"
#include "tests/bench/drain_task.hpp"

#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

namespace streamer::bench {
namespace {

constexpr std::size_t most_threads = 64;
constexpr std::chrono::milliseconds turn{1};
constexpr std::chrono::seconds patience{30};
constexpr std::chrono::milliseconds stop_time{20'000};

/// What one scheduler thread has done. A cache line each: to share one would be the handler's own
/// cost. Only its thread writes, so that no addition has to be atomic.
struct alignas(64) thread_tally {
  std::atomic<std::uint64_t> records{0};
  std::atomic<std::uint64_t> checksum{0};
  std::atomic<clock::rep> first{0};

  void add(std::uint64_t sum) {
    const auto before = records.load(std::memory_order_relaxed);
    if (before == 0) {
      first.store(clock::now().time_since_epoch().count(), std::memory_order_relaxed);
    }
    checksum.store(checksum.load(std::memory_order_relaxed) + sum, std::memory_order_relaxed);
    // Whoever sees the count sees the sum.
    records.store(before + 1, std::memory_order_release);
  }
};

std::array<thread_tally, most_threads> tallies;
std::atomic<std::size_t> threads{0};

outcome take(const record_view& record, emitter&) {
  thread_local thread_tally& mine = tallies.at(threads.fetch_add(1));
  mine.add(checksum(record.value().view(), record.tenant()));
  return outcome::success();
}

drain_result so_far() {
  drain_result result;
  auto first = clock::time_point::max();
  for (const auto& t : tallies) {
    if (const auto records = t.records.load(std::memory_order_acquire); records > 0) {
      result.records += records;
      result.checksum += t.checksum.load(std::memory_order_relaxed);
      first = std::min(first, clock::time_point{clock::duration{t.first.load()}});
    }
  }
  result.first = first;
  return result;
}

settings make_settings(const char* bootstrap, const char* topic) {
  settings made;
  made.kafka.bootstrap_servers = bootstrap;
  made.consumer.topics = {topic};
  made.consumer.group_id = std::string{topic} + ".worker." + std::to_string(::getpid());
  made.observability.metrics_addr = "127.0.0.1:0";
  made.admin.addr = "127.0.0.1:0";
  handler_settings handler;
  handler.kind = "checksum";
  made.handlers = {handler};
  return made;
}

// The end is seen within a turn, a thousandth of the run.
drain_result wait_for(std::uint64_t records) {
  auto result = so_far();
  auto moved = clock::now();
  for (;;) {
    const auto now = clock::now();
    const auto next = so_far();
    if (next.records != result.records) {
      moved = now;
    }
    result = next;
    if (result.records >= records || now - moved > patience) {
      result.last = moved;
      return result;
    }
    std::this_thread::sleep_for(turn);
  }
}

int run(const settings& config, std::uint64_t records) {
  handler_registry registry;
  registry.add_quick("checksum", take);
  const logger logs{{.level = log_level::warn, .json = false}};
  start_failure failure;
  const auto running = worker::start(config, registry, logs.with("streamer"), failure);
  if (!running) {
    std::fprintf(stderr, "%s\n", failure.what.c_str());
    return failure.exit_code;
  }
  static_cast<void>(wait_for(1));
  const auto result = wait_for(records);
  print_result(result);
  running->request_stop();
  const auto end = running->wait_for(stop_time);
  if (!end || end->exit_code != 0) {
    std::fprintf(stderr, "the worker did not stop cleanly: %s\n", end ? end->what.c_str() : "");
    return 1;
  }
  // Also what came again while the worker stopped.
  return so_far().records == records ? 0 : 1;
}

} // namespace
} // namespace streamer::bench

int main(int argc, char** argv) {
  if (argc < 4) {
    std::fputs("usage: drain_worker BOOTSTRAP TOPIC RECORDS [PROPERTY=VALUE ...]\n", stderr);
    return 2;
  }
  auto config = streamer::bench::make_settings(argv[1], argv[2]);
  for (int i = 4; i < argc; ++i) {
    const std::string property{argv[i]};
    const auto equals = property.find('=');
    const auto name = property.substr(0, equals);
    const auto value = equals == std::string::npos ? "" : property.substr(equals + 1);
    if (name == "runtime.state_dir") {
      config.runtime.state_dir = value;
    } else {
      config.consumer.properties[name] = value;
    }
  }
  return streamer::bench::run(config, std::strtoull(argv[3], nullptr, 10));
}

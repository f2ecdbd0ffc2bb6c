// The worker that scripts/bench measures: the product's own, with its defaults, and a handler that
// does what the bare loop does.
//
//   bench_worker BOOTSTRAP TOPIC handler=KIND records=N [name=value …] [section.key=VALUE …]
//   bench_worker BOOTSTRAP TOPIC do=serve handler=KIND [name=value …] [section.key=VALUE …]
//   bench_worker BOOTSTRAP TOPIC do=fetch-settings [section.key=VALUE …]
//
// Ends by the orderly stop, which commits: after so many records, or, serving, at SIGTERM. The
// kinds of handler are in worker_handlers.hpp; wait_us, threads, to and skip belong to them. Says
// `ready` when all partitions are being read. fetch-settings prints what the consumer's client is
// set to, for the bare loop beside it.
#include "config/load.hpp"
#include "runtime/kafka/client_config.hpp"
#include "runtime/system/worker.hpp"
#include "tests/bench/arguments.hpp"
#include "tests/bench/tally.hpp"
#include "tests/bench/worker_handlers.hpp"

#include <unistd.h>

#include <sstream>
#include <thread>

namespace streamer::bench {
namespace {

// How often the end is looked for: within a thousandth of a run, at a cost that does not show.
constexpr std::chrono::milliseconds turn{1};
constexpr std::chrono::milliseconds long_run_turn{20};
constexpr std::chrono::milliseconds stop_time{20'000};

settings make_settings(const arguments& given) {
  sources from;
  const auto put = [&from](const std::string& key, const std::string& value) {
    from.flags.push_back({key, value, "argument"});
  };
  put("kafka.bootstrap_servers", given.bootstrap());
  put("consumer.topics", given.topic());
  put("consumer.group_id", given.topic() + ".worker." + std::to_string(::getpid()));
  put("observability.metrics_addr", "127.0.0.1:0");
  put("observability.log_level", "warn");
  put("admin.addr", "127.0.0.1:0");
  for (const auto& [key, value] : given.dotted()) {
    put(key, value);
  }
  auto loaded = load(from);
  if (!loaded) {
    fail(to_string(loaded.problems.front()));
  }
  auto made = std::move(loaded.loaded->values);
  handler_settings handler;
  handler.kind = given.text("handler", "checksum");
  handler.concurrency = given.number("threads", handler.concurrency);
  handler.retry = made.retry;
  if (const auto to = given.text("to", ""); !to.empty()) {
    handler.options["to"] = to;
  }
  made.handlers = {handler};
  return made;
}

run_result wait_for(std::uint64_t records, std::chrono::milliseconds look) {
  auto result = tally::of_process().so_far();
  auto moved = clock::now();
  while (result.records < records && clock::now() - moved < patience) {
    std::this_thread::sleep_for(look);
    auto next = tally::of_process().so_far();
    if (next.records != result.records) {
      moved = clock::now();
    }
    result = next;
  }
  result.last = moved;
  return result;
}

// Records that are finished, outputs and all, as the metrics tell it.
std::uint64_t processed(const worker& running) {
  std::istringstream metrics{running.metrics_text()};
  double sum = 0;
  for (std::string line; std::getline(metrics, line);) {
    if (line.starts_with("streamer_records_total{") &&
        line.find("outcome=\"processed\"") != std::string::npos) {
      sum += std::strtod(line.c_str() + line.rfind(' '), nullptr);
    }
  }
  return static_cast<std::uint64_t>(sum);
}

void wait_for_outputs(const worker& running, std::uint64_t records) {
  const auto begun = clock::now();
  while (processed(running) < records && clock::now() - begun < patience) {
    std::this_thread::sleep_for(5 * turn);
  }
}

void tell_when_ready(const worker& running) {
  while (!running.reading()) {
    std::this_thread::sleep_for(turn);
  }
  std::puts("ready=1");
  std::fflush(stdout);
}

int run(const arguments& given, const settings& config, const handler_registry& registry,
        const log_handle& log, const latency_books& latencies) {
  const auto records = given.number("records", 0);
  start_failure failure;
  const auto running = worker::start(config, registry, log, failure);
  if (!running) {
    fail(failure.what);
  }
  if (given.text("handler", "") == "latency") {
    tell_when_ready(*running);
  }
  // From the first record that counts; without any that do not, the handler's own clock says when.
  const auto skip = given.number("skip", 0);
  const auto look = given.text("handler", "") == "latency" ? long_run_turn : turn;
  const auto first = wait_for(skip + 1, look);
  const auto first_cpu_s = cpu_seconds();
  auto result = wait_for(records, look);
  if (given.text("handler", "") == "forward") {
    wait_for_outputs(*running, records);
    result.last = clock::now();
  }
  result.last_cpu_s = cpu_seconds();
  result.first_cpu_s = first_cpu_s;
  if (skip > 0) {
    result.first = first.last;
  }
  print_result(result, given.text("handler", "") == "latency" ? latencies.text() : std::string{});
  running->request_stop();
  const auto end = running->wait_for(stop_time);
  if (!end || end->exit_code != 0) {
    fail("the worker did not stop cleanly: " + (end ? end->what : std::string{}));
  }
  // Also what came again while the worker stopped.
  return tally::of_process().so_far().records == records ? 0 : 1;
}

int serve(const settings& config, const handler_registry& registry, const log_handle& log) {
  const std::jthread told{[](const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      if (const auto seen = tally::of_process().so_far(); seen.records > 0) {
        print_first(seen.first);
        return;
      }
      std::this_thread::sleep_for(turn);
    }
  }};
  return run_worker(config, registry, {}, log);
}

int print_fetch_settings(const settings& config) {
  const auto conf = make_conf(config, client_role::reader);
  if (!conf) {
    fail(conf.error());
  }
  for (const auto* const name :
       {"queued.max.messages.kbytes", "queued.min.messages", "fetch.max.bytes",
        "fetch.message.max.bytes", "receive.message.max.bytes", "fetch.queue.backoff.ms",
        "fetch.wait.max.ms", "check.crcs", "isolation.level"}) {
    std::array<char, 64> value{};
    auto size = value.size();
    if (rd_kafka_conf_get(conf.value().get(), name, value.data(), &size) == RD_KAFKA_CONF_OK) {
      std::printf("%s=%s ", name, value.data());
    }
  }
  std::puts("");
  return 0;
}

} // namespace
} // namespace streamer::bench

int main(int argc, char** argv) {
  using namespace streamer;
  const bench::arguments given{argc, argv, "handler=KIND records=N [section.key=VALUE ...]"};
  const auto config = bench::make_settings(given);
  const auto what = given.text("do", "run");
  if (what == "fetch-settings") {
    return bench::print_fetch_settings(config);
  }
  const logger logs{{.level = log_level::warn, .json = false}};
  const auto log = logs.with("streamer");
  const auto latencies = std::make_shared<bench::latency_books>();
  handler_registry registry;
  bench::add_handlers(
      registry,
      {std::chrono::microseconds{given.number("wait_us", 1'000)}, given.number("skip", 0)}, log,
      latencies);
  return what == "serve" ? bench::serve(config, registry, log)
                         : bench::run(given, config, registry, log, *latencies);
}

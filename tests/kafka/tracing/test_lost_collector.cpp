// A collector that is away, refuses or hangs costs spans and nothing else.
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <filesystem>
#include <memory>
#include <string>

#include "tests/support/broker_fixture.hpp"
#include "tests/support/scenario.hpp"
#include "tests/support/trace_collector.hpp"

using namespace streamer::test;

TEST_CASE("No record and no stop waits for a collector") {
  constexpr std::uint64_t records = 3'000;
  const auto* how = GENERATE("away", "refuses", "hangs");
  CAPTURE(how);
  const scenario s{shared_broker(), {.partitions = 2, .dlq_partitions = 1}};
  std::unique_ptr<trace_collector> collector;
  if (std::string{how} != "away") {
    collector = std::make_unique<trace_collector>(
        std::string{how} == "hangs" ? collector_mood::hangs : collector_mood::refuses);
  }
  auto config = s.forward();
  config.text("observability.otlp_endpoint",
              collector ? collector->url() : "http://127.0.0.1:" + std::to_string(free_port()));
  config.value("observability.trace_sample_ratio", "1.0");
  worker w{s.directory(), "worker", config};
  w.wait_until_ready();
  ledger_producer producer{s.bootstrap, s.source};
  producer.run({.rate = 5'000}, records);
  producer.flush();
  s.wait_until_drained();
  // An attempt and an output each, and nobody has taken them: lost, or still in the queue.
  REQUIRE(w.log().wait_for("spans_dropped", 30s));
  const auto said = w.log().entries("spans_dropped").front();
  CHECK(said["exported"] == 0);
  // The queue may have run full before the first export has failed.
  CHECK((said["failed"] == 0 || !said["problem"].get<std::string>().empty()));
  CHECK(w.readiness() == 200);
  const auto page = w.metrics();
  CHECK(metric_sum(page, "streamer_trace_spans_total", {{"result", "exported"}}) == 0);
  CHECK(metric_sum(page, "streamer_trace_spans_total").value_or(0) > 0);
  // The drain has nothing to do: what is left is a flush of a second and an export of two.
  CHECK(w.stop(15s).code == 0);
  s.require_invariants(producer.sent());
  CHECK(w.log().entries("spans_dropped").size() == 1); // at most one a minute
  if (collector) {
    CHECK(collector->requests() > 0);
  }
}

TEST_CASE("A worker that is to trace and cannot says so and does not start") {
  const temporary_directory directory;
  const auto lonely = directory / "streamer";
  std::filesystem::copy_file(binary_path(worker_binary::product), lonely);
  process_options options;
  options.binary = lonely;
  options.arguments = {"--role", "consumer", "--set",
                       "observability.otlp_endpoint=http://127.0.0.1:4318"};
  options.directory = directory.path();
  options.output = directory / "lonely";
  const auto ended = run(options, 20s);
  CHECK(ended.status.code == 2);
  CHECK(ended.err.find("observability.otlp_endpoint is set") != std::string::npos);
  CHECK(ended.err.find("libstreamer_otlp.so") != std::string::npos);
}

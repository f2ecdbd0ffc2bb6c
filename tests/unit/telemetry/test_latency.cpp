#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <chrono>

#include "runtime/telemetry/latency.hpp"

using namespace streamer;
using namespace std::chrono_literals;

namespace {

double us(latency_recorder::microseconds latency) { return static_cast<double>(latency.count()); }

} // namespace

TEST_CASE("A recorder without records answers 0") {
  const latency_recorder recorder;
  CHECK(recorder.count() == 0);
  CHECK(recorder.percentile(99.0) == 0us);
  CHECK(recorder.lowest() == 0us);
  CHECK(recorder.highest() == 0us);
  CHECK(recorder.mean_us() == 0.0);
}

TEST_CASE("Percentiles are right to three digits") {
  latency_recorder recorder;
  for (int i = 1; i <= 10'000; ++i) {
    recorder.record(std::chrono::microseconds{i * 10});
  }
  CHECK(recorder.count() == 10'000);
  CHECK(us(recorder.percentile(50.0)) == Catch::Approx(50'000).epsilon(0.001));
  CHECK(us(recorder.percentile(99.0)) == Catch::Approx(99'000).epsilon(0.001));
  CHECK(us(recorder.percentile(99.9)) == Catch::Approx(99'900).epsilon(0.001));
  CHECK(us(recorder.percentile(100.0)) == Catch::Approx(100'000).epsilon(0.001));
  CHECK(recorder.percentile(1000.0) == recorder.percentile(100.0));
  CHECK(us(recorder.lowest()) == 10);
  CHECK(us(recorder.highest()) == Catch::Approx(100'000).epsilon(0.001));
  CHECK(recorder.mean_us() == Catch::Approx(50'005).epsilon(0.001));
}

TEST_CASE("A stall counts from the moment an event should have been sent") {
  latency_recorder recorder;
  const latency_recorder::clock::time_point start{10s};
  for (int i = 0; i < 100; ++i) {
    recorder.record(start + i * 10ms, start + 1s);
  }
  CHECK(us(recorder.percentile(50.0)) == Catch::Approx(500'000).epsilon(0.001));
  CHECK(us(recorder.highest()) == Catch::Approx(1'000'000).epsilon(0.001));
}

TEST_CASE("Latencies below nothing count as 0 and above an hour as an hour") {
  latency_recorder recorder;
  recorder.record(-5s);
  CHECK(recorder.highest() == 0us);
  recorder.record(48h);
  CHECK(recorder.count() == 2);
  CHECK(us(recorder.highest()) == Catch::Approx(3.6e9).epsilon(0.001));
}

TEST_CASE("Merged recorders answer as one, and a reset one is empty") {
  latency_recorder fast;
  latency_recorder slow;
  for (int i = 0; i < 900; ++i) {
    fast.record(1ms);
  }
  for (int i = 0; i < 100; ++i) {
    slow.record(1s);
  }
  fast.merge(slow);
  CHECK(fast.count() == 1000);
  CHECK(us(fast.percentile(90.0)) == Catch::Approx(1'000).epsilon(0.001));
  CHECK(us(fast.percentile(90.1)) == Catch::Approx(1'000'000).epsilon(0.001));
  CHECK(slow.count() == 100);
  fast.reset();
  CHECK(fast.count() == 0);
}

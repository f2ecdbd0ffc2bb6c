#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <limits>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "runtime/telemetry/telemetry.hpp"
#include "tests/unit/telemetry/exposition_text.hpp"

using namespace streamer;
using test::exposition_text;

TEST_CASE("A default constructed handle counts nothing and does no harm") {
  counter_ref{}.add(5);
  gauge_ref{}.set(5);
  gauge_ref{}.add(1);
  histogram_ref{}.observe(1.0);
  histogram_batch batch;
  batch.observe(1.0);
  batch.flush();
  CHECK(counter_ref{}.value() == 0);
  CHECK(gauge_ref{}.value() == 0.0);
  CHECK(histogram_ref{}.count() == 0);
}

TEST_CASE("The same labels give the same series, in whatever order they are named") {
  telemetry metrics;
  const auto versions = std::vector<label>{{"librdkafka", "2"}, {"version", "1"}, {"caf", "0"}};
  metrics.gauge(metric::build_info, versions).set(1);
  CHECK(metrics.gauge(metric::build_info, {{"version", "1"}, {"caf", "0"}, {"librdkafka", "2"}})
            .value() == 1.0);
  const exposition_text text{metrics.serialize()};
  CHECK(text.at("streamer_build_info", {{"version", "1"}, {"caf", "0"}, {"librdkafka", "2"}}) ==
        1.0);
}

TEST_CASE("Asking for a series that the catalogue does not have is refused") {
  telemetry metrics;
  using std::invalid_argument;
  CHECK_THROWS_AS(metrics.counter(metric::rebalances), invalid_argument);
  CHECK_THROWS_AS(metrics.counter(metric::rebalances, {{"sort", "assign"}}), invalid_argument);
  CHECK_THROWS_AS(metrics.counter(metric::rebalances, {{"kind", "assign"}, {"kind", "lost"}}),
                  invalid_argument);
  CHECK_THROWS_AS(metrics.gauge(metric::rebalances, {{"kind", "assign"}}), invalid_argument);
  CHECK_THROWS_AS(metrics.histogram(metric::assigned_partitions), invalid_argument);
  CHECK_THROWS_AS(metrics.counter(metric::tenant_received, {{"tenant", "a"}}), invalid_argument);
  CHECK_THROWS_AS(metrics.gauge(metric::records_pending, {{"topic", "a"}, {"partition", "0"}}),
                  invalid_argument);
}

TEST_CASE("Counters of several threads lose nothing") {
  telemetry metrics;
  const auto counter = metrics.counter(metric::outputs_produced);
  const auto histogram = metrics.histogram(metric::processing_duration);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([counter, histogram] {
      for (int i = 0; i < 10'000; ++i) {
        counter.add(3);
        histogram.observe(0.5);
      }
    });
  }
  for (auto& thread : threads) {
    thread.join();
  }
  CHECK(counter.value() == 120'000);
  CHECK(histogram.count() == 40'000);
  const exposition_text text{metrics.serialize()};
  CHECK(text.at("kafka_consumer_processing_duration_seconds_sum") == Catch::Approx(20'000.0));
}

TEST_CASE("A value equal to a bucket's bound falls into that bucket, a greater one does not") {
  telemetry metrics;
  const auto histogram = metrics.histogram(metric::producer_duration);
  histogram.observe(0.001);
  histogram.observe_n(0.0011, 4);
  histogram.observe(1e9);
  const exposition_text text{metrics.serialize()};
  const std::string name{"kafka_producer_duration_seconds"};
  CHECK(text.at(name + "_bucket", {{"le", "0.0005"}}) == 0);
  CHECK(text.at(name + "_bucket", {{"le", "0.001"}}) == 1);
  CHECK(text.at(name + "_bucket", {{"le", "0.0025"}}) == 5);
  CHECK(text.at(name + "_bucket", {{"le", "30"}}) == 5);
  CHECK(text.at(name + "_bucket", {{"le", "+Inf"}}) == 6);
  CHECK(text.at(name + "_count") == 6);
}

TEST_CASE("A negative duration and one that is no number count as 0") {
  telemetry metrics;
  const auto histogram = metrics.histogram(metric::end_to_end_duration);
  histogram.observe(-5.0);
  histogram.observe(std::numeric_limits<double>::quiet_NaN());
  const exposition_text text{metrics.serialize()};
  CHECK(text.at("streamer_end_to_end_duration_seconds_bucket", {{"le", "0.001"}}) == 2);
  CHECK(text.at("streamer_end_to_end_duration_seconds_sum") == 0.0);
}

TEST_CASE("A batch of observations shows when it is flushed, and once") {
  telemetry metrics;
  const auto histogram = metrics.histogram(metric::processing_duration);
  histogram_batch batch{histogram};
  for (int i = 0; i < 100; ++i) {
    batch.observe(i < 90 ? 0.002 : 4.0);
  }
  CHECK(histogram.count() == 0);
  batch.flush();
  batch.flush();
  const exposition_text text{metrics.serialize()};
  const std::string name{"kafka_consumer_processing_duration_seconds"};
  CHECK(text.at(name + "_bucket", {{"le", "0.0025"}}) == 90);
  CHECK(text.at(name + "_bucket", {{"le", "5"}}) == 100);
  CHECK(text.at(name + "_count") == 100);
  CHECK(text.at(name + "_sum") == Catch::Approx(90 * 0.002 + 40.0));
}

#include "tests/support/http_probe.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace streamer::test;

TEST_CASE("A metrics page is read with labels, escapes and comments") {
  const auto samples = parse_metrics(
      "# HELP a_total text\n# TYPE a_total counter\n"
      "a_total{topic=\"t, {x}\",partition=\"0\"} 3\n"
      "a_total{topic=\"say \\\"hi\\\"\",partition=\"1\"} 4.5\n"
      "b 1e3\n");
  REQUIRE(samples.size() == 3);
  CHECK(samples[0].labels.at("topic") == "t, {x}");
  CHECK(samples[1].labels.at("topic") == "say \"hi\"");
  CHECK(metric_sum(samples, "a_total") == 7.5);
  CHECK(metric_sum(samples, "a_total", {{"partition", "1"}}) == 4.5);
  CHECK(metric_sum(samples, "b") == 1000);
  CHECK_FALSE(metric_sum(samples, "c"));
}

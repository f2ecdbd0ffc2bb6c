#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <chrono>
#include <cmath>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tools/load_test/load_event.hpp"
#include "tools/load_test/schedule.hpp"
#include "tools/load_test/zipf.hpp"

namespace streamer::tools {
namespace {

using namespace std::chrono_literals;

TEST_CASE("a steady load intends its events at even distances") {
  const send_schedule plan{1000, 2s};
  CHECK(plan.total() == 2000);
  CHECK(plan.intended_us(0) == 0);
  CHECK(plan.intended_us(1) == 1000);
  CHECK(plan.intended_us(1999) == 1'999'000);
}

TEST_CASE("the first event is due at once, the last before the end, and none after it") {
  const send_schedule plan{10, 1s};
  CHECK(plan.due(-1) == 0);
  CHECK(plan.due(0) == 1);
  CHECK(plan.due(99'999) == 1);
  CHECK(plan.due(100'000) == 2);
  CHECK(plan.due(900'000) == 10);
  CHECK(plan.due(60'000'000) == 10);
}

TEST_CASE("due and intended agree for rates that no decimal holds") {
  for (const double rate : {3.0, 7.0, 333.0, 20'000.0, 123'456.7}) {
    const send_schedule plan{rate, 3s};
    for (std::uint64_t i = 0; i < plan.total(); i += 1 + plan.total() / 997) {
      CHECK(plan.due(plan.intended_us(i)) >= i + 1);
      if (plan.intended_us(i) > 0) CHECK(plan.due(plan.intended_us(i) - 1) <= i);
    }
    CHECK(plan.intended_us(plan.total() - 1) < 3'000'000);
    CHECK(plan.intended_us(plan.total()) >= 3'000'000);
  }
}

TEST_CASE("a burst holds the rate while it is on and intends nothing while it is off") {
  const send_schedule plan{100, 10s, burst_pattern{1s, 4s}};
  CHECK(plan.total() == 200);
  CHECK(plan.intended_us(99) == 990'000);
  CHECK(plan.intended_us(100) == 5'000'000);
  CHECK(plan.due(4'999'999) == 100);
  CHECK(plan.due(5'000'000) == 101);
}

TEST_CASE("a burst pattern is two decimals, the first above zero") {
  CHECK(parse_burst("1:4")->off == 4s);
  CHECK(parse_burst("0.5:2")->on == 500ms);
  CHECK(parse_burst("1:0"));
  for (const auto* text : {"", "1", "0:1", ":1", "1:", "-1:1", "1:-1", "1:2:3", "a:b", "1e3:1",
                           "nan:1", "inf:1", "99999999:1"}) {
    INFO(text);
    CHECK_FALSE(parse_burst(text));
  }
}

std::vector<double> frequencies(std::uint64_t n, double exponent, int draws) {
  const zipf distribution{n, exponent};
  random_source random{7};
  std::vector<double> counts(n);
  for (int i = 0; i < draws; ++i) {
    const auto rank = distribution(random);
    REQUIRE(rank < n);
    counts[rank] += 1.0 / draws;
  }
  return counts;
}

TEST_CASE("zipf draws rank k with a probability proportional to 1 / (k + 1) ^ s") {
  for (const double exponent : {0.5, 0.99, 1.0, 1.000000001, 2.0}) {
    const auto drawn = frequencies(10, exponent, 400'000);
    double sum = 0;
    for (int k = 1; k <= 10; ++k)
      sum += std::pow(k, -exponent);
    for (std::size_t k = 0; k < 10; ++k) {
      INFO("exponent " << exponent << " rank " << k);
      const double expected = std::pow(static_cast<double>(k + 1), -exponent) / sum;
      CHECK(drawn[k] == Catch::Approx(expected).margin(0.004));
    }
  }
}

TEST_CASE("a zipf exponent of zero is the uniform distribution, and one key is always the same") {
  for (const double share : frequencies(5, 0, 100'000)) {
    CHECK(share == Catch::Approx(0.2).margin(0.01));
  }
  CHECK(frequencies(1, 0.99, 10)[0] == Catch::Approx(1.0));
}

TEST_CASE("a mark can be read again") {
  const load_mark mark{0xFFFFFFFFFFFFFFFFULL, 4294967295U, 1ULL << 40U, 1'234'567};
  CHECK(parse_mark(format_mark(mark)) == mark);
  for (const auto* text : {"", "1", "1.2.3", "1.2.3.", "1.2.3.4.5", "1.2.3.4 ", "a.2.3.4", "1..3.4",
                           "1.99999999999.3.4", "-1.2.3.4"}) {
    INFO(text);
    CHECK_FALSE(parse_mark(text));
  }
}

TEST_CASE("a payload is JSON of exactly the asked size") {
  for (const std::size_t bytes : {2U, 3U, 10U, 11U, 12U, 200U, 10'000U}) {
    const auto payload = load_payload(bytes, bytes);
    INFO(bytes);
    CHECK(payload.size() == bytes);
    CHECK(nlohmann::json::accept(payload));
  }
  CHECK(load_payload(0, 1) == "{}");
  CHECK(load_payload(100, 1) != load_payload(100, 2));
}

TEST_CASE("lanes go round the tenants, and each has a key of its own") {
  CHECK(lane_tenant(0, 3) == "tenant-1");
  CHECK(lane_tenant(5, 3) == "tenant-3");
  CHECK(lane_key(42) == "key-0000042");
  CHECK(lane_key(4'000'000'000U) == "key-4000000000");
}

} // namespace
} // namespace streamer::tools

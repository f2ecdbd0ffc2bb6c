// When failures are an outage and not poison, and when the outage is over.
#include "actors/retry/dlq_guard.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include <chrono>
#include <random>
#include <string>

namespace streamer {
namespace {

using std::chrono::milliseconds;
using instant = dlq_guard::clock::time_point;

instant at_ms(std::int64_t ms) { return instant{} + milliseconds{ms}; }

// A worker's records, one by one, as the guard hears of them.
class stream {
 public:
  explicit stream(std::size_t tenants_at_work, guard_limits limits = {})
      : guard{limits}, tenants_{tenants_at_work} {}

  void succeed(std::uint64_t records = 1) { successes_ += records; }
  // True: held.
  bool fail(std::uint64_t tenant, const std::string& how = "timeout") {
    guard.observe(successes_, 0, tenants_);
    const bool held = guard.holds(at_ms(now_ms), tenant, how);
    dead += held ? 0 : 1;
    return held;
  }
  bool others_succeed() {
    guard.observe(successes_, 0, tenants_);
    return guard.resume_if_others_succeed(at_ms(now_ms));
  }
  // Failures of many tenants until it holds; how many it took.
  std::size_t go_down() {
    for (std::uint64_t i = 0; i < 1'000; ++i) {
      if (fail(i % tenants_)) {
        return i + 1;
      }
    }
    return 1'000;
  }

  dlq_guard guard;
  std::int64_t now_ms = 0;
  std::size_t dead = 0;

 private:
  std::size_t tenants_;
  std::uint64_t successes_ = 0;
};

TEST_CASE("How many tenants make an outage") {
  CHECK(tenants_of_an_outage(0, 0.5) > 0);
  CHECK(tenants_of_an_outage(1, 0.5) > 1);
  CHECK(tenants_of_an_outage(2, 0.5) == 2);
  CHECK(tenants_of_an_outage(3, 0.5) == 3);
  CHECK(tenants_of_an_outage(4, 0.5) == 3);
  CHECK(tenants_of_an_outage(8, 0.5) == 4);
  CHECK(tenants_of_an_outage(1'000, 0.5) == 5);
  CHECK(tenants_of_an_outage(4, 1.0) == 4);
  CHECK(tenants_of_an_outage(1'000, 0.001) == 3);
}

TEST_CASE("Only what may come from behind a handler is taken for an outage") {
  for (const auto cause : {failure_class::handler, failure_class::exception, failure_class::timeout,
                           failure_class::output_refused, failure_class::abandoned}) {
    CHECK(may_be_an_outage(cause));
  }
  for (const auto cause :
       {failure_class::none, failure_class::handler_restart, failure_class::unmatched,
        failure_class::undecodable, failure_class::overflow}) {
    CHECK_FALSE(may_be_an_outage(cause));
  }
}

TEST_CASE("An outage trips the guard within a sample's records, and is told once") {
  const auto tenants = GENERATE(2U, 3U, 5U, 8U, 100U);
  CAPTURE(tenants);
  stream s{tenants};
  s.succeed(1'000'000);
  s.fail(0);
  const auto took = s.go_down();
  CHECK(took <= 2 * guard_limits{}.sample);
  CHECK(s.dead <= 2 * guard_limits{}.sample);
  const auto alarm = s.guard.take_alarm();
  REQUIRE(alarm);
  CHECK(alarm->failure == "timeout");
  CHECK(alarm->share >= 0.5);
  CHECK(alarm->tenants >= 2);
  CHECK(s.fail(0));
  CHECK_FALSE(s.guard.take_alarm());
}

TEST_CASE("One tenant, however much of it fails, is poison") {
  const auto at_work = GENERATE(1U, 2U, 3U, 50U);
  stream s{at_work};
  for (int i = 0; i < 10'000; ++i) {
    REQUIRE_FALSE(s.fail(7));
  }
  CHECK(s.dead == 10'000);
}

TEST_CASE("A burst of failures with few successes is suspected, whoever fails") {
  stream s{5};
  for (std::size_t i = 0; i + 1 < guard_limits{}.sample; ++i) {
    s.fail(7);
    CHECK_FALSE(s.guard.suspects());
  }
  s.fail(7);
  CHECK(s.guard.suspects());
  s.succeed(30);
  s.fail(7);
  CHECK_FALSE(s.guard.suspects());

  stream alone{1};
  for (int i = 0; i < 1'000; ++i) {
    alone.fail(7);
    REQUIRE_FALSE(alone.guard.suspects());
  }
  stream down{5};
  down.go_down();
  CHECK_FALSE(down.guard.suspects()); // it holds
}

TEST_CASE("Failures of different kinds are not one outage") {
  stream s{8};
  for (std::uint64_t i = 0; i < 1'000; ++i) {
    REQUIRE_FALSE(s.fail(i % 8, "kind " + std::to_string(i % 3)));
  }
}

TEST_CASE("Little traffic trips nothing: too few failures, or too far apart") {
  stream s{8};
  for (std::uint64_t i = 0; i + 1 < guard_limits{}.sample; ++i) {
    REQUIRE_FALSE(s.fail(i % 8));
  }
  stream slow{8};
  for (std::uint64_t i = 0; i < 1'000; ++i) {
    slow.now_ms += 4'000;
    REQUIRE_FALSE(slow.fail(i % 8));
  }
}

TEST_CASE("Successes that come in one message with failures are counted beside them") {
  dlq_guard together{{}};
  std::uint64_t successes = 0;
  for (std::uint64_t i = 0; i < 100; ++i) {
    successes += 30;
    together.observe(successes, 30, 5);
    for (int n = 0; n < 10; ++n) {
      REQUIRE_FALSE(together.holds(at_ms(0), i % 5, "timeout"));
    }
  }
}

// Any mix of tenants and any order: as long as clearly less than the share fails, or only two
// of many tenants do, nothing is ever held.
TEST_CASE("Poison among records that succeed never trips, in any mix") {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    std::mt19937_64 random{seed};
    const auto tenants = 3 + random() % 20;
    const bool few = random() % 2 == 0;
    const auto percent = few ? 20 + random() % 60 : random() % 20;
    stream s{tenants};
    for (int i = 0; i < 3'000; ++i) {
      s.now_ms += static_cast<std::int64_t>(random() % 50);
      const auto tenant = random() % tenants;
      const bool poison = random() % 100 < percent && (!few || tenant < 2);
      if (poison) {
        CAPTURE(seed, tenants, few, percent, i);
        REQUIRE_FALSE(s.fail(tenant));
      } else {
        s.succeed();
      }
    }
  }
}

TEST_CASE("Whatever went before, an outage of all tenants is held within a few samples") {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    std::mt19937_64 random{seed};
    const auto tenants = 2 + random() % 30;
    stream s{tenants};
    for (int i = 0; i < 1'000; ++i) {
      s.now_ms += static_cast<std::int64_t>(random() % 50);
      if (random() % 100 < 10) {
        REQUIRE_FALSE(s.fail(random() % tenants));
      } else {
        s.succeed();
      }
    }
    s.dead = 0;
    bool held = false;
    for (int i = 0; i < 200 && !held; ++i) {
      s.now_ms += 5;
      held = s.fail(random() % tenants, "the backend is down");
    }
    CAPTURE(seed, tenants, s.dead);
    CHECK(held);
    CHECK(s.dead <= 4 * guard_limits{}.sample);
  }
}

TEST_CASE("Probes come one at a time, rarer while they fail, and some in a row end the holding") {
  stream s{8};
  s.go_down();
  auto& g = s.guard;
  CHECK_FALSE(g.probe_due(at_ms(999)));
  REQUIRE(g.probe_due(at_ms(1'000)));
  g.probe_started();
  CHECK_FALSE(g.probe_due(at_ms(100'000)));
  g.probe_failed(at_ms(1'000));
  CHECK_FALSE(g.probe_due(at_ms(2'999)));
  CHECK(g.probe_due(at_ms(3'000)));
  for (int i = 0; i < 20; ++i) {
    g.probe_started();
    g.probe_failed(at_ms(3'000));
  }
  CHECK_FALSE(g.probe_due(at_ms(12'999)));
  CHECK(g.probe_due(at_ms(13'000)));

  g.probe_started();
  g.probe_succeeded(at_ms(13'000));
  CHECK(g.probe_due(at_ms(13'000)));
  g.probe_started();
  g.probe_succeeded(at_ms(13'100));
  CHECK(g.holding());
  g.probe_started();
  g.probe_failed(at_ms(13'200)); // in a row, or not at all
  for (int i = 0; i < 3; ++i) {
    CHECK(g.holding());
    g.probe_started();
    g.probe_succeeded(at_ms(20'000));
  }
  CHECK_FALSE(g.holding());
  CHECK_FALSE(g.probe_due(at_ms(100'000)));
}

TEST_CASE("A probe whose partition left makes room for another") {
  stream s{3};
  s.go_down();
  s.guard.probe_started();
  s.guard.probe_lost();
  CHECK(s.guard.probe_due(at_ms(1'000)));
}

TEST_CASE("It stops holding when the others succeed, at a lower share than the one that trips") {
  stream s{8};
  s.go_down();
  CHECK_FALSE(s.others_succeed());
  // As many successes as failures: a partial outage is one.
  for (std::uint64_t i = 0; i < 200; ++i) {
    s.succeed();
    CHECK(s.fail(i % 8));
    CHECK_FALSE(s.others_succeed());
  }
  s.succeed(20);
  CHECK_FALSE(s.others_succeed());
  s.succeed(40);
  CHECK(s.others_succeed());
  CHECK_FALSE(s.guard.holding());
  CHECK_FALSE(s.others_succeed());
  // What tripped it before is forgotten.
  for (std::uint64_t i = 0; i + 1 < guard_limits{}.sample; ++i) {
    CHECK_FALSE(s.fail(i % 8));
  }
}

} // namespace
} // namespace streamer

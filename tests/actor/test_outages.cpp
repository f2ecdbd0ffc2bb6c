// Failures of many tenants at once: the DLQ guard holds, probes, and lets go.
#include "tests/actor/worker_tree.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include <map>
#include <memory>
#include <string>

using namespace streamer;
using namespace streamer::test;

namespace {

constexpr int tenant_count = 5;

// What the handlers need, up or down.
struct backend {
  bool up = true;
};

struct outage_plan : quick_plan {
  explicit outage_plan(const std::shared_ptr<backend>& needed, bool rejects = false)
      : quick_plan{[needed, rejects](const record_view& r, emitter&) -> outcome {
          if (r.key().view().starts_with("poison")) {
            return outcome::reject("never");
          }
          if (needed->up) {
            return outcome::success();
          }
          return rejects ? outcome::reject("refused") : outcome::retry("no answer");
        }} {
    retry.max_attempts = 3;
  }
};

std::string tenant(int i) { return "tenant-" + std::to_string(i); }

// `rounds` records of each tenant, spread over the partitions, each with a key of its own.
int append(virtual_worker& w, int rounds, const std::vector<topic_partition>& partitions) {
  static int key = 0;
  int appended = 0;
  for (int round = 0; round < rounds; ++round) {
    for (int t = 0; t < tenant_count; ++t) {
      const auto& tp = partitions[static_cast<std::size_t>(t) % partitions.size()];
      w.source->append(tp, record_of("key-" + std::to_string(key++), {}, tenant(t)));
      ++appended;
    }
  }
  return appended;
}

std::size_t dead_in(const virtual_worker& w) {
  return w.dead_letters(part(0)).size() + w.dead_letters(part(1)).size();
}

double gauge(virtual_worker& w, metric id) { return w.metrics->gauge(id).value(); }

} // namespace

TEST_CASE("In an outage few records are dead-lettered; the others are processed after it",
          "[outage]") {
  const bool rejects = GENERATE(false, true);
  const auto needed = std::make_shared<backend>();
  outage_plan plan{needed, rejects};
  virtual_worker w{plan};
  const std::vector<topic_partition> parts{part(0), part(1)};
  int all = append(w, 20, parts);
  w.assign(parts);
  w.pass(milliseconds{1'500});
  REQUIRE(w.drained(parts));

  needed->up = false;
  all += append(w, 100, parts);
  REQUIRE(w.pass_until([&] { return w.dlq_waiting->guard_holds.load(); }));
  w.pass(milliseconds{60'000});
  const auto dead = dead_in(w);
  // What fails first is dead-lettered; the rest waits for what the other tenants do.
  CHECK(dead <= 40);
  CHECK(gauge(w, metric::dlq_guard_holding) == 1);
  CHECK(gauge(w, metric::dlq_guard_held_records) == 500 - static_cast<double>(dead));
  CHECK(w.metrics->counter(metric::dlq_guard_trips).value() == 1);
  const auto probes = w.metrics->counter(metric::dlq_guard_probes, {{"result", "failed"}}).value();
  CHECK(probes >= 5);
  CHECK(probes <= 12);
  CHECK(w.credit->held_records() == 500 - static_cast<std::int64_t>(dead));
  CHECK_FALSE(w.drained(parts));

  needed->up = true;
  REQUIRE(w.pass_until([&] { return w.drained(parts); }));
  CHECK_FALSE(w.dlq_waiting->guard_holds.load());
  CHECK(dead_in(w) == dead);
  CHECK(w.notes->count(step::succeeded) == static_cast<std::size_t>(all) - dead);
  CHECK(w.metrics->counter(metric::dlq_guard_probes, {{"result", "ok"}}).value() == 3);
  CHECK(gauge(w, metric::dlq_guard_held_records) == 0);
  CHECK(w.credit->held_records() == 0);
  CHECK(w.violations.empty());
}

TEST_CASE("One tenant that is all poison is dead-lettered to the last record", "[outage]") {
  const auto needed = std::make_shared<backend>();
  outage_plan plan{needed};
  virtual_worker w{plan};
  const std::vector<topic_partition> parts{part(0), part(1)};
  const int alone = GENERATE(0, 10);
  append(w, alone, parts);
  for (int i = 0; i < 300; ++i) {
    w.source->append(part(i % 2), record_of("poison", {}, tenant(0)));
  }
  w.assign(parts);
  REQUIRE(w.pass_until([&] { return w.drained(parts); }));
  CHECK(dead_in(w) == 300);
  CHECK(w.metrics->counter(metric::dlq_guard_trips).value() == 0);
}

TEST_CASE("Poison of many tenants that trips the guard is dead-lettered once others succeed",
          "[outage]") {
  const auto needed = std::make_shared<backend>();
  outage_plan plan{needed};
  virtual_worker w{plan};
  const std::vector<topic_partition> parts{part(0), part(1)};
  constexpr int poison = 60;
  for (int i = 0; i < poison; ++i) {
    w.source->append(part(i % 2), record_of("poison-" + std::to_string(i), {}, tenant(i % 5)));
  }
  w.assign(parts);
  REQUIRE(w.pass_until([&] { return w.dlq_waiting->guard_holds.load(); }));
  w.pass(milliseconds{5'000});
  REQUIRE(dead_in(w) < poison);
  append(w, 20, parts);
  // Nothing comes after these: what is left is poison alone, and nothing tells it from an outage
  // any more.
  REQUIRE(w.pass_until([&] { return w.drained(parts); }));
  CHECK(dead_in(w) == poison);
  CHECK(gauge(w, metric::dlq_guard_held_records) == 0);
  CHECK_FALSE(w.dlq_waiting->guard_holds.load());
  CHECK(w.violations.empty());
}

TEST_CASE("Switched off, the guard lets everything through", "[outage]") {
  const auto needed = std::make_shared<backend>();
  outage_plan plan{needed};
  plan.dlq.guard = guard_kind::off;
  virtual_worker w{plan};
  needed->up = false;
  append(w, 100, {part(0)});
  w.assign({part(0)});
  REQUIRE(w.pass_until([&] { return w.drained({part(0)}); }));
  CHECK(dead_in(w) == 500);
}

TEST_CASE("A stop while the guard holds is quick and clean, and nothing held has lost an attempt",
          "[outage]") {
  const auto needed = std::make_shared<backend>();
  outage_plan plan{needed};
  virtual_worker w{plan};
  needed->up = false;
  append(w, 100, {part(0)});
  w.assign({part(0)});
  REQUIRE(w.pass_until([&] { return w.dlq_waiting->guard_holds.load(); }));
  w.pass(milliseconds{5'000});
  const auto dead = dead_in(w);
  w.request_stop();
  REQUIRE(w.pass_until([&] { return w.end().has_value(); }, milliseconds{1'000}));
  CHECK(w.end()->exit_code == 0);
  CHECK(dead_in(w) == dead);
  const auto said = w.committed_metadata(part(0));
  CHECK(said.failing.size() + dead + static_cast<std::size_t>(w.committed(part(0))) >= 500);
  for (const auto& f : said.failing) {
    CHECK(f.attempts < plan.retry.max_attempts);
  }
  CHECK_FALSE(w.dlq_waiting->guard_holds.load());
}

TEST_CASE("What was held goes on in the next ownership, without a dead letter", "[outage]") {
  const auto needed = std::make_shared<backend>();
  outage_plan plan{needed};
  virtual_worker w{plan};
  needed->up = false;
  append(w, 100, {part(0)});
  w.assign({part(0)});
  REQUIRE(w.pass_until([&] { return w.dlq_waiting->guard_holds.load(); }));
  w.pass(milliseconds{5'000});
  const auto dead = dead_in(w);
  w.source->revoke({part(0)});
  w.settle();
  REQUIRE_FALSE(w.source->epoch_of(part(0)));
  CHECK(gauge(w, metric::dlq_guard_held_records) == 0);
  needed->up = true;
  w.assign({part(0)});
  REQUIRE(w.pass_until([&] { return w.drained({part(0)}); }));
  CHECK(dead_in(w) == dead);
  CHECK(w.violations.empty());
}

TEST_CASE("Actors that die while the guard holds lose nothing", "[outage]") {
  const auto* victim = GENERATE("retry_supervisor", "handler", "tenant_supervisor",
                                "dlq_supervisor", "partition_consumer");
  CAPTURE(victim);
  const auto needed = std::make_shared<backend>();
  outage_plan plan{needed};
  virtual_worker w{plan};
  const std::vector<topic_partition> parts{part(0), part(1)};
  needed->up = false;
  append(w, 100, parts);
  w.assign(parts);
  REQUIRE(w.pass_until([&] { return w.dlq_waiting->guard_holds.load(); }));
  w.pass(milliseconds{3'000});
  w.kill(victim);
  w.pass(milliseconds{20'000});
  const auto dead = dead_in(w);
  CHECK(dead <= 80); // a new retry supervisor begins anew
  needed->up = true;
  REQUIRE(w.pass_until([&] { return w.drained(parts); }));
  for (const auto& tp : parts) {
    for (const auto& r : w.source->log_of(tp)) {
      CHECK(w.finished(tp, r.offset));
    }
  }
  CHECK(w.violations.empty());
}

TEST_CASE("Order within a key outlives an outage", "[outage]") {
  const auto needed = std::make_shared<backend>();
  outage_plan plan{needed};
  virtual_worker w{plan};
  w.shuffle(11);
  needed->up = false;
  for (int i = 0; i < 200; ++i) {
    w.source->append(part(0), record_of("key-" + std::to_string(i % 40), {}, tenant(i % 5)));
  }
  w.assign({part(0)});
  w.pass(milliseconds{20'000});
  needed->up = true;
  REQUIRE(w.pass_until([&] { return w.drained({part(0)}); }));
  std::map<std::string, std::int64_t> last;
  for (const auto& n : w.notes->notes()) {
    if (n.what == step::succeeded) {
      auto& before = last.try_emplace(n.tenant + n.key, -1).first->second;
      CHECK(n.offset.value() > before);
      before = n.offset.value();
    }
  }
}

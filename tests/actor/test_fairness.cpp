// Tenants of one partition beside one that floods it, or has limits.
#include "tests/actor/worker_tree.hpp"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <deque>
#include <map>
#include <random>

using namespace streamer;
using namespace streamer::test;

namespace {

// What is behind the handlers of all tenants: takes calls in the order in which they come, so many
// in ten milliseconds.
class slow_service {
 public:
  explicit slow_service(std::shared_ptr<held_handler> handler) : handler_{std::move(handler)} {}

  void serve(int calls) {
    for (auto& d : handler_->take_all()) {
      queue_.push_back(std::move(d));
    }
    for (; calls > 0 && !queue_.empty(); --calls) {
      const std::string tenant{queue_.front().record().tenant()};
      done[tenant] += handler_->finish(queue_.front(), outcome::success()) ? 1 : 0;
      queue_.pop_front();
    }
  }

  std::map<std::string, int> done;

 private:
  std::shared_ptr<held_handler> handler_;
  std::deque<delivery> queue_;
};

struct fair_plan : held_plan {
  fair_plan() {
    consumer.max_in_flight = 2'000;
    tenants.share = 0.9;
  }
};

void put(virtual_worker& w, const std::string& tenant, int count) {
  static int key = 0;
  for (int i = 0; i < count; ++i) {
    w.source->append(part(0), record_of("k" + std::to_string(++key), {}, tenant));
  }
}

std::size_t begun(virtual_worker& w, const std::string& tenant) {
  return w.notes->count_tenant(step::began, tenant);
}

} // namespace

TEST_CASE("a tenant that floods its partition leaves the others their rate", "[fairness]") {
  fair_plan plan;
  virtual_worker w{plan};
  w.assign({part(0)});
  slow_service service{plan.handler};
  int sent = 0;
  // 5 tenants at 100/s each and one at ten times as much, beside a service of 1,000/s.
  for (int step = 0; step < 300; ++step) {
    put(w, "flood", 10);
    for (const auto* const tenant : {"a", "b", "c", "d", "e"}) {
      put(w, tenant, 1);
    }
    ++sent;
    w.pass(milliseconds{10});
    service.serve(10);
  }
  for (const auto* const tenant : {"a", "b", "c", "d", "e"}) {
    CAPTURE(tenant);
    // What is missing stands in the service's queue, which is half of the window at most.
    CHECK(service.done[tenant] >= sent * 65 / 100);
  }
  const auto before = service.done;
  for (int step = 0; step < 100; ++step) {
    for (const auto* const tenant : {"a", "b", "c", "d", "e"}) {
      put(w, tenant, 1);
    }
    w.pass(milliseconds{10});
    service.serve(10);
  }
  for (const auto* const tenant : {"a", "b", "c", "d", "e"}) {
    CAPTURE(tenant);
    CHECK(service.done[tenant] - before.at(tenant) >= 95);
  }
  CHECK(w.pass_until([&] {
    service.serve(100);
    return w.drained({part(0)});
  }));
  CHECK(w.credit->held_records() == 0);
  CHECK(w.violations.empty());
}

TEST_CASE("a tenant's weight is its share of what handlers do", "[fairness]") {
  fair_plan plan;
  plan.consumer.max_in_flight = 1'000;
  plan.tenants.limits["heavy"] = {3.0, 0, 0};
  virtual_worker w{plan};
  for (int i = 0; i < 4'000; ++i) {
    put(w, i % 2 == 0 ? "heavy" : "light", 1);
  }
  w.assign({part(0)});
  slow_service service{plan.handler};
  const auto step = [&] {
    w.pass(milliseconds{10});
    service.serve(5);
  };
  // The first window was handed out before anybody knew that the handlers are slow.
  for (int i = 0; i < 205; ++i) {
    step();
  }
  const auto before = service.done;
  for (int i = 0; i < 40; ++i) {
    step();
  }
  const auto heavy = service.done["heavy"] - before.at("heavy");
  const auto light = service.done["light"] - before.at("light");
  INFO("heavy " << heavy << ", light " << light);
  CHECK(heavy + light == 200);
  CHECK(heavy >= 2 * light);
  CHECK(w.violations.empty());
}

TEST_CASE("a tenant's rate holds, and nobody else waits for it", "[fairness]") {
  fair_plan plan;
  plan.tenants.limits["slow"] = {1.0, 0, 20.0};
  plan.handler->at_once = [](const record_view&) { return std::optional{outcome::success()}; };
  SECTION("by key") {}
  SECTION("without order") { plan.consumer.ordering = ordering_kind::unordered; }
  virtual_worker w{plan};
  for (int i = 0; i < 200; ++i) {
    put(w, "slow", 1);
    put(w, "free", 1);
  }
  w.assign({part(0)});
  w.pass(milliseconds{100});
  CHECK(begun(w, "free") == 200);
  CHECK(begun(w, "slow") <= 8);
  CHECK(w.lag_of(part(0)).queued >= 192);
  w.pass(milliseconds{3'000});
  const auto after_3_s = begun(w, "slow");
  CHECK(after_3_s <= 6 + 63);
  CHECK(after_3_s >= 55);
  // What the others finished meanwhile is committed beyond the frontier.
  CHECK(w.committed_metadata(part(0)).finished.size() > 10);
  CHECK(w.pass_until([&] { return w.drained({part(0)}); }));
  CHECK(begun(w, "slow") == 200);
  CHECK(w.credit->held_records() == 0);
  CHECK(w.counts_of(part(0)).balanced());
  CHECK(w.violations.empty());
}

TEST_CASE("a rate holds over all partitions together", "[fairness]") {
  fair_plan plan;
  plan.tenants.limits["slow"] = {1.0, 0, 20.0};
  plan.handler->at_once = [](const record_view&) { return std::optional{outcome::success()}; };
  virtual_worker w{plan};
  for (int p = 0; p < 4; ++p) {
    w.append_keys(part(p), 50, "k" + std::to_string(p), "slow");
  }
  w.assign({part(0), part(1), part(2), part(3)});
  w.pass(milliseconds{3'000});
  CHECK(begun(w, "slow") <= 6 + 60);
  CHECK(begun(w, "slow") >= 55);
  CHECK(w.pass_until([&] { return w.drained({part(0), part(1), part(2), part(3)}); }));
  CHECK(w.violations.empty());
}

TEST_CASE("a tenant's limit of records in flight holds, also while they fail", "[fairness]") {
  fair_plan plan;
  plan.tenants.limits["few"] = {1.0, 5, 0};
  plan.retry.initial_backoff = milliseconds{200};
  plan.retry.max_backoff = milliseconds{200};
  virtual_worker w{plan};
  for (int i = 0; i < 50; ++i) {
    put(w, "few", 1);
    put(w, "free", 1);
  }
  w.assign({part(0)});
  w.pass(milliseconds{500});
  CHECK(begun(w, "free") == 50);
  CHECK(begun(w, "few") == 5);
  CHECK(plan.handler->complete_all(outcome::retry("not yet")) == 55);
  w.pass(milliseconds{100});
  CHECK(begun(w, "few") == 5); // those that wait for a retry are in flight
  w.pass(milliseconds{300});
  CHECK(begun(w, "few") == 10);
  CHECK(plan.handler->complete_all() == 55);
  w.pass(milliseconds{10});
  CHECK(begun(w, "few") == 15);
  CHECK(w.pass_until([&] {
    plan.handler->complete_all();
    return w.drained({part(0)});
  }));
  CHECK(w.notes->count_tenant(step::succeeded, "few") == 50);
  CHECK(w.violations.empty());
}

TEST_CASE("a limit holds under the order of partitions too", "[fairness]") {
  fair_plan plan;
  plan.consumer.ordering = ordering_kind::partition;
  plan.tenants.limits["few"] = {1.0, 3, 0};
  virtual_worker w{plan};
  w.append_keys(part(0), 20, "k", "few");
  w.assign({part(0)});
  w.pass(milliseconds{200});
  // One at a time anyway: each of the three waits for the one before.
  CHECK(begun(w, "few") == 1);
  CHECK(w.pass_until([&] {
    plan.handler->complete_all();
    return w.drained({part(0)});
  }));
  const auto begun_in_order = w.notes->begun(part(0));
  CHECK(begun_in_order.size() == 20);
  CHECK(std::is_sorted(begun_in_order.begin(), begun_in_order.end()));
  CHECK(w.violations.empty());
}

TEST_CASE("what waits for its turn survives a handler that dies, in order", "[fairness]") {
  fair_plan plan;
  plan.tenants.limits["few"] = {1.0, 5, 0};
  plan.retry.initial_backoff = milliseconds{10};
  virtual_worker w{plan};
  for (int i = 0; i < 60; ++i) {
    w.source->append(part(0), record_of("k" + std::to_string(i % 7), {}, "few"));
  }
  w.assign({part(0)});
  w.pass(milliseconds{200});
  w.kill("handler");
  w.pass(milliseconds{200});
  CHECK(plan.handler->held() <= 10); // five, and those that the dead one had
  CHECK(w.pass_until([&] {
    plan.handler->complete_all();
    return w.drained({part(0)});
  }));
  std::map<std::string, std::int64_t> last;
  for (const auto& note : w.notes->notes()) {
    if (note.what != step::succeeded) {
      continue;
    }
    CHECK(note.offset.value() >= last[note.key]);
    last[note.key] = note.offset.value();
  }
  CHECK(w.credit->held_records() == 0);
  CHECK(w.violations.empty());
}

TEST_CASE("a drain gives back what waits for its turn", "[fairness]") {
  fair_plan plan;
  plan.tenants.limits["few"] = {1.0, 5, 0};
  virtual_worker w{plan};
  w.append_keys(part(0), 40, "k", "few");
  w.assign({part(0)});
  w.pass(milliseconds{100});
  REQUIRE(plan.handler->held() == 5);
  w.source->revoke({part(0)});
  w.settle();
  CHECK(plan.handler->complete_all() == 5);
  w.pass(milliseconds{100});
  CHECK(w.committed(part(0)) == 5);
  CHECK(w.credit->held_records() == 0);
  CHECK(w.credit->held_bytes() == 0);
  CHECK(w.counts_of(part(0)).balanced());
  // The limit is free again for the next owner.
  w.assign({part(0)});
  w.pass(milliseconds{100});
  CHECK(plan.handler->held() == 5);
  CHECK(w.pass_until([&] {
    plan.handler->complete_all();
    return w.drained({part(0)});
  }));
  CHECK(w.violations.empty());
}

TEST_CASE("limits, floods and deaths by chance lose nothing", "[fairness]") {
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    CAPTURE(seed);
    fair_plan plan;
    plan.consumer.max_in_flight = 300;
    plan.consumer.commit_interval = milliseconds{50};
    plan.tenants.share = seed % 2 == 0 ? 0.3 : 0.9;
    plan.tenants.limits["few"] = {2.0, 7, 0};
    plan.tenants.limits["slow"] = {0.5, 0, 200};
    plan.retry.initial_backoff = milliseconds{10};
    plan.retry.max_attempts = 1'000;
    plan.handler_restarts = {1'000, milliseconds{60'000}};
    plan.restarts = plan.handler_restarts;
    virtual_worker w{plan};
    w.shuffle(seed);
    std::mt19937_64 random{seed};
    const std::vector<std::string> tenants{"few", "slow", "flood", "flood", "flood", "other"};
    for (int i = 0; i < 900; ++i) {
      w.source->append(
          part(static_cast<int>(random() % 2)),
          record_of("k" + std::to_string(random() % 40), {}, tenants[random() % tenants.size()]));
    }
    w.assign({part(0), part(1)});
    int round = 0;
    const bool done = w.pass_until([&] {
      for (auto& d : plan.handler->take_all()) {
        const auto dice = random() % 10;
        plan.handler->finish(d, dice == 0 ? outcome::retry("by chance") : outcome::success());
      }
      if (++round % 15 == 0 && round < 60) {
        w.kill(round % 30 == 0 ? "handler" : "tenant_supervisor");
      }
      return round > 60 && w.drained({part(0), part(1)});
    });
    CHECK(done);
    CHECK(w.credit->held_records() == 0);
    CHECK(w.violations.empty());
  }
}

TEST_CASE("room that comes back little by little is handed out at once", "[fairness]") {
  fair_plan plan;
  plan.consumer.max_in_flight = 100;
  plan.consumer.batch_size = 10;
  virtual_worker w{plan};
  w.assign({part(0)});
  const auto tenants = {"a", "b", "c", "d", "e", "f"};
  for (const auto* const tenant : tenants) {
    put(w, tenant, 1);
  }
  w.pass(milliseconds{50}); // handlers that take this long are slow
  put(w, "flood", 80);
  w.pass(milliseconds{50});
  const auto begun_before = begun(w, "flood");
  REQUIRE(begun_before < 80); // the rest waits for its turn
  const auto calls_before = plan.handler->calls();
  auto deliveries = plan.handler->take_all();
  for (auto& d : deliveries) {
    if (d.record().tenant() != "flood") {
      REQUIRE(plan.handler->finish(d, outcome::success()));
    }
  }
  w.settle();
  CHECK(begun(w, "flood") == begun_before + 6);
  CHECK(plan.handler->calls() - calls_before <= 2); // and not one for each record of the six
}

// Every kind of actor dies under load: nothing is lost, the order holds, the restart is counted.
#include "tests/actor/worker_tree.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/generators/catch_generators_range.hpp>

#include <map>

using namespace streamer;
using namespace streamer::test;

namespace {

const std::vector<topic_partition> partitions{part(0), part(1), part(2)};

const std::vector<std::string> kinds{
    "partition_consumer", "handler",  "tenant_supervisor", "retry_supervisor",
    "dlq_supervisor",     "producer", "quarantine",        "consumer_supervisor"};

/// Records of all fates: at once, after an attempt, never, with outputs, by an asynchronous
/// handler.
struct mixed_plan : worker_plan {
  std::shared_ptr<journal> notes = std::make_shared<journal>();
  std::shared_ptr<held_handler> async = std::make_shared<held_handler>(notes);

  mixed_plan() {
    handlers.push_back({async, "async"});
    handlers.push_back({quick_handler{noted(notes, run)}, {}});
    retry.max_attempts = 4;
    consumer.max_in_flight = 120;
    tenants.share = 0.5;
  }

  static outcome run(const record_view& r, emitter& out) {
    const auto fate = r.value().view();
    if (fate == "poison") {
      return outcome::reject("never");
    }
    if (fate == "flaky" && r.attempt() < 3) {
      return outcome::retry("not yet");
    }
    if (fate == "emits") {
      outbound_event e;
      e.topic = "out";
      out.emit(e);
      out.emit(e);
    }
    return outcome::success();
  }
};

/// A worker under such a load, whose turns are by chance.
class loaded_worker {
 public:
  explicit loaded_worker(std::uint64_t seed) : random_{seed}, w{plan_} {
    w.shuffle(random_());
    w.source->batch_size = 8;
    w.notes->on_began = [this](const record_view& r) { check_order(r); };
    const std::vector<std::string> fates{"plain", "plain", "emits", "flaky", "poison", "async"};
    for (int i = 0; i < 210; ++i) {
      const auto fate = fates[random_() % fates.size()];
      w.source->append(part(i % 3), record_of("k" + std::to_string(random_() % 8), fate,
                                              "t" + std::to_string(random_() % 3),
                                              fate == "async" ? "async" : "quick"));
    }
    w.source->assign(partitions);
  }

  /// Some of the work is done, at points that the seed chooses.
  void go_on_for_a_while() {
    for (int i = 0; i < 6; ++i) {
      for (auto steps = 10 + random_() % 40; steps > 0; --steps) {
        w.take_step();
      }
      complete_some();
    }
    w.pass(milliseconds{static_cast<std::int64_t>(random_() % 120)});
  }

  /// Everything that is left.
  [[nodiscard]] bool finish() {
    return w.pass_until([&] {
      complete_kept();
      plan_.async->complete_all();
      return w.drained(partitions);
    });
  }

  /// The books of what is at handlers are right again once all is done.
  void check_books_of_handlers() {
    for (const auto& tp : partitions) {
      CHECK(w.lag_of(tp).in_flight == 0);
      for (int i = 0; i < 3; ++i) {
        w.source->append(tp, record_of("new" + std::to_string(i), "async", "t0", "async"));
      }
    }
    w.settle();
    for (const auto& tp : partitions) {
      CHECK(w.lag_of(tp).in_flight == 3);
    }
  }

  void check_nothing_lost() {
    for (const auto& tp : partitions) {
      for (const auto& r : w.source->log_of(tp)) {
        if (!w.finished(tp, r.offset)) {
          lost.push_back(r.offset.value());
        }
      }
      CHECK(w.counts_of(tp).balanced());
    }
    CHECK(lost.empty());
    CHECK(out_of_order.empty());
    CHECK(w.violations.empty());
  }

  std::vector<std::int64_t> lost;
  std::vector<std::string> out_of_order;

 private:
  std::mt19937_64 random_;
  mixed_plan plan_;

 public:
  virtual_worker w;

 private:
  void complete_some() {
    for (auto& d : plan_.async->take_all()) {
      if (random_() % 3 != 0) {
        plan_.async->finish(d, outcome::success());
      } else {
        kept_.push_back(std::move(d));
      }
    }
    if (random_() % 2 == 0) {
      complete_kept();
    }
  }

  void complete_kept() {
    for (auto& d : kept_) {
      plan_.async->finish(d, outcome::success());
    }
    kept_.clear();
  }

  // No attempt begins while an earlier record of its key is unfinished: a handler has done with
  // it, or its dead letter is written.
  void check_order(const record_view& r) {
    const topic_partition tp{r.topic(), r.partition()};
    for (const auto& earlier : w.source->log_of(tp)) {
      if (earlier.offset >= r.offset()) {
        return;
      }
      const auto& spec = earlier.spec;
      const bool same = spec.key == std::string{r.key().view()} &&
                        spec.headers.front().value == std::string{r.tenant()};
      if (same && !w.notes->handled(tp, earlier.offset) && !dead(tp, earlier.offset)) {
        out_of_order.push_back(to_string(tp) + " " + std::to_string(r.offset().value()) +
                               " before " + std::to_string(earlier.offset.value()));
      }
    }
  }

  [[nodiscard]] bool dead(const topic_partition& tp, offset_id offset) const {
    const auto letters = w.dead_letters(tp);
    return std::find(letters.begin(), letters.end(), offset.value()) != letters.end();
  }

  std::vector<delivery> kept_;
};

} // namespace

TEST_CASE("the load is done in order without a failure", "[kills]") {
  const auto seed = GENERATE(range(1, 6));
  loaded_worker load{static_cast<std::uint64_t>(seed)};
  load.go_on_for_a_while();
  CHECK(load.finish());
  load.check_nothing_lost();
  CHECK(load.w.credit->held_records() == 0);
  CHECK(load.w.credit->held_bytes() == 0);
  CHECK(load.w.end_and_count_survivors() == 0);
}

TEST_CASE("an actor that dies under load loses nothing and breaks no order", "[kills]") {
  const auto kind = GENERATE(from_range(kinds));
  const auto seed = GENERATE(range(1, 13));
  CAPTURE(kind, seed);
  loaded_worker load{static_cast<std::uint64_t>(seed)};
  load.go_on_for_a_while();
  load.w.kill(kind);
  CHECK(load.finish());
  load.check_nothing_lost();
  load.check_books_of_handlers();
  CHECK(load.w.restarts_of(kind) == 1);
  CHECK_FALSE(load.w.end());
  CHECK(load.w.end_and_count_survivors() == 0);
}

TEST_CASE("actors of all kinds that die one after the other lose nothing", "[kills]") {
  const auto seed = GENERATE(range(100, 112));
  CAPTURE(seed);
  loaded_worker load{static_cast<std::uint64_t>(seed)};
  std::mt19937_64 random{static_cast<std::uint64_t>(seed)};
  constexpr std::uint64_t deaths = 8;
  for (std::uint64_t i = 0; i < deaths; ++i) {
    load.go_on_for_a_while();
    load.w.settle();
    load.w.kill(kinds[random() % kinds.size()]);
  }
  CHECK(load.finish());
  load.check_nothing_lost();
  std::uint64_t restarts = 0;
  for (const auto& kind : kinds) {
    restarts += load.w.restarts_of(kind);
  }
  CHECK(restarts == deaths);
  CHECK_FALSE(load.w.end());
}

TEST_CASE("records that come while a tenant supervisor is replaced do not overtake", "[kills]") {
  const auto seed = GENERATE(range(1, 41));
  CAPTURE(seed);
  const held_plan plan;
  virtual_worker w{plan};
  w.shuffle(static_cast<std::uint64_t>(seed));
  w.source->append(part(0), record_of("a"));
  w.assign({part(0)});
  const auto running = plan.handler->take_all();
  REQUIRE(running.size() == 1);
  bool first_done = false;
  w.notes->on_began = [&](const record_view& r) {
    if (r.offset() != offset_id{0}) {
      CHECK(first_done);
    }
  };
  w.kill("tenant_supervisor");
  for (int i = 0; i < 12; ++i) {
    w.take_step();
    w.source->append(part(0), record_of("a"));
  }
  w.pass(milliseconds{300});
  REQUIRE(plan.handler->offsets() == std::vector<std::int64_t>{0});
  first_done = true;
  REQUIRE(w.pass_until([&] {
    plan.handler->complete_all();
    return w.drained({part(0)});
  }));
  // Nothing was handed out twice to the successor.
  CHECK(w.notes->count(step::began) == 14);
}

TEST_CASE("stray messages and errors end no actor", "[kills]") {
  virtual_worker w{quick_plan{succeed}};
  w.append_keys(part(0), 10);
  w.assign({part(0)});
  auto all = kinds;
  all.emplace_back("root_supervisor");
  for (const auto& kind : all) {
    w.disturb(kind, caf::make_error(caf::sec::runtime_error, "of a peer"));
    w.disturb(kind, std::string{"stray"});
  }
  w.pass(milliseconds{1'200});
  for (const auto& kind : kinds) {
    CAPTURE(kind);
    CHECK(w.restarts_of(kind) == 0);
  }
  CHECK_FALSE(w.end());
  CHECK(w.drained({part(0)}));
}

TEST_CASE("partitions whose announcement dies with the supervisor are announced again", "[kills]") {
  virtual_worker w{quick_plan{succeed}};
  w.append_keys(part(0), 30);
  w.source->assign({part(0)});
  w.kill("consumer_supervisor");
  REQUIRE(w.pass_until([&] { return w.drained({part(0)}); }));
  CHECK(w.restarts_of("consumer_supervisor") == 1);
  CHECK(w.router->epochs().size() == 1);
}

TEST_CASE("a handler that dies with work in its mailbox leaves no runnable work behind",
          "[kills]") {
  virtual_worker w{quick_plan{succeed}};
  w.append_keys(part(0), 10);
  w.assign({part(0)});
  REQUIRE_FALSE(w.progress->runnable());
  w.append_keys(part(0), 10, "more");
  // The partition consumer has its turn first, and sends work to a handler that is dying.
  REQUIRE(w.source->poll());
  w.kill("handler");
  REQUIRE(w.pass_until([&] { return w.drained({part(0)}); }));
  CHECK_FALSE(w.progress->runnable());
}

TEST_CASE("credit is not lost with an actor that dies with records in its mailbox", "[kills]") {
  const auto kind = GENERATE(values<std::string>({"partition_consumer", "consumer_supervisor"}));
  virtual_worker w{quick_plan{succeed}};
  w.append_keys(part(0), 30);
  w.assign({part(0)});
  w.append_keys(part(0), 20, "more");
  // The records are on their way when the actor dies.
  REQUIRE(w.source->poll());
  w.kill(kind);
  REQUIRE(w.pass_until([&] { return w.drained({part(0)}); }));
  CHECK(w.credit->held_records() == 0);
  CHECK(w.credit->held_bytes() == 0);
}

TEST_CASE("only the tenant whose handler died notices", "[kills]") {
  const held_plan plan;
  virtual_worker w{plan};
  w.append_keys(part(0), 4, "a", "ta");
  w.append_keys(part(0), 4, "b", "tb");
  w.append_keys(part(1), 4, "b", "tb");
  w.assign({part(0), part(1)});
  REQUIRE(plan.handler->held() == 12);
  auto before = plan.handler->take_all();
  w.kill("handler"); // the first by name: that of "ta"
  w.pass(milliseconds{500});

  CHECK(w.restarts_of("handler") == 1);
  CHECK(w.notes->count_tenant(step::began, "ta") == 8);
  CHECK(w.notes->count_tenant(step::began, "tb") == 8);
  for (auto& d : before) {
    const bool of_dead = d.record().tenant() == "ta";
    CHECK(d.cancel().cancelled() == of_dead);
    CHECK(plan.handler->finish(d, outcome::success()) == !of_dead);
  }
  CHECK(plan.handler->complete_all() == 4);
  w.pass(milliseconds{1'200});
  CHECK(w.drained({part(0), part(1)}));
  // An actor's death is not the record's fault: it costs no attempt.
  for (const auto& n : w.notes->notes()) {
    CHECK(n.number == 1);
  }
}

TEST_CASE("a restart budget that is spent ends the worker with 1 and the reason", "[kills]") {
  struct budget {
    std::string kind;
    std::string named;
  };
  const auto b = GENERATE(values<budget>({{"producer", "producer"},
                                          {"dlq_supervisor", "dlq_supervisor"},
                                          {"retry_supervisor", "retry_supervisor"},
                                          {"tenant_supervisor", "tenant_supervisor"},
                                          {"consumer_supervisor", "consumer_supervisor"},
                                          {"handler", "handler of tenant \"t\""},
                                          {"partition_consumer", "events[0]"}}));
  CAPTURE(b.kind);
  held_plan plan;
  plan.restarts = {3, milliseconds{60'000}};
  plan.handler_restarts = plan.restarts;
  virtual_worker w{plan};
  w.append_keys(part(0), 5);
  w.assign({part(0)});
  for (int i = 0; i < 3; ++i) {
    w.kill(b.kind);
    w.pass(milliseconds{1'000});
    REQUIRE_FALSE(w.end());
  }
  CHECK(w.restarts_of(b.kind) == 3);
  w.kill(b.kind);
  w.pass(milliseconds{1'000});
  REQUIRE(w.end());
  CHECK(w.end()->exit_code == 1);
  CHECK(w.end()->what.find(b.named) != std::string::npos);
  CHECK(w.end()->what.find("more often than 3 times") != std::string::npos);
  CHECK(w.committed(part(0)) <= 0);
  CHECK(w.end_and_count_survivors() == 0);
}

TEST_CASE("failures that lie far apart do not spend the restart budget", "[kills]") {
  held_plan plan;
  plan.restarts = {2, milliseconds{10'000}};
  virtual_worker w{plan};
  w.append_keys(part(0), 5);
  w.assign({part(0)});
  for (int i = 0; i < 6; ++i) {
    w.kill("dlq_supervisor");
    w.pass(milliseconds{6'000});
  }
  CHECK_FALSE(w.end());
  CHECK(w.restarts_of("dlq_supervisor") == 6);
}

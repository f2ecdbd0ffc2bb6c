// Asynchronous handlers that complete twice, never, too late, or from where nobody listens.
#include "tests/actor/worker_tree.hpp"

#include <catch2/catch_test_macros.hpp>

#include <stdexcept>

using namespace streamer;
using namespace streamer::test;

namespace {

/// Timeouts are measured on the real clock: lets the attempts' time pass, then the actors'.
void pass_timeout(virtual_worker& w) {
  std::this_thread::sleep_for(milliseconds{5});
  w.pass(milliseconds{110});
}

held_plan short_timeout() {
  held_plan plan;
  plan.handlers.front().timeout = milliseconds{2};
  return plan;
}

} // namespace

TEST_CASE("the second outcome of an attempt is ignored and counted", "[completions]") {
  const held_plan plan;
  virtual_worker w{plan};
  w.append_keys(part(0), 2);
  w.assign({part(0)});
  auto d = plan.handler->take(0);
  REQUIRE(d);
  CHECK(plan.handler->finish(*d, outcome::success()));
  CHECK_FALSE(d->complete(outcome::reject("changed my mind")));
  w.settle();
  CHECK_FALSE(d->complete(outcome::retry("once more")));
  w.pass(milliseconds{1'200});

  CHECK(w.fences().repeated.load() == 2);
  CHECK(w.dropped("duplicate") == 2);
  CHECK(w.committed(part(0)) == 1);
  CHECK(w.counts_of(part(0)).processed == 1);
  CHECK(w.sink->written.empty());
}

TEST_CASE("an attempt that never ends is fenced and made again", "[completions]") {
  const auto plan = short_timeout();
  virtual_worker w{plan};
  w.source->append(part(0), record_of("a"));
  w.source->append(part(0), record_of("a"));
  w.assign({part(0)});
  auto first = plan.handler->take(0);
  REQUIRE(first);
  const auto token = first->cancel();
  CHECK_FALSE(token.cancelled());
  pass_timeout(w);
  CHECK(token.cancelled());
  w.pass(milliseconds{150});
  REQUIRE(plan.handler->offsets() == std::vector<std::int64_t>{0});

  SECTION("a late completion is ignored and counted") {
    first->emit(outbound_event{});
    CHECK_FALSE(first->complete(outcome::success()));
    w.pass(milliseconds{1'200});
    CHECK(w.fences().late_completions.load() == 1);
    CHECK(w.fences().late_events.load() == 1);
    CHECK(w.dropped("fenced") == 2);
    CHECK(w.committed(part(0)) <= 0);
    CHECK(w.sink->written.empty());
  }
  SECTION("the next attempt counts, and the key goes on after it") {
    REQUIRE(plan.handler->complete(0));
    w.settle();
    REQUIRE(plan.handler->complete(1));
    w.pass(milliseconds{1'200});
    CHECK(w.committed(part(0)) == 2);
    CHECK(w.notes->count(step::began, part(0), offset_id{0}) == 2);
  }
}

TEST_CASE("attempts that time out for good end in the DLQ as timeout", "[completions]") {
  auto plan = short_timeout();
  plan.retry.max_attempts = 2;
  virtual_worker w{plan};
  w.append_keys(part(0), 1);
  w.assign({part(0)});
  pass_timeout(w);
  w.pass(milliseconds{150});
  pass_timeout(w);
  w.pass(milliseconds{1'200});
  REQUIRE(w.sink->written_to("events.dlq").size() == 1);
  CHECK(w.sink->written_to("events.dlq")[0].header("streamer.dlq.reason") == "timeout");
  CHECK(w.committed(part(0)) == 1);
  CHECK(w.notes->count(step::began) == 2);
}

TEST_CASE("a record that the handler lets go of is tried again", "[completions]") {
  const held_plan plan;
  virtual_worker w{plan};
  w.append_keys(part(0), 1);
  w.assign({part(0)});
  plan.handler->take_all().clear();
  w.pass(milliseconds{150});
  CHECK(w.notes->count(step::began) == 2);
  CHECK(w.metrics->counter(metric::retries, {{"cause", "abandoned"}}).value() == 1);
  REQUIRE(plan.handler->complete(0));
  w.pass(milliseconds{1'200});
  CHECK(w.committed(part(0)) == 1);
}

TEST_CASE("an asynchronous handler that throws fails what it did not take", "[completions]") {
  class throwing_handler final : public async_handler {
   public:
    explicit throwing_handler(std::shared_ptr<held_handler> rest) : rest_{std::move(rest)} {}
    void handle(std::span<delivery> batch) override {
      if (!std::exchange(thrown_, true)) {
        rest_->handle(batch.first(1));
        throw std::runtime_error{"after the first"};
      }
      rest_->handle(batch);
    }

   private:
    std::shared_ptr<held_handler> rest_;
    bool thrown_ = false;
  };
  held_plan plan;
  plan.handlers.front().run = std::make_shared<throwing_handler>(plan.handler);
  virtual_worker w{plan};
  w.append_keys(part(0), 3);
  w.assign({part(0)});
  CHECK(plan.handler->offsets() == std::vector<std::int64_t>{0});
  w.pass(milliseconds{150});
  CHECK(plan.handler->held() == 3);
  CHECK(w.metrics->counter(metric::retries, {{"cause", "exception"}}).value() == 2);
  CHECK(plan.handler->complete_all() == 3);
  w.pass(milliseconds{1'200});
  CHECK(w.committed(part(0)) == 3);
}

TEST_CASE("a completion after a revoke is ignored and counted", "[completions]") {
  const held_plan plan;
  virtual_worker w{plan};
  w.append_keys(part(0), 3);
  w.assign({part(0)});
  w.source->revoke({part(0)});
  w.pass(w.source->epoch_of(part(0)) ? milliseconds{8'000} : milliseconds{0});
  REQUIRE_FALSE(w.source->epoch_of(part(0)));
  const auto commits = w.source->commits.size();

  CHECK(plan.handler->complete_all() == 0);
  w.pass(milliseconds{2'000});
  CHECK(w.fences().late_completions.load() == 3);
  CHECK(w.source->commits.size() == commits);
  CHECK(w.source->stale.empty());
  CHECK(w.committed(part(0)) <= 0);
  CHECK(w.credit->held_records() == 0);
}

TEST_CASE("a completion after the end is ignored and counted", "[completions]") {
  const held_plan plan;
  virtual_worker w{plan};
  w.append_keys(part(0), 3);
  w.assign({part(0)});
  CHECK(w.end_and_count_survivors() == 0);
  CHECK(plan.handler->complete_all() == 0);
  CHECK(w.fences().late_completions.load() == 3);
  CHECK(w.source->commits.empty());
  CHECK(w.credit->held_records() == 0);
}

TEST_CASE("skipped records are finished and counted apart", "[completions]") {
  const held_plan plan;
  virtual_worker w{plan};
  w.append_keys(part(0), 2);
  w.assign({part(0)});
  REQUIRE(plan.handler->complete(0, outcome::skip("not mine")));
  REQUIRE(plan.handler->complete(1));
  w.pass(milliseconds{1'200});
  CHECK(w.committed(part(0)) == 2);
  CHECK(w.counts_of(part(0)).skipped == 1);
  CHECK(w.counts_of(part(0)).processed == 1);
}

// Real threads: completions from many of them, and handlers that block.
#include "actors/tenant/blocking_pool.hpp"
#include "tests/actor/worker_tree.hpp"

#include <catch2/catch_test_macros.hpp>

#include <array>
#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <thread>

using namespace streamer;
using namespace streamer::test;

namespace {

/// A gate that calls wait at until it is opened.
class gate {
 public:
  void pass() {
    std::unique_lock lock{mutex_};
    ++waiting_;
    changed_.wait(lock, [this] { return open_; });
    --waiting_;
  }
  void open() {
    const std::lock_guard lock{mutex_};
    open_ = true;
    changed_.notify_all();
  }
  [[nodiscard]] int waiting() {
    const std::lock_guard lock{mutex_};
    return waiting_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = false;
  int waiting_ = 0;
};

bool eventually(const std::function<bool()>& holds) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{10};
  while (!holds() && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::sleep_for(milliseconds{1});
  }
  return holds();
}

struct blocking_plan : worker_plan {
  std::shared_ptr<journal> notes = std::make_shared<journal>();
  explicit blocking_plan(record_function run, std::size_t threads) {
    planned_handler h{blocking_handler{noted(notes, std::move(run))}, {}};
    h.threads = threads;
    handlers.push_back(std::move(h));
    consumer.commit_interval = milliseconds{50};
  }
};

} // namespace

TEST_CASE("completions from 64 threads are each taken once", "[threads]") {
  held_plan plan;
  plan.consumer.commit_interval = milliseconds{50};
  plan.consumer.max_in_flight = 500;
  plan.tenants.share = 1.0;
  threaded_worker w{plan, plan.notes};
  const std::vector<topic_partition> all{part(0), part(1), part(2), part(3)};
  constexpr int records = 2'000;
  for (int i = 0; i < records; ++i) {
    w.source->append(part(i % 4),
                     record_of("k" + std::to_string(i % 37), {}, "t" + std::to_string(i % 5)));
  }
  std::atomic<bool> stop{false};
  std::atomic<std::uint64_t> taken{0};
  std::atomic<std::uint64_t> second{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 64; ++t) {
    threads.emplace_back([&, t] {
      while (!stop) {
        auto mine = plan.handler->take_all();
        if (mine.empty()) {
          std::this_thread::sleep_for(milliseconds{1});
        }
        for (auto& d : mine) {
          d.emit({});
          taken += plan.handler->finish(d, outcome::success()) ? 1U : 0U;
          if (t % 2 == 0) {
            second += d.complete(outcome::reject("again")) ? 1U : 0U;
          }
        }
      }
    });
  }
  w.source->assign(all);
  const bool done = w.wait_until([&] { return w.drained(all); });
  stop = true;
  for (auto& t : threads) {
    t.join();
  }
  REQUIRE(done);
  CHECK(taken.load() == records);
  CHECK(second.load() == 0);
  CHECK(w.notes->count(step::began) == records);
  CHECK(w.sink->written.size() == records);
  CHECK(w.fences().late_completions.load() == 0);
  CHECK(w.credit->held_records() == 0);
  CHECK(w.credit->held_bytes() == 0);
  CHECK(w.violations.empty());
}

TEST_CASE("a blocking handler runs on its own threads, as many as it has", "[threads]") {
  const auto blocked = std::make_shared<gate>();
  blocking_plan plan{[blocked](const record_view&, emitter&) {
                       blocked->pass();
                       return outcome::success();
                     },
                     3};
  threaded_worker w{plan, plan.notes};
  w.append_keys(part(0), 20);
  w.append_keys(part(1), 20, "x", "other");
  w.source->assign({part(0), part(1)});
  REQUIRE(w.wait_until([&] { return blocked->waiting() == 3; }));
  // The actors go on meanwhile: records still arrive.
  REQUIRE(w.wait_until([&] { return w.source->delivered == 40; }));
  CHECK(w.notes->count(step::began) == 3);
  blocked->open();
  REQUIRE(w.wait_until([&] { return w.drained({part(0), part(1)}); }));
  CHECK(w.notes->count(step::succeeded) == 40);
  CHECK(w.credit->held_records() == 0);
  CHECK(w.violations.empty());
}

TEST_CASE("a call that does not return keeps its key, the other keys go on", "[threads]") {
  const auto blocked = std::make_shared<gate>();
  const auto concurrent = std::make_shared<std::atomic<int>>(0);
  const auto most = std::make_shared<std::atomic<int>>(0);
  blocking_plan plan{[=](const record_view& r, emitter&) {
                       if (r.key().view() != "stuck") {
                         return outcome::success();
                       }
                       const int now = ++*concurrent;
                       most->store(std::max(most->load(), now));
                       blocked->pass();
                       --*concurrent;
                       return outcome::success();
                     },
                     2};
  plan.handlers.front().timeout = milliseconds{20};
  plan.retry.initial_backoff = milliseconds{10};
  plan.retry.max_backoff = milliseconds{10};
  plan.retry.max_attempts = 1'000'000;
  threaded_worker w{plan, plan.notes};
  w.source->append(part(0), record_of("stuck"));
  w.append_keys(part(0), 30);
  w.source->append(part(0), record_of("stuck"));
  w.source->assign({part(0)});
  REQUIRE(w.wait_until([&] { return w.notes->count(step::succeeded) == 30; }));
  // It has timed out, and its next attempt waits for the call to return.
  REQUIRE(w.wait_until([&] {
    return w.metrics->counter(metric::retries, {{"cause", "timeout"}}).value() >= 1;
  }));
  CHECK(w.notes->count(step::began, part(0), offset_id{0}) == 1);
  CHECK(w.notes->count(step::began, part(0), offset_id{31}) == 0);
  CHECK(w.committed(part(0)) <= 0);

  blocked->open();
  REQUIRE(w.wait_until([&] { return w.drained({part(0)}); }));
  CHECK(most->load() == 1);
  CHECK(w.fences().late_completions.load() >= 1);
  CHECK(w.violations.empty());
}

// More threads than jobs most of the time: a wake-up that is lost leaves a job behind.
TEST_CASE("a pool gets every job done, and never two of one guard at a time", "[threads]") {
  constexpr std::uint64_t guards = 7;
  constexpr std::uint64_t jobs = 3'000;
  std::array<std::atomic<int>, guards> busy{};
  std::atomic<bool> together{false};
  std::atomic<std::uint64_t> done{0};
  blocking_pool pool{"test", {32, {}}};
  for (std::uint64_t i = 0; i < jobs; ++i) {
    const auto guard = i % guards;
    pool.submit("t" + std::to_string(i % 3), {{guard, [&, guard] {
                                                 together = ++busy[guard] > 1 || together;
                                                 std::this_thread::yield();
                                                 --busy[guard];
                                                 ++done;
                                               }}});
    if (i % 50 == 0) {
      // The threads fall idle: the next job has to wake one.
      const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{20};
      while (done <= i && std::chrono::steady_clock::now() < deadline) {
        std::this_thread::yield();
      }
      REQUIRE(done == i + 1);
    }
  }
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{20};
  while ((done < jobs || pool.running() > 0) && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::yield();
  }
  CHECK(done == jobs);
  CHECK_FALSE(together);
  CHECK(pool.queued() == 0);
}

TEST_CASE("a pool's idle threads hear of a job that another's start lets start", "[threads]") {
  const auto closed = std::make_shared<gate>();
  std::atomic<int> quick{0};
  blocking_pool pool{"test", {8, {}}};
  // A user of the pool with nothing running: a quarter of the threads is kept for it.
  pool.submit("b", {{1, [&] { ++quick; }}});
  REQUIRE(eventually([&] { return quick == 1 && pool.running() == 0; }));
  std::vector<pool_job> jobs;
  for (std::uint64_t i = 0; i < 7; ++i) {
    jobs.push_back({10 + i, [closed] { closed->pass(); }});
  }
  pool.submit("a", std::move(jobs)); // one call, and yet as many threads come as may
  REQUIRE(eventually([&] { return closed->waiting() == 6; }));
  CHECK(pool.queued() == 1);
  // It has something now, and nothing is kept any more. No call ends meanwhile.
  pool.submit("b", {{2, [closed] { closed->pass(); }}});
  CHECK(eventually([&] { return closed->waiting() == 8; }));
  closed->open();
  CHECK(eventually([&] { return pool.running() == 0 && pool.queued() == 0; }));
}

TEST_CASE("actors that die on real threads lose nothing", "[threads]") {
  held_plan plan;
  plan.consumer.commit_interval = milliseconds{50};
  plan.retry.initial_backoff = milliseconds{10};
  plan.restarts = {1'000, milliseconds{60'000}};
  plan.handler_restarts = plan.restarts;
  threaded_worker w{plan, plan.notes};
  const std::vector<topic_partition> all{part(0), part(1)};
  for (int i = 0; i < 600; ++i) {
    w.source->append(part(i % 2),
                     record_of("k" + std::to_string(i % 11), {}, "t" + std::to_string(i % 3)));
  }
  w.source->batch_size = 5;
  w.source->assign(all);
  std::size_t round = 0;
  const std::vector<std::string> kinds{"handler",  "tenant_supervisor", "retry_supervisor",
                                       "producer", "dlq_supervisor",    "partition_consumer"};
  const bool done = w.wait_until([&] {
    for (auto& d : plan.handler->take_all()) {
      plan.handler->finish(d, round % 5 == 4 ? outcome::retry("by chance") : outcome::success());
    }
    if (++round % 40 == 0 && round <= 480) {
      w.kill(kinds[round / 40 % kinds.size()]);
    }
    return round > 480 && w.drained(all);
  });
  CHECK(done);
  for (const auto& tp : all) {
    for (const auto& r : w.source->log_of(tp)) {
      if (!w.finished(tp, r.offset)) {
        FAIL_CHECK(to_string(tp) << " " << r.offset.value() << " was lost");
      }
    }
  }
  CHECK_FALSE(w.end());
}

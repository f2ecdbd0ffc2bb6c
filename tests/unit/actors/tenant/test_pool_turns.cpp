#include "actors/tenant/pool_turns.hpp"

#include <catch2/catch_test_macros.hpp>

#include <map>
#include <queue>
#include <random>
#include <set>

namespace streamer {
namespace {

using namespace std::chrono_literals;
using turns = pool_turns<int>;
using time_point = turns::time_point;

// Threads in virtual time: what runs until when.
class pool_model {
 public:
  explicit pool_model(pool_share share) : threads_{share.threads}, turns_{std::move(share)} {}

  void push(const std::string& tenant, std::chrono::microseconds takes) {
    takes_[++guard_] = takes;
    turns_.push(tenant, guard_, 0, now);
    start();
  }
  // Lets time pass; calls of handlers end meanwhile.
  void pass(std::chrono::microseconds time) {
    const auto until = now + time;
    while (!running_.empty() && running_.top().ends <= until) {
      const auto done = running_.top();
      running_.pop();
      now = done.ends;
      turns_.finished(done.tenant, done.guard, takes_[done.guard], now);
      done_[done.tenant] += 1;
      start();
    }
    now = until;
  }
  [[nodiscard]] int done(const std::string& tenant) { return done_[tenant]; }
  [[nodiscard]] const turns& inner() const { return turns_; }

  time_point now = time_point{} + 1h;

 private:
  struct call {
    time_point ends;
    std::string tenant;
    std::uint64_t guard;
    bool operator<(const call& other) const { return ends > other.ends; }
  };
  void start() {
    while (running_.size() < threads_) {
      const auto t = turns_.take(now);
      if (!t) {
        return;
      }
      running_.push({now + takes_[t->guard], t->tenant, t->guard});
    }
  }
  std::size_t threads_;
  turns turns_;
  std::priority_queue<call> running_;
  std::map<std::uint64_t, std::chrono::microseconds> takes_;
  std::map<std::string, int> done_;
  std::uint64_t guard_ = 0;
};

TEST_CASE("A tenant of slow calls leaves threads to the others") {
  pool_model pool{{4, {}}};
  for (int i = 0; i < 1'000; ++i) {
    pool.push("slow", 200ms);
  }
  int sent = 0;
  for (int ms = 0; ms < 5'000; ++ms) {
    if (ms % 4 == 0) {
      pool.push("quick", 1ms);
      ++sent;
    }
    pool.pass(1ms);
  }
  pool.pass(5ms);
  // The first may wait for a slow call to return; no later one does.
  CHECK(pool.done("quick") == sent);
  CHECK(pool.done("slow") >= 70); // three threads for 5 s
}

TEST_CASE("A tenant that is alone gets all threads, also some time after the others left") {
  pool_model pool{{4, {}}};
  for (int i = 0; i < 100; ++i) {
    pool.push("a", 10ms);
  }
  pool.pass(100ms);
  CHECK(pool.done("a") == 40);
  pool.push("b", 10ms);
  pool.pass(6s);
  for (int i = 0; i < 100; ++i) {
    pool.push("a", 10ms);
  }
  pool.pass(100ms);
  CHECK(pool.done("a") == 140);
}

TEST_CASE("Two tenants of slow calls use every thread, and a third still gets one") {
  pool_model pool{{4, {}}};
  for (int i = 0; i < 100; ++i) {
    pool.push("a", 100ms);
    pool.push("b", 100ms);
  }
  pool.pass(1s);
  CHECK(pool.done("a") + pool.done("b") == 40);
  pool.push("c", 1ms);
  pool.pass(101ms); // there was no reason to expect it
  CHECK(pool.done("c") == 1);
  for (int i = 0; i < 20; ++i) {
    pool.push("c", 1ms);
    pool.pass(10ms);
  }
  CHECK(pool.done("c") == 21);
}

TEST_CASE("Threads' time is shared by weight") {
  pool_model pool{{1, {{"heavy", 3.0}}}};
  for (int i = 0; i < 10'000; ++i) {
    pool.push("heavy", 2ms);
    pool.push("light", 2ms);
    pool.push("slow", 10ms);
  }
  pool.pass(10s);
  // 3 : 1 : 1 of ten seconds.
  CHECK(std::abs(pool.done("heavy") * 2 - 6'000) < 100);
  CHECK(std::abs(pool.done("light") * 2 - 2'000) < 100);
  CHECK(std::abs(pool.done("slow") * 10 - 2'000) < 100);
}

TEST_CASE("Jobs with one guard run one after the other, the rest of the tenant goes on") {
  turns t{{4, {}}};
  const auto now = time_point{} + 1h;
  t.push("a", 1, 10, now);
  t.push("a", 1, 11, now);
  t.push("a", 2, 12, now);
  CHECK(t.take(now)->job == 10);
  CHECK(t.take(now)->job == 12);
  CHECK_FALSE(t.take(now));
  CHECK(t.queued() == 1);
  t.finished("a", 1, 1ms, now);
  CHECK(t.take(now)->job == 11);
  CHECK(t.queued() == 0);
  CHECK(t.running() == 2);
}

TEST_CASE("Tenants that are gone are forgotten") {
  pool_model pool{{2, {}}};
  for (int i = 0; i < 20'000; ++i) {
    pool.push("t" + std::to_string(i), 500us);
    pool.push("u" + std::to_string(i), 500us);
    pool.pass(500us);
  }
  // Those of the last five seconds, at most.
  CHECK(pool.inner().remembered() <= 21'000);
  pool.pass(10s);
  for (int i = 0; i < 30'000; ++i) {
    pool.push("v", 100us);
    pool.pass(100us);
  }
  CHECK(pool.inner().remembered() <= 3);
}

TEST_CASE("No job is lost and no guard runs twice, whatever happens") {
  for (unsigned seed = 0; seed < 30; ++seed) {
    CAPTURE(seed);
    std::mt19937 random{seed};
    turns t{{1 + random() % 5, {{"t1", 2.5}}}};
    auto now = time_point{} + 1h;
    std::map<std::uint64_t, std::string> running;
    int pushed = 0;
    std::set<int> taken;
    for (int step = 0; step < 2'000; ++step) {
      now += std::chrono::microseconds{random() % 5'000};
      if (random() % 2 == 0) {
        t.push("t" + std::to_string(random() % 4), random() % 10, pushed++, now);
      } else if (running.empty() || random() % 2 == 0) {
        if (const auto next = t.take(now)) {
          REQUIRE(taken.insert(next->job).second);
          REQUIRE(running.emplace(next->guard, next->tenant).second);
        }
      } else {
        const auto [guard, tenant] = *running.begin();
        t.finished(tenant, guard, std::chrono::microseconds{random() % 5'000}, now);
        running.erase(running.begin());
      }
    }
    while (t.queued() > 0) {
      now += 1s;
      if (const auto next = t.take(now)) {
        REQUIRE(taken.insert(next->job).second);
        REQUIRE(running.emplace(next->guard, next->tenant).second);
      }
      while (!running.empty()) {
        const auto [guard, tenant] = *running.begin();
        t.finished(tenant, guard, 1ms, now);
        running.erase(running.begin());
      }
    }
    CHECK(taken.size() == static_cast<std::size_t>(pushed));
  }
}

} // namespace
} // namespace streamer

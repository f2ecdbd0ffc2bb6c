#include <catch2/catch_test_macros.hpp>
#include <chrono>
#include <nlohmann/json.hpp>
#include <string_view>
#include <vector>

#include "runtime/http/health.hpp"

using namespace streamer;
using namespace std::chrono_literals;

namespace {

constexpr std::chrono::steady_clock::time_point now{1h};
constexpr auto max_stall = 30s;

liveness_input living() {
  liveness_input input;
  input.now = now;
  input.last_poll = now - 1s;
  input.last_schedule = now - 1s;
  input.max_stall = max_stall;
  return input;
}

readiness_input ready_member() {
  readiness_input input;
  input.connected = true;
  input.joined = true;
  input.assignment_known = true;
  return input;
}

std::vector<std::string_view> ids_of(const health_verdict& verdict) {
  std::vector<std::string_view> ids;
  for (const auto& reason : verdict.reasons) {
    ids.push_back(reason.id);
  }
  return ids;
}

using ids = std::vector<std::string_view>;

/// Liveness after the same work was seen for an hour without any progress.
health_verdict liveness_after_an_hour_of(const work_counts& work) {
  progress_watch watch;
  for (auto at = now - 1h; at <= now; at += 1s) {
    watch.sample(work, 42, at);
  }
  auto input = living();
  input.runnable_work_stands_since = watch.standing_since();
  return judge_liveness(input);
}

} // namespace

TEST_CASE("A worker without work whose loops turn is live") {
  CHECK(judge_liveness(living()).ok);
  CHECK(liveness_after_an_hour_of({}).ok);
}

TEST_CASE("A worker whose poll loop stopped is dead after the allowed time and not before") {
  auto input = living();
  input.last_poll = now - max_stall;
  CHECK(judge_liveness(input).ok);
  input.last_poll = now - max_stall - 1ms;
  CHECK(ids_of(judge_liveness(input)) == ids{"poll_loop_dead"});
}

TEST_CASE("A worker whose scheduler stopped is dead") {
  auto input = living();
  input.last_schedule = now - max_stall - 1ms;
  CHECK(ids_of(judge_liveness(input)) == ids{"scheduler_dead"});
}

TEST_CASE("Everything that is wrong is named at once") {
  auto input = living();
  input.last_poll = input.last_schedule = now - 10min;
  input.runnable_work_stands_since = now - 10min;
  CHECK(ids_of(judge_liveness(input)) ==
        ids{"poll_loop_dead", "scheduler_dead", "runnable_work_stalled"});
}

TEST_CASE("Runnable work that does not move is dead, in each of its forms") {
  CHECK(ids_of(liveness_after_an_hour_of({.ready = 1})) == ids{"runnable_work_stalled"});
  CHECK(ids_of(liveness_after_an_hour_of({.overdue = 1})) == ids{"runnable_work_stalled"});
  CHECK(ids_of(liveness_after_an_hour_of({.retry_due = 1})) == ids{"runnable_work_stalled"});
}

TEST_CASE("Records that wait for a retry's time are live") {
  CHECK(liveness_after_an_hour_of({.waiting_retry = 1000}).ok);
}

TEST_CASE("A handler within its timeout is live, and so are the records behind it") {
  CHECK(liveness_after_an_hour_of({.in_handler = 1, .held = 1000}).ok);
}

TEST_CASE("A budget that is used up is live") {
  CHECK(liveness_after_an_hour_of({.held = 10'000}).ok);
}

TEST_CASE("Records that wait for a broker to take an output are live") {
  CHECK(liveness_after_an_hour_of({.held = 500, .waiting_output = 5}).ok);
}

TEST_CASE("Records that wait for the dead letter topic are live, and the worker is not ready") {
  CHECK(liveness_after_an_hour_of({.waiting_dlq = 3}).ok);
  auto input = ready_member();
  input.dlq_waiting_partitions = 3;
  CHECK(ids_of(judge_readiness(input)) == ids{"dlq_waiting"});
}

TEST_CASE("A worker whose DLQ guard holds is live, and not ready") {
  CHECK(liveness_after_an_hour_of({.waiting_retry = 3}).ok);
  auto input = ready_member();
  input.dlq_guard_holds = true;
  CHECK(ids_of(judge_readiness(input)) == ids{"dlq_guard"});
}

TEST_CASE("A worker whose broker is away is live as long as its poll loop turns, and not ready") {
  CHECK(liveness_after_an_hour_of({.waiting_output = 5}).ok);
  auto input = ready_member();
  input.connected = false;
  CHECK(ids_of(judge_readiness(input)) == ids{"not_connected"});
}

TEST_CASE("Runnable work that appears after a long idle time gets the whole allowed time") {
  progress_watch watch;
  watch.sample({}, 7, now - 1h);
  watch.sample({.ready = 1}, 7, now - 1s);
  REQUIRE(watch.standing_since().has_value());
  CHECK(*watch.standing_since() == now - 1s);
}

TEST_CASE("Progress starts the allowed time anew, waiting ends it") {
  progress_watch watch;
  watch.sample({.ready = 5}, 1, now);
  watch.sample({.ready = 5}, 1, now + 10s);
  CHECK(watch.standing_since() == now);
  watch.sample({.ready = 5}, 2, now + 20s);
  CHECK(watch.standing_since() == now + 20s);
  watch.sample({.waiting_retry = 5}, 2, now + 30s);
  CHECK_FALSE(watch.standing_since().has_value());
}

TEST_CASE("A member with an assignment, and one that stands by with an empty one, is ready") {
  CHECK(judge_readiness(ready_member()).ok);
}

TEST_CASE("On the way to an assignment only the first thing that is missing is named") {
  readiness_input input;
  CHECK(ids_of(judge_readiness(input)) == ids{"not_connected"});
  input.connected = true;
  CHECK(ids_of(judge_readiness(input)) == ids{"not_joined"});
  input.joined = true;
  CHECK(ids_of(judge_readiness(input)) == ids{"not_assigned"});
  input.authentication_failed = true;
  CHECK(ids_of(judge_readiness(input)) == ids{"authentication_failed"});
}

TEST_CASE("A draining worker is not ready, whatever else holds") {
  auto input = ready_member();
  input.draining = true;
  CHECK(ids_of(judge_readiness(input)) == ids{"draining"});
  input.dlq_waiting_partitions = 1;
  CHECK(ids_of(judge_readiness(input)) == ids{"draining", "dlq_waiting"});
}

TEST_CASE("A verdict becomes 200 or 503 with its reasons as JSON") {
  const auto good = health_response({});
  CHECK(good.status == 200);
  CHECK(good.content_type == "application/json");
  CHECK(nlohmann::json::parse(good.body) ==
        nlohmann::json{{"status", "ok"}, {"reasons", nlohmann::json::array()}});

  auto input = ready_member();
  input.dlq_waiting_partitions = 2;
  const auto bad = health_response(judge_readiness(input));
  CHECK(bad.status == 503);
  const auto body = nlohmann::json::parse(bad.body);
  CHECK(body["status"] == "failed");
  REQUIRE(body["reasons"].size() == 1);
  CHECK(body["reasons"][0]["id"] == "dlq_waiting");
  CHECK(body["reasons"][0]["text"] == "2 partitions wait for the dead letter topic");
}

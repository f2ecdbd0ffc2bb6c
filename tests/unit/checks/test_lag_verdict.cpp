#include "runtime/checks/lag_verdict.hpp"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <string>
#include <vector>

namespace streamer {
namespace {

using std::chrono::milliseconds;

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

/// A partition with 1,000 unread records, and one of tenant acme that holds the frontier.
lag_view view_with(lag_state where) {
  lag_view view;
  view.topic = "events";
  view.lag.span = {100, 101, 101, 101, 1'101};
  view.lag.parts.unfetched = 1'000;
  frontier_record r;
  r.offset = offset_id{100};
  r.tenant = "acme";
  r.where = where;
  r.cause = failure_class::exception;
  r.exception = "std::runtime_error";
  r.attempt = 3;
  view.frontier = r;
  switch (where) {
    case lag_state::waiting_retry: view.lag.parts.waiting_retry = 1; break;
    case lag_state::waiting_dlq: view.lag.parts.waiting_dlq = 1; break;
    case lag_state::held: view.lag.parts.held = 1; break;
    case lag_state::queued: view.lag.parts.queued = 1; break;
    default: view.lag.parts.in_flight = 1; break;
  }
  return view;
}

lag_view unread() {
  lag_view view;
  view.lag.span = {100, 100, 100, 100, 1'100};
  view.lag.parts.unfetched = 1'000;
  return view;
}

TEST_CASE("a failing record is named with its offset, tenant, cause and next attempt") {
  auto view = view_with(lag_state::waiting_retry);
  view.frontier->next_retry = milliseconds{2'300};
  view.lag.parts.done_uncommitted = 500;
  const auto said = judge_lag(view, {});
  CHECK(said.urgency == lag_urgency::waiting);
  CHECK(said.cause == "retry");
  for (const auto* part : {"offset 100", "acme", "3 times", "std::runtime_error", "2.3 s",
                           "500 records done behind it"}) {
    CAPTURE(said.text, part);
    CHECK(has(said.text, part));
  }
  CHECK_FALSE(said.remedy.empty());
}

TEST_CASE("each cause is told from the others") {
  process_view process;
  auto stuck = [](lag_view view) {
    view.stands = milliseconds{45'000};
    return view;
  };
  struct expected {
    lag_view view;
    std::string cause;
    lag_urgency urgency;
  };
  auto guarded = view_with(lag_state::waiting_retry);
  guarded.frontier->held_by_guard = true;
  auto share = unread();
  share.lag.parts.held = 50;
  share.held_for = "acme";
  auto suspects = share;
  suspects.held_for.clear();
  auto silent = view_with(lag_state::in_flight);
  silent.answered = false;
  auto leaving = view_with(lag_state::in_flight);
  leaving.leaving = true;
  auto gone = unread();
  gone.low = 300;
  lag_view done;
  done.lag.span = {100, 200, 200, 200, 200};
  done.lag.parts.done_uncommitted = 100;
  lag_view idle;
  idle.lag.span = {200, 200, 200, 200, 200};
  auto paused = unread();
  paused.pause = pause_view{"", "10.0.0.7", milliseconds{120'000}};
  auto pausing = view_with(lag_state::in_flight);
  pausing.pause = paused.pause;
  pausing.leaving = true;
  auto paused_idle = idle;
  paused_idle.pause = paused.pause;
  const auto of_paused_tenant = [](lag_view view) {
    view.pause = pause_view{"acme", "::1", milliseconds{500}};
    return view;
  };
  const std::vector<expected> cases{
      {paused, "paused", lag_urgency::stuck},
      {stuck(paused), "paused", lag_urgency::stuck},
      {pausing, "paused", lag_urgency::stuck},
      {paused_idle, "paused", lag_urgency::idle},
      {of_paused_tenant(view_with(lag_state::queued)), "tenant_paused", lag_urgency::stuck},
      {of_paused_tenant(view_with(lag_state::waiting_retry)), "tenant_paused", lag_urgency::stuck},
      {of_paused_tenant(view_with(lag_state::in_flight)), "handler", lag_urgency::moving},
      {of_paused_tenant(share), "tenant_paused", lag_urgency::stuck},
      {idle, "none", lag_urgency::idle},
      {lag_view{}, "unknown", lag_urgency::waiting},
      {silent, "actor_silent", lag_urgency::stuck},
      {leaving, "leaving", lag_urgency::moving},
      {guarded, "dlq_guard", lag_urgency::stuck},
      {view_with(lag_state::waiting_dlq), "dlq", lag_urgency::moving},
      {stuck(view_with(lag_state::waiting_dlq)), "dlq", lag_urgency::stuck},
      {view_with(lag_state::in_flight), "handler", lag_urgency::moving},
      {stuck(view_with(lag_state::in_flight)), "handler", lag_urgency::stuck},
      {view_with(lag_state::queued), "turn", lag_urgency::moving},
      {view_with(lag_state::held), "suspect", lag_urgency::moving},
      {share, "tenant_held", lag_urgency::waiting},
      {stuck(share), "tenant_held", lag_urgency::stuck},
      {suspects, "suspects", lag_urgency::moving},
      {unread(), "reading", lag_urgency::moving},
      {stuck(unread()), "fetch", lag_urgency::stuck},
      {gone, "retention", lag_urgency::moving},
      {done, "commit", lag_urgency::moving},
      {stuck(done), "commit", lag_urgency::stuck},
  };
  for (const auto& [view, cause, urgency] : cases) {
    const auto said = judge_lag(view, process);
    CAPTURE(cause, said.text);
    CHECK(said.cause == cause);
    CHECK(said.urgency == urgency);
    CHECK_FALSE(said.text.empty());
    CHECK((urgency != lag_urgency::stuck || !said.remedy.empty()));
  }
}

TEST_CASE("a pause says who made it, for how long it has lasted, and how it ends") {
  auto view = unread();
  view.topic = "events";
  view.partition = 3;
  view.pause = pause_view{"", "10.0.0.7", milliseconds{180'000}};
  auto said = judge_lag(view, {});
  CHECK(said.text == "it is paused by an operator (10.0.0.7) for 3 min");
  CHECK(said.remedy == "streamer process resume --topic events --partition 3");
  view = view_with(lag_state::queued);
  view.pause = pause_view{"acme", "10.0.0.7", milliseconds{180'000}};
  said = judge_lag(view, {});
  CHECK(has(said.text, "tenant acme is paused by an operator (10.0.0.7) for 3 min"));
  CHECK(said.remedy == "streamer process resume --tenant acme");
}

TEST_CASE("a partition that moves is given a remedy where more comes than goes") {
  auto view = view_with(lag_state::in_flight);
  view.lag.parts.unfetched = 0;
  view.lag.parts.in_flight = 200; // all of it is here
  view.age = lag_age{milliseconds{4'000}, false};
  CHECK(judge_lag(view, {}).remedy.empty());
  view.age = lag_age{milliseconds{40'000}, true}; // perhaps
  CHECK(judge_lag(view, {}).remedy.empty());
  view.age = lag_age{milliseconds{40'000}, false};
  CHECK(has(judge_lag(view, {}).remedy, "for tenant acme alone"));
  view.lag.parts.in_flight = 1; // a slow record, and nothing behind it
  CHECK(judge_lag(view, {}).remedy.empty());
  view.lag.parts.unfetched = 200;
  CHECK_FALSE(judge_lag(view, {}).remedy.empty());
}

TEST_CASE("what is wrong around the worker comes before what is wrong with a partition") {
  process_view process;
  SECTION("no broker") {
    process.work.connected = false;
    CHECK(judge_lag(view_with(lag_state::in_flight), process).cause == "brokers");
  }
  SECTION("a refusing dead letter topic") {
    process.dlq_waits = true;
    const auto said = judge_lag(view_with(lag_state::waiting_dlq), process);
    CHECK(said.urgency == lag_urgency::stuck);
    CHECK(has(said.remedy, "streamer doctor"));
  }
  SECTION("outputs that nobody acknowledges") {
    process.work.outputs_waiting = true;
    auto view = view_with(lag_state::in_flight);
    view.stands = milliseconds{60'000};
    CHECK(judge_lag(view, process).cause == "output");
  }
  SECTION("a window that others use up") {
    process.work.credit_used_up = true;
    CHECK(judge_lag(unread(), process).cause == "no_credit");
  }
}

TEST_CASE("the partition that needs somebody comes first") {
  auto silent = unread();
  silent.partition = 0;
  silent.stands = milliseconds{90'000};
  auto old = unread();
  old.partition = 1;
  old.age = lag_age{milliseconds{60'000}, true};
  auto young = unread();
  young.partition = 2;
  young.age = lag_age{milliseconds{1'000}, true};
  auto large = unread();
  large.partition = 3;
  large.lag.parts.unfetched = 5'000;
  lag_view idle;
  idle.partition = 4;
  idle.lag.span = {1, 1, 1, 1, 1};
  std::vector<lag_view> all{idle, large, young, old, silent};
  std::ranges::sort(all, [](const auto& a, const auto& b) {
    return matters_more(a, judge_lag(a, {}), b, judge_lag(b, {}));
  });
  std::vector<std::int32_t> order;
  for (const auto& view : all) {
    order.push_back(view.partition);
  }
  CHECK(order == std::vector<std::int32_t>{0, 1, 2, 3, 4});
}

} // namespace
} // namespace streamer

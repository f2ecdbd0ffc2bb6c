#include "runtime/system/explain_page.hpp"

#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>

#include <set>
#include <string>
#include <variant>

namespace streamer {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;

topic_partition part(std::int32_t number) { return {"events", partition_id{number}}; }

partition_status status_of(std::int32_t number, std::int64_t position, std::int64_t end) {
  partition_status p;
  p.tp = part(number);
  p.epoch = assignment_epoch{static_cast<std::uint64_t>(number) + 1};
  p.low = 0;
  p.position = position;
  p.end = end;
  p.started = true;
  return p;
}

/// Partition 0 without lag, partition 1 with a record of a hostile tenant that waits for a retry.
explain_facts facts() {
  explain_facts all;
  all.group_id = "billing";
  all.source.connected = all.source.joined = true;
  all.source.partitions = {status_of(0, 10, 10), status_of(1, 30, 50)};
  all.asked = {assignment_epoch{1}, assignment_epoch{2}};
  all.now = std::chrono::system_clock::time_point{milliseconds{100'000}};
  partition_explained idle;
  idle.epoch = assignment_epoch{1};
  idle.committed = offset_id{10};
  idle.lag.span = {10, 10, 10, -1, -1};
  partition_explained failing;
  failing.epoch = assignment_epoch{2};
  failing.committed = offset_id{20};
  failing.lag.span = {20, 30, 30, -1, -1};
  failing.lag.parts.waiting_retry = 1;
  failing.lag.parts.done_uncommitted = 9;
  failing.times.oldest.at(static_cast<std::size_t>(lag_state::waiting_retry)) = 40'000;
  failing.times.newest = 90'000;
  frontier_record r;
  r.offset = offset_id{20};
  r.key_mark = "0123456789abcdef";
  r.tenant = "<img src=x>\xFF\x1B[31m";
  r.actor = "retry_supervisor";
  r.where = lag_state::waiting_retry;
  r.attempt = 4;
  r.timestamp_ms = 40'000;
  r.cause = failure_class::exception;
  r.exception = "std::runtime_error";
  r.handler = "book";
  r.next_retry = milliseconds{1'500};
  failing.frontier = r;
  all.answers.emplace(idle.epoch, idle);
  all.answers.emplace(failing.epoch, failing);
  return all;
}

http_request request_with(query_arguments query) { return {"/explain", std::move(query), ""}; }

unsigned refused_with(query_arguments query) {
  const auto read = read_explain_query(request_with(std::move(query)));
  const auto* refused = std::get_if<http_response>(&read);
  return refused == nullptr ? 0 : refused->status;
}

} // namespace

TEST_CASE("The page names what holds the frontier, and the parts add up") {
  const auto page = json::parse(make_explain_page({}, facts()));
  CHECK(page["group_id"] == "billing");
  CHECK(page["lag_records"] == 30);
  REQUIRE(page["partitions"].size() == 2);
  const auto& row = page["partitions"][0]; // what matters first
  CHECK(row["partition"] == 1);
  CHECK(row["verdict"]["cause"] == "retry");
  CHECK(row["committed"] == 20);
  CHECK(row["end"] == 50);
  CHECK(row["lag"]["records"] == 30);
  CHECK(row["lag"]["seconds"] == 60.0);
  std::uint64_t sum = 0;
  std::set<std::string> states;
  for (const auto& [state, part] : row["states"].items()) {
    sum += part["records"].get<std::uint64_t>();
    states.insert(state);
  }
  CHECK(sum == 30);
  CHECK(states == std::set<std::string>{"unfetched", "fetched", "queued", "in_flight",
                                        "waiting_retry", "waiting_dlq", "held",
                                        "done_uncommitted"});
  CHECK(row["states"]["unfetched"] == json{{"records", 20}, {"seconds", 10.0}, {"at_most", true}});
  CHECK(row["states"]["waiting_retry"] == json{{"records", 1}, {"seconds", 60.0}});
  const auto& r = row["frontier"];
  CHECK(r["offset"] == 20);
  CHECK(r["key_hash"] == "0123456789abcdef");
  CHECK(r["attempt"] == 4);
  CHECK(r["age_seconds"] == 60.0);
  CHECK(r["next_retry_seconds"] == 1.5);
  CHECK(r["failure"]["cause"] == "exception");
  CHECK(r["failure"]["handler"] == "book");
  CHECK(page["partitions"][1]["verdict"]["urgency"] == "idle");
  CHECK(page["partitions"][1]["frontier"].is_null());
}

TEST_CASE("A partition whose actor is silent shows what it last published, and says so") {
  auto all = facts();
  all.answers.erase(assignment_epoch{2});
  partition_state state;
  state.span = {20, 28, 28, -1, -1};
  state.lag.in_flight = 2;
  state.lag.done_uncommitted = 6;
  all.accounts.push_back({"events", 1, {}, state});
  const auto page = json::parse(make_explain_page({}, all));
  const auto& row = page["partitions"][0];
  CHECK(row["answered"] == false);
  CHECK(row["verdict"]["cause"] == "actor_silent");
  CHECK(row["states"]["in_flight"]["records"] == 2);
  CHECK(row["states"]["fetched"]["records"] == 2);
  CHECK(row["lag"]["records"] == 30);
}

TEST_CASE("What operators have paused is told with who and for how long") {
  auto all = facts();
  all.source.partitions[0].stopped =
      operator_pause{std::chrono::system_clock::time_point{milliseconds{40'000}}, "10.0.0.7"};
  all.paused_tenants.emplace(
      "<img src=x>\xFF\x1B[31m",
      operator_pause{std::chrono::system_clock::time_point{milliseconds{99'000}}, "::1"});
  const auto page = json::parse(make_explain_page({}, all));
  const auto& tenant = page["partitions"][0];
  CHECK(tenant["verdict"]["cause"] == "tenant_paused");
  CHECK(tenant["paused_by_operator"]["by"] == "::1");
  CHECK(tenant["paused_by_operator"]["seconds"] == 1.0);
  const auto& partition = page["partitions"][1];
  CHECK(partition["verdict"]["cause"] == "paused");
  CHECK(partition["paused_by_operator"] ==
        json{{"by", "10.0.0.7"}, {"seconds", 60.0}, {"tenant", nullptr}});
}

TEST_CASE("A partition that has been given up is no longer explained") {
  auto all = facts();
  all.answers.erase(assignment_epoch{2});
  all.accounts.push_back({"events", 1, {}, std::nullopt});
  CHECK(json::parse(make_explain_page({}, all))["partitions"].size() == 2);
  all.source.partitions[1].leaving = true;
  const auto page = json::parse(make_explain_page({}, all));
  REQUIRE(page["partitions"].size() == 1);
  CHECK(page["partitions"][0]["partition"] == 0);
}

TEST_CASE("A partition that came after the question is left out, never called silent") {
  auto all = facts();
  all.source.partitions.push_back(status_of(2, -1, -1));
  CHECK(json::parse(make_explain_page({}, all))["partitions"].size() == 2);
}

TEST_CASE("Without a known end a partition claims no lag") {
  auto all = facts();
  all.source.partitions = {status_of(0, -1, -1)};
  all.source.partitions.front().low = -1;
  all.answers.at(assignment_epoch{1}) = {};
  all.answers.at(assignment_epoch{1}).epoch = assignment_epoch{1};
  const auto page = json::parse(make_explain_page({}, all));
  CHECK(page["partitions"][0]["end"].is_null());
  CHECK(page["partitions"][0]["verdict"]["cause"] == "unknown");
}

TEST_CASE("One partition is asked for by topic and number, both and well formed") {
  CHECK(refused_with({}) == 0);
  CHECK(refused_with({{"topic", "events"}, {"partition", "3"}}) == 0);
  CHECK(refused_with({{"topic", "events"}}) == 400);
  CHECK(refused_with({{"partition", "3"}}) == 400);
  for (const auto* wrong : {"", "x", "-1", "3x", " 3", "99999999999"}) {
    CAPTURE(wrong);
    CHECK(refused_with({{"topic", "events"}, {"partition", wrong}}) == 400);
  }
  const explain_query query{part(1)};
  const auto all = facts();
  CHECK(epochs_of(query, all.source, {}).size() == 1);
  CHECK(epochs_of(query, all.source, {assignment_epoch{2}}).empty());
  CHECK(json::parse(make_explain_page(query, all))["partitions"].size() == 1);
  const auto refused = not_assigned({part(7)}, all.source);
  CHECK(refused.status == 404);
  CHECK(refused.body.find("events[7]") != std::string::npos);
  CHECK(refused.body.find("events[0], events[1]") != std::string::npos);
  CHECK(refused.body.find("streamer process lag") != std::string::npos);
}

} // namespace streamer

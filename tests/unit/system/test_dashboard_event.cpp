#include "runtime/system/dashboard_event.hpp"

#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>

#include <string>

namespace streamer {
namespace {

using nlohmann::json;

partition_account partition(std::int32_t number, std::uint64_t unread) {
  partition_state state;
  state.lag.unfetched = unread;
  state.lag.waiting_retry = 2;
  state.oldest_unfinished = std::chrono::system_clock::time_point{std::chrono::seconds{40}};
  return {
      "events", number, {.received = 10, .processed = 7, .dead_lettered = 1, .pending = 2}, state};
}

} // namespace

TEST_CASE("An event is one line with all that the page shows") {
  telemetry metrics;
  const credit_pool credit{{100, 1'000}};
  metrics.counter(metric::retries, {{"cause", "timeout"}}).add(5);
  metrics.counter(metric::dead_letters, {{"reason", "unmatched"}}).add(3);
  metrics.histogram(metric::end_to_end_duration).observe_n(0.004, 9);
  metrics.count_tenant("<b>\n\xFF", {.received = 4, .processed = 3, .retried = 2});
  auto gone = partition(2, 50);
  gone.state.reset();
  const dashboard_facts facts{
      "p1",
      "billing",
      {},
      {partition(0, 5), partition(1, 0), gone},
      {{"root", "root", "", 0, {}}, {"handler/a", "handler", "root", 2, {}}},
      {false, {{"not_joined", "not a member yet"}}},
      credit,
      metrics,
      std::chrono::system_clock::time_point{std::chrono::seconds{100}}};
  const auto text = make_dashboard_event(facts);
  CHECK(text.find('\n') == std::string::npos);
  const auto event = json::parse(text);
  CHECK(event["process"] == "p1");
  CHECK(event["group"] == "billing");
  CHECK(event["health"] == json{{"ready", false}, {"reasons", {"not a member yet"}}});
  CHECK(event["totals"]["processed"] == 21);
  CHECK(event["totals"]["pending"] == 6);
  CHECK(event["retries"]["timeout"] == 5);
  CHECK(event["dead_letters"]["unmatched"] == 3);
  const auto& bounds = event["end_to_end"]["bounds"];
  const auto& counts = event["end_to_end"]["counts"];
  REQUIRE(counts.size() == bounds.size() + 1);
  for (std::size_t i = 0; i < counts.size(); ++i) {
    const bool right = i < bounds.size() && bounds[i] == 0.005;
    CHECK(counts[i] == (right ? 9 : 0));
  }
  REQUIRE(event["partitions"]["rows"].size() == 2); // the third has left
  const auto& row = event["partitions"]["rows"][0];
  CHECK(row["lag"].size() == event["lag_states"].size());
  CHECK(row["lag"][0] == 5);
  CHECK(event["lag_states"][4] == "waiting_retry");
  CHECK(row["lag"][4] == 2);
  CHECK(row["age"] == 60.0);
  REQUIRE(event["tenants"]["rows"].size() == 1);
  CHECK(event["tenants"]["rows"][0]["name"] == "<b>\n\uFFFD");
  CHECK(event["actors"]["rows"][1] ==
        json{{"name", "handler/a"}, {"parent", "root"}, {"restarts", 2}});
}

TEST_CASE("An event stays small: the longest lags, supervisors before their many children") {
  telemetry metrics;
  const credit_pool credit{{100, 1'000}};
  dashboard_facts facts{"p", "g", {}, {}, {}, {}, credit, metrics, {}};
  constexpr int many = 5'000;
  for (int i = 0; i < many; ++i) {
    facts.accounts.push_back(partition(i, static_cast<std::uint64_t>(i)));
    facts.actors.push_back({"handler/" + std::to_string(i), "handler", "tenant_supervisor", 0, {}});
  }
  facts.actors.push_back({"tenant_supervisor", "tenant_supervisor", "root", 0, {}});
  const auto text = make_dashboard_event(facts);
  CHECK(text.size() < 100'000);
  const auto event = json::parse(text);
  CHECK(event["partitions"]["rows"].size() == most_event_rows);
  CHECK(event["partitions"]["more"] == many - most_event_rows);
  CHECK(event["partitions"]["rows"].back()["partition"] == many - 1);
  CHECK(event["actors"]["rows"][0]["name"] == "tenant_supervisor");
  CHECK(event["actors"]["more"] == many + 1 - most_event_rows);
}

} // namespace streamer

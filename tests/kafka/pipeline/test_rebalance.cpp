// Partitions that move, and those that stay.
#include <signal.h>

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <map>
#include <set>

#include "tests/support/broker_fixture.hpp"
#include "tests/support/progress.hpp"
#include "tests/support/scenario.hpp"
#include "tests/support/scripted_handlers.hpp"

using namespace streamer::test;

namespace {

std::set<std::int32_t> partitions_of(const scenario& s, const std::string& client) {
  for (const auto& member : describe_group(s.bootstrap, s.group).members) {
    if (member.client_id == client) {
      return {member.partitions.begin(), member.partitions.end()};
    }
  }
  return {};
}

double rebalances(const worker& w) {
  return metric_sum(w.metrics(), "streamer_rebalances_total").value_or(-1);
}

} // namespace

TEST_CASE("Partitions that stay go on while another one is drained", "[alone]") {
  const auto* protocol = GENERATE("classic", "consumer");
  CAPTURE(protocol);
  constexpr int partitions = 4;
  const scenario s{shared_broker(), {.partitions = partitions}};
  auto config = s.scripted("scripted_async");
  config.value("consumer.properties", R"({ "heartbeat.interval.ms" = "500" })");
  config.protocol(protocol);
  config.text("kafka.client_id", "first");
  worker first{s.directory(), "first", config, worker_binary::scripted};
  first.wait_until_ready();
  ledger_producer load{s.bootstrap, s.source};
  load.start({.rate = 1000, .seed = chosen_seed(), .value_bytes = 50});
  std::this_thread::sleep_for(2s);
  // A slow record of a key of its own on each partition: whichever leaves has to wait for it.
  ledger_producer slow{s.bootstrap, s.source};
  const auto begin = wall_ms();
  for (std::int32_t p = 0; p < partitions; ++p) {
    slow.send_to(p, slow.maker().make("slow", "slow-" + std::to_string(p), 20,
                                      {{script_header, "sleep:4000"}}));
  }
  slow.flush();
  config.text("kafka.client_id", "second");
  worker second{s.directory(), "second", config, worker_binary::scripted};
  REQUIRE(wait_for_members(s.bootstrap, s.group, 2, partitions, 40s));
  const auto staying = partitions_of(s, "first");
  REQUIRE(staying.size() == 2);
  std::this_thread::sleep_for(2s);
  const auto end = wall_ms();
  load.stop();
  s.wait_until_drained();
  CHECK(first.stop().code == 0);
  CHECK(second.stop().code == 0);
  auto sent = load.sent();
  const auto slow_sent = slow.sent();
  sent.insert(sent.end(), slow_sent.begin(), slow_sent.end());
  s.require_invariants(sent);

  const auto gaps =
      longest_gaps(times_of_output(sent, read_topic(s.bootstrap, s.output)), begin, end);
  std::int64_t longest = 0;
  std::int64_t moved = 0;
  for (const auto& [partition, gap] : gaps) {
    auto& which = staying.contains(partition) ? longest : moved;
    which = std::max(which, gap);
  }
  evidence(std::string{protocol} + ": largest gap of a partition that stayed " +
           std::to_string(longest) + " ms (goal 200), of one that moved " + std::to_string(moved) +
           " ms");
  // The machine compiles beside it, perhaps: generous.
  CHECK(longest <= 1000);
}

TEST_CASE("Eager rebalances lose, repeat and reorder nothing") {
  const scenario s{shared_broker()};
  auto config = s.forward();
  config.value("consumer.properties",
               R"({ "partition.assignment.strategy" = "range", "heartbeat.interval.ms" = "500" })");
  worker first{s.directory(), "first", config};
  first.wait_until_ready();
  ledger_producer load{s.bootstrap, s.source};
  load.start({.rate = 1000, .seed = chosen_seed()});
  const auto before = rebalances(first);
  {
    worker second{s.directory(), "second", config};
    REQUIRE(wait_for_members(s.bootstrap, s.group, 2, 4, 30s));
    std::this_thread::sleep_for(1s);
    CHECK(second.stop().code == 0);
  }
  REQUIRE(wait_for_members(s.bootstrap, s.group, 1, 4, 30s));
  std::this_thread::sleep_for(1s);
  CHECK(rebalances(first) > before);
  load.stop();
  s.wait_until_drained();
  CHECK(first.stop().code == 0);
  s.require_invariants(load.sent());
}

TEST_CASE(
    "A static member that comes back within its session takes its partitions up again, "
    "without a rebalance") {
  const scenario s{shared_broker()};
  auto config = s.forward();
  config.value("consumer.session_timeout_ms", "20000");
  config.value("consumer.properties", R"({ "heartbeat.interval.ms" = "500" })");
  config.text("consumer.group_instance_id", "static-1");
  worker one{s.directory(), "one", config};
  one.wait_until_ready();
  config.text("consumer.group_instance_id", "static-2");
  auto two = std::make_unique<worker>(s.directory(), "two", config);
  REQUIRE(wait_for_members(s.bootstrap, s.group, 2, 4, 40s));
  two->wait_until_ready();
  ledger_producer load{s.bootstrap, s.source};
  load.start({.rate = 1000, .seed = chosen_seed()});
  std::this_thread::sleep_for(1s);
  const auto before = rebalances(one);
  CHECK(two->stop().code == 0);
  // It stays in the group: no LeaveGroup.
  CHECK(describe_group(s.bootstrap, s.group).members.size() == 2);
  two = std::make_unique<worker>(s.directory(), "two-again", config);
  two->wait_until_ready();
  std::this_thread::sleep_for(1s);
  CHECK(rebalances(one) == before);
  two->program().signal(SIGKILL);
  const auto killed = two->program().wait(5s);
  REQUIRE(killed);
  REQUIRE(killed->signal == SIGKILL);
  two = std::make_unique<worker>(s.directory(), "two-after-kill", config);
  two->wait_until_ready();
  load.stop();
  s.wait_until_drained();
  CHECK(rebalances(one) == before);
  CHECK(one.stop().code == 0);
  CHECK(two->stop().code == 0);
  s.require_invariants(load.sent(), {.duplicates_allowed = 10'000});
}

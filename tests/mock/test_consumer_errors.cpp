#include "tests/kafka/client/recorder.hpp"
#include "tests/mock/mock_cluster.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include <algorithm>
#include <numeric>
#include <random>

namespace streamer::test {
namespace {

settings mock_settings(const mock_cluster& cluster) {
  auto config = client_settings(cluster.bootstrap(), "t", unique_name("group"));
  config.consumer.group_protocol = group_protocol_kind::consumer;
  return config;
}

std::vector<std::int64_t> from_to(std::int64_t first, std::int64_t last) {
  std::vector<std::int64_t> all(static_cast<std::size_t>(last - first));
  std::iota(all.begin(), all.end(), first);
  return all;
}

} // namespace

TEST_CASE("errors of commits are told for what they are") {
  const mock_cluster cluster;
  cluster.create_topic("t", 1);
  const auto config = mock_settings(cluster);
  fill(config, "t", 1, 100);
  recording_consumer consumer{config};
  REQUIRE(wait_until([&] { return consumer.records() == 100; }, 30s));
  const auto [code, expected] = GENERATE(table<rd_kafka_resp_err_t, commit_state>(
      {{RD_KAFKA_RESP_ERR_NO_ERROR, commit_state::committed},
       {RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS, commit_state::again},
       {RD_KAFKA_RESP_ERR_STALE_MEMBER_EPOCH, commit_state::again},
       {RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED, commit_state::again},
       {RD_KAFKA_RESP_ERR_OFFSET_METADATA_TOO_LARGE, commit_state::metadata_too_large},
       {RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID, commit_state::stale}}));
  cluster.fail_next(api::offset_commit, {code});
  consumer.client().commit({{consumer.current(0)->epoch, offset_id{50}, -1, "m"}});
  REQUIRE(wait_until([&] { return consumer.commits().size() == 1; }, 20s));
  INFO(rd_kafka_err2name(code));
  CHECK(consumer.commits()[0].state == expected);
  CHECK(consumer.commits()[0].error ==
        (code == RD_KAFKA_RESP_ERR_NO_ERROR ? std::string{} : rd_kafka_err2name(code)));
}

TEST_CASE("a coordinator that moves or is not there is waited for; the commit goes through") {
  const mock_cluster cluster;
  cluster.create_topic("t", 1);
  const auto config = mock_settings(cluster);
  fill(config, "t", 1, 100);
  recording_consumer consumer{config};
  REQUIRE(wait_until([&] { return consumer.records() == 100; }, 30s));
  cluster.fail_next(api::offset_commit,
                    {RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS,
                     RD_KAFKA_RESP_ERR_NOT_COORDINATOR, RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT});
  // Answered by `again` or sat out by the library: repeated until it is in.
  for (int i = 0; i < 10; ++i) {
    const auto before = consumer.commits().size();
    consumer.client().commit({{consumer.current(0)->epoch, offset_id{60}, -1, "m"}});
    REQUIRE(wait_until([&] { return consumer.commits().size() > before; }, 30s));
    if (consumer.commits().back().state == commit_state::committed) {
      break;
    }
    CHECK(consumer.commits().back().state == commit_state::again);
  }
  CHECK(consumer.commits().back().state == commit_state::committed);
}

TEST_CASE("committed offsets that cannot be had at first are asked for until they come") {
  const mock_cluster cluster;
  cluster.create_topic("t", 2);
  const auto config = mock_settings(cluster);
  fill(config, "t", 2, 100);
  cluster.fail_next(
      api::offset_fetch,
      {RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS, RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED,
       RD_KAFKA_RESP_ERR_NOT_COORDINATOR, RD_KAFKA_RESP_ERR__TRANSPORT});
  recording_consumer consumer{config};
  REQUIRE(wait_until([&] { return consumer.records() == 100; }, 40s));
  CHECK(consumer.owned() == 2);
  CHECK(consumer.epochs().size() == 2);
}

TEST_CASE("a broker that goes and comes back: no end, no loss, connected again") {
  const mock_cluster cluster;
  cluster.create_topic("t", 1);
  auto config = mock_settings(cluster);
  config.kafka.properties["reconnect.backoff.max.ms"] = "500";
  fill(config, "t", 1, 100);
  recording_consumer consumer{config};
  REQUIRE(wait_until([&] { return consumer.records() == 100; }, 30s));
  REQUIRE(wait_until([&] { return consumer.client().status().connected; }, 5s));
  rd_kafka_mock_broker_set_down(cluster.handle(), 1);
  REQUIRE(wait_until([&] { return !consumer.client().status().connected; }, 10s));
  std::this_thread::sleep_for(2s);
  CHECK_FALSE(consumer.failure());
  rd_kafka_mock_broker_set_up(cluster.handle(), 1);
  fill(config, "t", 1, 100);
  REQUIRE(wait_until([&] { return consumer.records() == 200; }, 30s));
  CHECK(wait_until([&] { return consumer.client().status().connected; }, 10s));
  CHECK(consumer.current(0)->offsets == from_to(0, 200));
}

TEST_CASE("fetches that fail in every way deliver each record once, in order, seed by seed") {
  const auto seed = chosen_seed();
  static const std::vector errors{RD_KAFKA_RESP_ERR__TRANSPORT,
                                  RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION,
                                  RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART,
                                  RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE,
                                  RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR,
                                  RD_KAFKA_RESP_ERR_OFFSET_NOT_AVAILABLE,
                                  RD_KAFKA_RESP_ERR_REPLICA_NOT_AVAILABLE,
                                  RD_KAFKA_RESP_ERR_UNKNOWN};
  for (std::uint64_t round = 0; round < 10; ++round) {
    std::mt19937_64 random{seed + round};
    const mock_cluster cluster{2};
    cluster.create_topic("t", 3);
    auto config = mock_settings(cluster);
    config.kafka.properties["reconnect.backoff.max.ms"] = "100";
    config.kafka.properties["fetch.error.backoff.ms"] = "20";
    fill(config, "t", 3, 3'000);
    std::vector<rd_kafka_resp_err_t> plan;
    for (int i = 0; i < 20; ++i) {
      plan.push_back(random() % 2 == 0 ? RD_KAFKA_RESP_ERR_NO_ERROR
                                       : errors[random() % errors.size()]);
    }
    cluster.fail_next(api::fetch, plan);
    recording_consumer consumer{config};
    for (int i = 0; i < 20 && consumer.records() < 3'000; ++i) {
      const auto partition = static_cast<std::int32_t>(random() % 3);
      if (const auto owned = consumer.current(partition)) {
        consumer.client().pause(owned->epoch);
        consumer.client().resume(owned->epoch);
      }
      std::this_thread::sleep_for(milliseconds{random() % 30});
    }
    INFO("seed " << seed + round);
    REQUIRE(wait_until([&] { return consumer.records() >= 3'000; }, 30s));
    for (const auto& each : consumer.epochs()) {
      REQUIRE(each.offsets == from_to(0, 1'000));
    }
  }
}

TEST_CASE("a member that the group has forgotten loses its partitions and commits nothing") {
  const mock_cluster cluster;
  cluster.create_topic("t", 2);
  const auto config = mock_settings(cluster);
  fill(config, "t", 2, 100);
  recording_consumer consumer{config};
  REQUIRE(wait_until([&] { return consumer.records() == 100; }, 30s));
  const auto old = consumer.epochs();
  rd_kafka_mock_push_request_errors(cluster.handle(), 68 /* ConsumerGroupHeartbeat */, 1,
                                    RD_KAFKA_RESP_ERR_FENCED_MEMBER_EPOCH);
  REQUIRE(wait_until(
      [&] {
        const auto all = consumer.epochs();
        return std::ranges::count_if(all, [](const auto& e) { return e.lost; }) == 2;
      },
      30s));
  consumer.client().commit({{old[0].epoch, offset_id{50}, -1, {}}});
  REQUIRE(wait_until([&] { return consumer.commits().size() == 1; }, 5s));
  CHECK(consumer.commits()[0].state == commit_state::stale);
  // And it comes back with new epochs, from the start: nothing had been committed.
  REQUIRE(wait_until([&] { return consumer.owned() == 2 && consumer.records() == 200; }, 30s));
  CHECK(consumer.client().status().losses == 1);
}

} // namespace streamer::test

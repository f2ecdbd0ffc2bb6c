// The tests' own tools on a real broker: without these, a passed test below proves nothing.
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "tests/support/broker_fixture.hpp"
#include "tests/support/commit_history.hpp"
#include "tests/support/ledger_producer.hpp"
#include "tests/support/oracle.hpp"

#include <cstring>

using namespace streamer;
using namespace streamer::test;

TEST_CASE("What the ledger sent is what the reader finds, aborted transactions aside") {
  const auto bootstrap = shared_broker();
  const auto topic = unique_name("tools");
  create_topic(bootstrap, topic, 3);
  ledger_producer producer{bootstrap, topic, unique_name("transaction")};
  std::vector<header> odd{{"x", std::nullopt}, {"x", ""}, {"x", "\r\n\xff"}};
  producer.begin_transaction();
  for (int i = 0; i < 20; ++i) {
    producer.send(producer.maker().make("acme", "key-" + std::to_string(i % 5), 100, odd));
  }
  producer.send(producer.maker().make("acme", std::nullopt, std::nullopt));
  producer.send(producer.maker().make("acme", "", 0));
  producer.commit_transaction();
  producer.begin_transaction();
  for (int i = 0; i < 7; ++i) {
    producer.send(producer.maker().make("acme", "aborted", 100));
  }
  producer.abort_transaction();

  run_record run;
  run.sent = producer.sent();
  run.output = read_topic(bootstrap, topic);
  const auto result = judge(run, {.append_times = false});
  INFO(result.text());
  CHECK(result.holds());
  CHECK(result.acknowledged == 22);
  CHECK(result.forwarded == 22);
  CHECK(read_topic(bootstrap, topic, visibility::everything).size() == 29);
  CHECK(acknowledged(run.sent).size() == 22);
}

TEST_CASE("Every commit of a group is found in the log of commits, with its metadata") {
  const auto bootstrap = shared_broker();
  const auto topic = unique_name("tools");
  const auto group = unique_name("group");
  create_topic(bootstrap, topic, 2);
  const auto client = make_client(RD_KAFKA_CONSUMER, bootstrap,
                                  {{"group.id", group}, {"enable.auto.commit", "false"}});
  const auto before = wall_ms();
  for (std::int64_t offset = 1; offset <= 5; ++offset) {
    const auto list = new_partition_list();
    auto* element = rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), 1);
    element->offset = offset;
    // librdkafka frees it.
    element->metadata = strdup("said");
    element->metadata_size = 4;
    require_ok(rd_kafka_commit(client.get(), list.get(), 0), "commit");
  }
  const auto history = commit_history(bootstrap, group, topic);
  REQUIRE(history.size() == 5);
  for (std::size_t i = 0; i < 5; ++i) {
    CHECK(history[i].partition == 1);
    CHECK(history[i].offset == static_cast<std::int64_t>(i) + 1);
    CHECK(history[i].metadata == "said");
    CHECK(history[i].commit_ms >= before - 1000);
    CHECK(history[i].commit_ms <= wall_ms() + 1000);
  }
  const auto positions = committed_positions(bootstrap, group, topic);
  CHECK(positions.at(0).offset == -1);
  CHECK(positions.at(1).offset == 5);
  CHECK(positions.at(1).metadata == "said");
}

TEST_CASE("A group's members and their partitions are seen under both protocols") {
  const auto* protocol = GENERATE("classic", "consumer");
  CAPTURE(protocol);
  const auto bootstrap = shared_broker();
  const auto topic = unique_name("tools");
  const auto group = unique_name("group");
  create_topic(bootstrap, topic, 3);
  const auto client =
      make_client(RD_KAFKA_CONSUMER, bootstrap,
                  {{"group.id", group}, {"group.protocol", protocol}, {"client.id", "somebody"}});
  const auto topics = new_partition_list();
  rd_kafka_topic_partition_list_add(topics.get(), topic.c_str(), RD_KAFKA_PARTITION_UA);
  require_ok(rd_kafka_subscribe(client.get(), topics.get()), "subscribe");
  REQUIRE(wait_until(
      [&] {
        const message_ptr ignored{rd_kafka_consumer_poll(client.get(), 100)};
        return wait_for_members(bootstrap, group, 1, 3, 0ms);
      },
      20s));
  const auto state = describe_group(bootstrap, group);
  REQUIRE(state.members.size() == 1);
  CHECK(state.members[0].client_id == "somebody");
  CHECK(state.members[0].partitions == std::vector<std::int32_t>{0, 1, 2});
  rd_kafka_consumer_close(client.get());
}

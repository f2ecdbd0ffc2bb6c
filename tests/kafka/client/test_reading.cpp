#include "tests/kafka/client/recorder.hpp"
#include "tests/support/broker_fixture.hpp"
#include "tests/support/kafka_access.hpp"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <numeric>

namespace streamer::test {
namespace {

std::vector<std::int64_t> offsets_between(std::int64_t first, std::int64_t last) {
  std::vector<std::int64_t> all(static_cast<std::size_t>(last - first));
  std::iota(all.begin(), all.end(), first);
  return all;
}

} // namespace

TEST_CASE("every record of a topic arrives once, in offset order, and the end is told after it") {
  const auto broker = shared_broker();
  const auto topic = unique_name("reading");
  create_topic(broker, topic, 4);
  const auto config = client_settings(broker, topic, unique_name("group"));
  fill(config, topic, 4, 40'000);
  recording_consumer consumer{config};
  REQUIRE(wait_until([&] { return consumer.records() >= 40'000; }, 30s));
  REQUIRE(wait_until(
      [&] {
        const auto all = consumer.epochs();
        return std::ranges::all_of(all, [](const auto& e) { return e.end == 10'000; });
      },
      5s));
  for (const auto& each : consumer.epochs()) {
    CHECK(each.offsets == offsets_between(0, 10'000));
    CHECK_FALSE(each.committed.offset);
  }
  CHECK(consumer.credit().held_records() == 0);
  CHECK(consumer.credit().held_bytes() == 0);
  CHECK(consumer.leave());
}

TEST_CASE("a new member goes on at the committed offset and is told its metadata") {
  const auto broker = shared_broker();
  const auto topic = unique_name("commits");
  create_topic(broker, topic, 2);
  const auto config = client_settings(broker, topic, unique_name("group"));
  fill(config, topic, 2, 2'000);
  {
    recording_consumer first{config};
    REQUIRE(wait_until([&] { return first.records() >= 2'000; }, 30s));
    first.commit_all("eyJhIjoxfQ==");
    for (const auto& result : first.commits()) {
      CHECK(result.state == commit_state::committed);
      CHECK(result.offset == offset_id{1'000});
    }
    CHECK(committed_positions(broker, config.consumer.group_id, topic)[1].metadata ==
          "eyJhIjoxfQ==");
    // Everything was committed, so that the last commit repeats the offsets without the metadata.
    CHECK(first.leave());
    CHECK(committed_positions(broker, config.consumer.group_id, topic)[1].offset == 1'000);
    first.client().leave();
  }
  fill(config, topic, 2, 200);
  recording_consumer second{config};
  REQUIRE(wait_until([&] { return second.records() >= 200; }, 30s));
  for (const auto& each : second.epochs()) {
    REQUIRE(each.committed.offset);
    CHECK(each.committed.offset->value() == 1'000);
    CHECK(each.offsets == offsets_between(1'000, 1'100));
  }
  CHECK(second.leave());
  CHECK(describe_group(broker, config.consumer.group_id).members.empty());
}

TEST_CASE("a record comes back byte for byte: nulls, empties, headers, time") {
  const auto broker = shared_broker();
  const auto topic = unique_name("bytes");
  create_topic(broker, topic, 1);
  const auto config = client_settings(broker, topic, unique_name("group"));
  recording_producer producer{config};
  outbound_event nulls;
  nulls.topic = topic;
  outbound_event empties;
  empties.topic = topic;
  empties.key = "";
  empties.value = "";
  outbound_event full;
  full.topic = topic;
  full.key = std::string{"k\0\xff", 3};
  full.value = std::string{"v\0\r\n", 4};
  full.timestamp_ms = 1'700'000'000'123;
  full.headers = {{"a", "1", false}, {"a", "2", false}, {"n", "", true}, {"e", "", false}};
  const auto results = producer.results(producer.send({nulls, empties, full}));
  for (std::size_t i = 0; i < results.size(); ++i) {
    CHECK(results[i].state == delivery_state::acknowledged);
    CHECK(results[i].partition == partition_id{0});
    CHECK(results[i].offset == offset_id{static_cast<std::int64_t>(i)});
    CHECK(results[i].latency_us > 0);
  }
  recording_consumer consumer{config, {.keeps_batches = true}};
  REQUIRE(wait_until([&] { return consumer.records() >= 3; }, 30s));
  std::vector<record_ref> all;
  for (const auto& batch : consumer.batches()) {
    for (std::uint32_t i = 0; i < batch->records().size(); ++i) {
      all.push_back({batch, i});
    }
  }
  REQUIRE(all.size() == 3);
  CHECK(all[0].get().key.is_null());
  CHECK(all[0].get().value.is_null());
  CHECK(all[0].headers().empty());
  CHECK(all[0].header("a").is_null());
  CHECK(all[0].get().timestamp_ms > wall_ms() - 60'000);
  CHECK_FALSE(all[1].get().key.is_null());
  CHECK_FALSE(all[1].get().value.is_null());
  CHECK(all[1].get().value.size() == 0);
  CHECK(all[2].get().key.view() == *full.key);
  CHECK(all[2].get().value.view() == *full.value);
  CHECK(all[2].get().timestamp_ms == full.timestamp_ms);
  CHECK(all[2].get().kind == timestamp_kind::create_time);
  CHECK(all[2].header("a").view() == "2");
  CHECK(all[2].header("n").is_null());
  const auto headers = all[2].headers();
  REQUIRE(headers.size() == 4);
  CHECK(headers[0].value.view() == "1");
  CHECK(headers[2].name == "n");
  CHECK(headers[2].value.is_null());
  CHECK_FALSE(headers[3].value.is_null());

  SECTION("and is forwarded from its batch with its own headers first, then the added ones") {
    outbound_event forwarded;
    forwarded.topic = topic;
    forwarded.keep_alive = all[2];
    forwarded.with_record_headers = true;
    forwarded.headers = {{"b", "3", false}};
    REQUIRE(producer.results(producer.send({forwarded}))[0].state == delivery_state::acknowledged);
    REQUIRE(wait_until([&] { return consumer.records() >= 4; }, 30s));
    const auto copy = record_ref{consumer.batches().back(), 0};
    CHECK(copy.get().key.view() == *full.key);
    CHECK(copy.get().value.view() == *full.value);
    const auto names = copy.headers();
    REQUIRE(names.size() == 5);
    CHECK(names[2].value.is_null());
    CHECK(names[4].name == "b");
  }
}

TEST_CASE("batches outlive the consumer that read them") {
  const auto broker = shared_broker();
  const auto topic = unique_name("outlive");
  create_topic(broker, topic, 1);
  const auto config = client_settings(broker, topic, unique_name("group"));
  fill(config, topic, 1, 100);
  std::vector<record_batch_ptr> kept;
  {
    recording_consumer consumer{config, {.keeps_batches = true}};
    REQUIRE(wait_until([&] { return consumer.records() >= 100; }, 30s));
    kept = consumer.batches();
    CHECK(consumer.leave());
  }
  std::size_t bytes = 0;
  for (const auto& batch : kept) {
    for (const auto& r : batch->records()) {
      bytes += r.value.size();
    }
  }
  CHECK(bytes == 290);
  kept.clear();
}

TEST_CASE(
    "where batches are large fewer queues are filled, and every record arrives all the same") {
  constexpr int partitions = 20;
  constexpr int batches = 4;
  constexpr int records_each = 60; // of 16 KB: a batch of Kafka's is as large as they get
  const auto broker = shared_broker();
  const auto topic = unique_name("large");
  create_topic(broker, topic, partitions);
  const auto config = client_settings(broker, topic, unique_name("group"));
  recording_producer producer{config};
  for (int b = 0; b < batches; ++b) {
    event_batch events(std::size_t{partitions} * records_each);
    for (std::size_t i = 0; i < events.size(); ++i) {
      events[i].topic = topic;
      events[i].partition = partition_id{static_cast<std::int32_t>(i / records_each)};
      events[i].value = std::string(16'000, 'x');
    }
    (void)producer.results(producer.send(std::move(events)));
  }
  recording_consumer consumer{config, {}, {10'000, 4 << 20}};
  REQUIRE(
      wait_until([&] { return consumer.records() >= partitions * batches * records_each; }, 60s));
  CHECK(wait_until([&] { return consumer.client().status().fetch_lanes == 4; }, 5s));
  for (const auto& each : consumer.epochs()) {
    CHECK(each.offsets == offsets_between(0, batches * records_each));
  }
  CHECK(consumer.leave());
}

TEST_CASE("without credit nothing is read, the group is served, and reading resumes") {
  const auto broker = shared_broker();
  const auto topic = unique_name("credit");
  create_topic(broker, topic, 2);
  auto config = client_settings(broker, topic, unique_name("group"));
  config.consumer.session_timeout = milliseconds{6'000};
  config.consumer.max_poll_interval = milliseconds{6'000};
  fill(config, topic, 2, 5'000);
  recording_consumer consumer{
      config, {.gives_credit = false}, {.records = 1'000, .bytes = 64 << 20}};
  REQUIRE(wait_until([&] { return consumer.records() >= 950; }, 30s));
  // Longer than max.poll.interval: a thread that does not serve the group would be thrown out.
  std::this_thread::sleep_for(8s);
  CHECK(consumer.records() <= 1'000);
  CHECK(consumer.owned() == 2);
  CHECK(consumer.client().status().losses == 0);
  while (consumer.records() < 5'000) {
    consumer.give_all_credit();
    REQUIRE(wait_until(
        [&] { return consumer.records() >= 5'000 || consumer.credit().held_records() >= 900; }, 10s,
        1ms));
  }
  for (const auto& each : consumer.epochs()) {
    CHECK(each.offsets == offsets_between(0, 2'500));
  }
}

} // namespace streamer::test

#include "tests/kafka/client/recorder.hpp"
#include "tests/support/broker_fixture.hpp"
#include "tests/support/kafka_access.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include <algorithm>

namespace streamer::test {
namespace {

enum class protocol { cooperative, eager, consumer };

const char* name_of(protocol p) {
  switch (p) {
    case protocol::cooperative: return "cooperative";
    case protocol::eager: return "eager";
    case protocol::consumer: return "consumer";
  }
  return "";
}

void use(settings& config, protocol p) {
  if (p == protocol::eager) {
    config.consumer.properties["partition.assignment.strategy"] = "range";
  } else if (p == protocol::consumer) {
    config.consumer.group_protocol = group_protocol_kind::consumer;
  }
}

/// Writes a record to each partition every few milliseconds until it is destroyed.
class steady_writer {
 public:
  steady_writer(const settings& config, const std::string& topic, std::int32_t partitions)
      : producer_{[&] {
          auto fast = config;
          fast.producer.linger = milliseconds{0};
          return fast;
        }()},
        thread_{[this, topic, partitions](const std::stop_token& stop) {
          while (!stop.stop_requested()) {
            event_batch batch(static_cast<std::size_t>(partitions));
            for (std::int32_t p = 0; p < partitions; ++p) {
              auto& event = batch[static_cast<std::size_t>(p)];
              event.topic = topic;
              event.partition = partition_id{p};
              event.value = "x";
            }
            producer_.send(std::move(batch));
            written_ += static_cast<std::size_t>(partitions);
            std::this_thread::sleep_for(10ms);
          }
        }} {}
  std::size_t stop() {
    thread_.request_stop();
    thread_.join();
    REQUIRE(producer_.client().close(10s));
    return written_;
  }

 private:
  recording_producer producer_;
  std::size_t written_ = 0;
  std::jthread thread_;
};

} // namespace

TEST_CASE("partitions that stay go on while those that leave drain for two seconds", "[alone]") {
  const auto p = GENERATE(protocol::cooperative, protocol::consumer);
  const auto broker = shared_broker();
  const auto topic = unique_name("staying");
  create_topic(broker, topic, 6);
  auto config = client_settings(broker, topic, unique_name("group"));
  use(config, p);
  recording_consumer first{config, {.drains_for = 2s}};
  REQUIRE(wait_until([&] { return first.owned() == 6; }, 30s));
  steady_writer writer{config, topic, 6};
  REQUIRE(wait_until([&] { return first.records() > 500; }, 30s));
  first.reset_gaps();
  recording_consumer second{config, {.drains_for = 2s}};
  REQUIRE(wait_until([&] { return second.owned() == 3 && first.owned() == 3; }, 40s));
  std::this_thread::sleep_for(1s);
  milliseconds largest{0};
  for (const auto& each : first.epochs()) {
    if (!each.revoking) {
      largest = std::max(largest, each.largest_gap);
    }
  }
  evidence(std::string{name_of(p)} + ": largest gap of the 3 partitions that stayed: " +
           std::to_string(largest.count()) + " ms");
  // If they waited for those that drain, it would be two seconds; for a fetch that nothing wakes,
  // half a second with the library's defaults.
  CHECK(largest <= 400ms);
  const auto written = writer.stop();
  REQUIRE(wait_until([&] { return first.records() + second.records() >= written; }, 10s));
  CHECK(first.records() + second.records() == written);
  CHECK(first.leave());
  CHECK(second.leave());
}

TEST_CASE("ownership moves without a record lost or repeated, with the last commit's metadata") {
  const auto p = GENERATE(protocol::cooperative, protocol::eager, protocol::consumer);
  const auto broker = shared_broker();
  const auto topic = unique_name("moving");
  create_topic(broker, topic, 6);
  auto config = client_settings(broker, topic, unique_name("group"));
  use(config, p);
  fill(config, topic, 6, 6'000);
  recording_consumer first{config, {.drains_for = 100ms}};
  REQUIRE(wait_until([&] { return first.records() == 6'000; }, 30s));
  recording_consumer second{config, {.drains_for = 100ms}};
  const auto share = [](const recording_consumer& c) { return c.owned(); };
  REQUIRE(wait_until([&] { return share(first) == 3 && share(second) == 3; }, 40s));
  fill(config, topic, 6, 6'000);
  REQUIRE(wait_until([&] { return first.records() + second.records() >= 12'000; }, 20s));
  CHECK(first.leave());
  REQUIRE(wait_until([&] { return second.owned() == 6; }, 40s));
  fill(config, topic, 6, 6'000);
  REQUIRE(wait_until([&] { return first.records() + second.records() >= 18'000; }, 20s));
  std::this_thread::sleep_for(200ms);
  CHECK(first.records() + second.records() == 18'000);
  for (const auto& each : second.epochs()) {
    REQUIRE(each.committed.offset);
    CHECK(each.committed.offset->value() == each.offsets.front());
    if (each.committed.offset->value() == 1'000 && p != protocol::eager) {
      CHECK(each.committed.metadata == "last");
    }
  }
  evidence(std::string{name_of(p)} + ": 18000 records over two members, none lost or repeated");
  CHECK(second.leave());
}

TEST_CASE("a partition whose drain never ends is given up after the budget, uncommitted") {
  const auto broker = shared_broker();
  const auto topic = unique_name("late");
  create_topic(broker, topic, 2);
  auto config = client_settings(broker, topic, unique_name("group"));
  config.consumer.drain_timeout = 1s;
  fill(config, topic, 2, 200);
  recording_consumer first{config, {.drains_for = std::nullopt}};
  REQUIRE(wait_until([&] { return first.records() == 200; }, 30s));
  recording_consumer second{config};
  REQUIRE(wait_until([&] { return second.owned() == 1; }, 40s));
  REQUIRE(wait_until([&] { return second.records() == 100; }, 10s));
  const auto all = first.epochs();
  CHECK(std::ranges::count_if(all, [](const auto& e) { return e.lost; }) == 1);
  // A late release of an epoch that is gone is ignored.
  for (const auto& each : all) {
    if (each.lost) {
      first.client().release(each.epoch, commit_request{each.epoch, offset_id{100}, -1, {}});
      first.client().commit({{each.epoch, offset_id{100}, -1, {}}});
      REQUIRE(wait_until([&] { return !first.commits().empty(); }, 5s));
      CHECK(first.commits().back().state == commit_state::stale);
    }
  }
}

TEST_CASE("a member without partitions is idle, not broken") {
  const auto p = GENERATE(protocol::cooperative, protocol::consumer);
  const auto broker = shared_broker();
  const auto topic = unique_name("idle");
  create_topic(broker, topic, 1);
  auto config = client_settings(broker, topic, unique_name("group"));
  use(config, p);
  recording_consumer first{config};
  REQUIRE(wait_until([&] { return first.owned() == 1; }, 30s));
  recording_consumer second{config};
  // The group may give the one partition to either.
  REQUIRE(wait_until(
      [&] {
        const auto a = first.client().status();
        const auto b = second.client().status();
        return a.joined && b.joined && a.connected && b.connected &&
               a.idle_member != b.idle_member && first.owned() + second.owned() == 1;
      },
      30s));
  CHECK_FALSE(second.client().status().member_id.empty());
}

TEST_CASE("a static member stays in the group when it leaves in order") {
  const auto broker = shared_broker();
  const auto topic = unique_name("static");
  create_topic(broker, topic, 2);
  auto config = client_settings(broker, topic, unique_name("group"));
  config.consumer.group_instance_id = "instance-1";
  {
    recording_consumer first{config};
    REQUIRE(wait_until([&] { return first.owned() == 2; }, 30s));
    CHECK(first.leave());
  }
  const auto group = describe_group(broker, config.consumer.group_id);
  REQUIRE(group.members.size() == 1);
  CHECK(group.members[0].instance_id == "instance-1");

  SECTION("and its second self fences the first, which ends with code 3") {
    recording_consumer first{config};
    REQUIRE(wait_until([&] { return first.owned() == 2; }, 30s));
    recording_consumer second{config};
    REQUIRE(wait_until([&] { return first.failure().has_value(); }, 30s));
    CHECK(first.failure()->exit_code == 3);
    CHECK(first.failure()->what.find("FENCED") != std::string::npos);
    // The status is written when the loop has told of it.
    CHECK(wait_until([&] { return first.client().status().fatal; }, 30s));
    CHECK(wait_until([&] { return second.owned() == 2; }, 30s));
  }
}

} // namespace streamer::test

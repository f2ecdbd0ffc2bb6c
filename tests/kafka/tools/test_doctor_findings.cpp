// Each finding of `streamer doctor` about sizes, times, lanes and this machine, where that thing is
// really broken.
#include <algorithm>
#include <catch2/catch_test_macros.hpp>

#include "tests/chaos/support/cluster_view.hpp"
#include "tests/kafka/tools/doctor_run.hpp"
#include "tests/support/broker_fixture.hpp"
#include "tests/support/kafka_access.hpp"

using namespace streamer::test;

TEST_CASE("The doctor finds records that are too large for fetch, producer, DLQ and output") {
  const scenario s{shared_broker(), {.source = {{"max.message.bytes", "500000000"}}}};
  const auto found = doctor(s, s.forward());
  CHECK(found.code == 1);
  CHECK(found.not_ok() ==
        names{"problem fetch_size topic " + s.source, "warning dlq_size topic " + s.dlq,
              "warning output_size topic " + s.output, "warning producer_size topic " + s.dlq});
}

TEST_CASE("The doctor finds records that go before they are retried, and offsets before records") {
  const auto broker = shared_broker();
  SECTION("records") {
    const scenario s{broker, {.source = {{"retention.ms", "1000"}}}};
    const auto found = doctor(s, s.forward());
    CHECK(found.code == 0);
    CHECK(found.not_ok() == names{"warning input_retention topic " + s.source});
  }
  SECTION("offsets") {
    // A broker keeps them for a week unless told otherwise.
    const scenario s{broker, {.source = {{"retention.ms", "-1"}}, .dlq = {{"retention.ms", "-1"}}}};
    const auto found = doctor(s, s.forward());
    CHECK(found.code == 0);
    CHECK(found.not_ok() == names{"warning offsets_retention brokers"});
  }
}

TEST_CASE("The doctor finds a DLQ that takes no write, and a pattern that nothing matches") {
  const scenario s{shared_broker(), {.dlq = {{"min.insync.replicas", "2"}}}};
  auto config = s.forward();
  config.value("consumer.topics",
               "[" + toml_text(s.source) + ", " + toml_text("^" + s.source + "-not-there") + "]");
  const auto found = doctor(s, config);
  CHECK(found.code == 1);
  CHECK(found.not_ok() == names{"problem replicas topic " + s.dlq,
                                "warning input_exists pattern ^" + s.source + "-not-there"});
}

TEST_CASE("The doctor finds a lane with other partitions, and suspects that are not kept") {
  const scenario s{shared_broker(), {.partitions = 3}};
  const auto lane = s.source + ".redrive." + s.group;
  const auto suspects = s.group + ".suspects";
  create_topic(s.bootstrap, lane, 2);
  create_topic(s.bootstrap, suspects, 1, {{"cleanup.policy", "delete"}});
  const auto found = doctor(s, s.forward());
  CHECK(found.code == 0);
  CHECK(found.not_ok() == names{"warning lane_partitions topic " + lane,
                                "warning suspects_cleanup topic " + suspects});
}

TEST_CASE("The doctor finds a token file without a token, and too few open files") {
  const scenario s{shared_broker()};
  const auto file = s.directory() / "token";
  write_file(file, "\n");
  auto config = s.forward();
  config.text("admin.token_file", file.string());
  const auto found = doctor(s, config, 1'000);
  CHECK(found.code == 1);
  CHECK(found.not_ok() ==
        names{"problem token_file this machine", "warning open_files this machine"});
}

TEST_CASE("The doctor finds partitions without a leader, and topics with one replica") {
  private_cluster cluster{3};
  const auto create = [&](const std::string& topic, int replicas) {
    create_topic(cluster.bootstrap(), topic, 3, {{"min.insync.replicas", "1"}}, replicas);
  };
  // A broker has one partition each; the DLQ has two copies, of which one is enough.
  const auto source = unique_name("single");
  create(source, 1);
  create(source + ".dlq", 2);
  create(source + ".output", 3);
  create(source + ".lonely", 1);
  const scenario s{cluster.bootstrap()};
  auto config = worker_config{s.bootstrap, s.group, source}.forward_to(source + ".output");
  CHECK(doctor(s, config).not_ok() == names{"warning replicas topic " + source + ".dlq"});
  config.text("dlq.topic", source + ".lonely");
  CHECK(doctor(s, config).not_ok() == names{"warning replicas topic " + source + ".lonely"});
  cluster.stop_broker(3);
  const auto found = doctor(s, config);
  CHECK(found.code == 1);
  const auto wrong = found.not_ok();
  CHECK(std::count(wrong.begin(), wrong.end(), "problem input_exists topic " + source) == 1);
  CHECK(std::count(wrong.begin(), wrong.end(), "warning brokers_up brokers") == 1);
}

TEST_CASE("The doctor names a dead broker, and the topics that cannot be written without it") {
  private_cluster cluster{3, {"broker.session.timeout.ms=3000"}};
  const auto source = unique_name("pair");
  // Two copies of which both are needed: a broker less, and nothing is written.
  create_topic(cluster.bootstrap(), source, 3, {{"min.insync.replicas", "1"}}, 2);
  create_topic(cluster.bootstrap(), source + ".dlq", 3, {{"min.insync.replicas", "2"}}, 2);
  create_topic(cluster.bootstrap(), source + ".output", 3, {{"min.insync.replicas", "2"}}, 2);
  const scenario s{cluster.bootstrap()};
  const auto config = worker_config{s.bootstrap, s.group, source}.forward_to(source + ".output");
  CHECK(doctor(s, config).not_ok().empty());
  cluster.stop_broker(3, true);
  REQUIRE(wait_for_leaders(cluster.bootstrap(), source, 3, 60s));
  const names expected{"problem in_sync topic " + source + ".dlq",
                       "problem in_sync topic " + source + ".output", "warning brokers_up brokers",
                       "warning group_access group " + s.group, "warning in_sync topic " + source};
  names found;
  (void)wait_until(
      [&] {
        found = doctor(s, config).not_ok();
        return found == expected; // leaders and coordinators have to move first
      },
      30s, 500ms);
  CHECK(found == expected);
  cluster.start_broker(3);
  CHECK(wait_until([&] { return doctor(s, config).not_ok().empty(); }, 30s, 500ms));
}

// What is taken away from a worker while it runs: its place in the group, its topic, its progress.
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <map>
#include <optional>
#include <string>

#include "tests/kafka/client/cluster_changes.hpp"
#include "tests/support/broker_fixture.hpp"
#include "tests/support/scenario.hpp"
#include "tests/support/scripted_handlers.hpp"

using namespace streamer::test;

TEST_CASE("Of two workers with one group_instance_id one ends with code 3 and names the key") {
  const scenario s{shared_broker(), {.partitions = 2}};
  auto config = s.forward();
  config.text("consumer.group_instance_id", "the-only-one");
  worker first{s.directory(), "first", config};
  first.wait_until_ready();
  worker second{s.directory(), "second", config};
  const auto ended = first.program().wait(60s);
  INFO(first.log_tail());
  REQUIRE(ended);
  CHECK(ended->code == 3);
  const auto said = first.program().stderr_text();
  CHECK(said.find("consumer.group_instance_id = ") != std::string::npos);
  CHECK(said.find("the-only-one") != std::string::npos);
  second.wait_until_ready(60s);
  ledger_producer producer{s.bootstrap, s.source};
  producer.send(producer.maker().make("acme", "key", 50));
  producer.flush();
  s.wait_until_drained();
  CHECK(second.stop().code == 0);
}

TEST_CASE("A topic that is created anew while it is read is named; its records are not lost") {
  const scenario s{shared_broker(), {.partitions = 1}};
  const bool goes_on = GENERATE(true, false);
  auto config = s.forward();
  if (goes_on) {
    config.text("consumer.on_out_of_range", "earliest");
  }
  worker w{s.directory(), "worker", config};
  w.wait_until_ready();
  const auto send = [&](int count) {
    ledger_producer producer{s.bootstrap, s.source};
    for (int i = 0; i < count; ++i) {
      producer.send(producer.maker().make("acme", "key-" + std::to_string(i % 7), 50));
    }
    producer.flush();
  };
  send(100);
  s.wait_until_drained();
  REQUIRE(read_topic(s.bootstrap, s.output).size() == 100);
  delete_topic(s.bootstrap, s.source);
  create_topic(s.bootstrap, s.source, 1);
  send(40);
  if (goes_on) {
    CHECK(wait_until([&] { return read_topic(s.bootstrap, s.output).size() >= 140; }, 90s, 500ms));
    // Named and counted.
    REQUIRE(w.log().wait_for("topic_recreated", 60s));
    CHECK(w.log().entries("topic_recreated").front().value("topic", "") == s.source);
    CHECK(wait_until(
        [&] {
          return metric_sum(w.metrics(), "streamer_topic_changes_total", {{"kind", "recreated"}}) ==
                 1;
        },
        10s));
    CHECK(w.stop().code == 0);
  } else {
    // Either the group had forgotten the topic with its offsets, or the worker stops and says why.
    CHECK(wait_until(
        [&] { return !w.program().running() || read_topic(s.bootstrap, s.output).size() >= 140; },
        90s, 500ms));
    if (!w.program().running()) {
      CHECK(w.program().wait(1s)->code == 1);
      CHECK(w.program().stderr_text().find("process seek") != std::string::npos);
      CHECK(w.program().stderr_text().find(s.source + "[0]") != std::string::npos);
    } else {
      CHECK(w.log().wait_for("topic_recreated", 60s));
    }
  }
  evidence("log of the worker: " + w.log_tail());
}

namespace {

/// The gauge of the one partition there is, by cause.
std::optional<double> stalled(const scenario& s, const worker& w, const std::string& cause) {
  return metric_sum(w.metrics(), "streamer_stalled_partitions",
                    {{"topic", s.source}, {"partition", "0"}, {"cause", cause}});
}

/// Waits until the partition is said, in log and metric, to stand still because of `cause`.
void require_stalled(const scenario& s, const worker& w, const std::string& cause) {
  INFO(w.log_tail());
  REQUIRE(wait_until([&] { return stalled(s, w, cause) == 1; }, 30s));
  const auto line = w.log().entries("partition_stalled").back();
  CHECK(line.value("topic", "") == s.source);
  CHECK(line.value("partition", -1) == 0);
  CHECK(line.value("cause", "") == cause);
  CHECK(w.health() == 200);
}

/// Waits until it moves again and everything is done.
void require_moving(const scenario& s, worker& w) {
  INFO(w.log_tail());
  REQUIRE(w.log().wait_for("partition_moves", 60s));
  s.wait_until_drained();
  CHECK(wait_until(
      [&] { return metric_sum(w.metrics(), "streamer_stalled_partitions").value_or(0) == 0; },
      10s));
  CHECK(w.stop().code == 0);
}

void send_one(const scenario& s, const std::string& script) {
  ledger_producer producer{s.bootstrap, s.source};
  producer.send(producer.maker().make("acme", "key", 50, {{script_header, script}}));
  producer.flush();
}

worker_config easily_stalled(const scenario& s,
                             const std::map<std::string, std::string>& more = {}) {
  auto config = s.scripted("scripted_async", more);
  config.value("consumer.max_stall_ms", "2000");
  return config;
}

} // namespace

TEST_CASE("A partition that does not move is named with its cause, and when it moves again") {
  const auto broker = shared_broker();
  SECTION("an attempt that does not end") {
    const scenario s{broker, {.partitions = 1}};
    worker w{s.directory(), "worker", easily_stalled(s), worker_binary::scripted};
    w.wait_until_ready();
    send_one(s, "sleep:6000");
    require_stalled(s, w, "handler");
    require_moving(s, w);
    CHECK(w.log().entries("partition_stalled").size() == 1);
  }
  SECTION("a retry that lies in the future") {
    const scenario s{broker, {.partitions = 1}};
    auto config = easily_stalled(s);
    config.value("retry.initial_backoff_ms", "6000");
    config.value("retry.max_backoff_ms", "6000");
    config.value("retry.jitter", "0");
    worker w{s.directory(), "worker", config, worker_binary::scripted};
    w.wait_until_ready();
    send_one(s, "retry:1");
    require_stalled(s, w, "retry");
    require_moving(s, w);
  }
  SECTION("a DLQ that is not there") {
    const scenario s{broker, {.partitions = 1, .with_dlq = false}};
    worker w{s.directory(), "worker", easily_stalled(s), worker_binary::scripted};
    w.wait_until_ready();
    send_one(s, "reject");
    require_stalled(s, w, "dlq");
    create_topic(s.bootstrap, s.dlq, 1);
    require_moving(s, w);
  }
  SECTION("an output whose topic is not there yet") {
    const scenario s{broker, {.partitions = 1}};
    const auto later = s.output + "-later";
    worker w{s.directory(), "worker", easily_stalled(s, {{"to", toml_text(later)}}),
             worker_binary::scripted};
    w.wait_until_ready();
    send_one(s, "retry:0");
    require_stalled(s, w, "output");
    create_topic(s.bootstrap, later, 1);
    require_moving(s, w);
    CHECK(read_topic(s.bootstrap, later).size() == 1);
  }
}

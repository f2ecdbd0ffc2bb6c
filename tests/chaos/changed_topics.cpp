// B7, B8: what operators and retention do to topics and groups while workers run or are away.
#include <algorithm>
#include <array>
#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>
#include <optional>

#include "tests/chaos/support/fleet.hpp"
#include "tests/kafka/client/cluster_changes.hpp"
#include "tests/support/broker_fixture.hpp"
#include "tests/support/kafka_client.hpp"

using namespace streamer;
using namespace streamer::test;

namespace {

// Forgets what a group without members has committed for a topic.
void delete_committed_offsets(const scenario& s, int partitions) {
  const auto client = make_client(RD_KAFKA_PRODUCER, s.bootstrap);
  const queue_ptr queue{rd_kafka_queue_new(client.get())};
  const auto list = new_partition_list(partitions);
  for (std::int32_t p = 0; p < partitions; ++p) {
    rd_kafka_topic_partition_list_add(list.get(), s.source.c_str(), p);
  }
  auto* const request = rd_kafka_DeleteConsumerGroupOffsets_new(s.group.c_str(), list.get());
  std::array<rd_kafka_DeleteConsumerGroupOffsets_t*, 1> requests{request};
  rd_kafka_DeleteConsumerGroupOffsets(client.get(), requests.data(), requests.size(), nullptr,
                                      queue.get());
  const event_ptr event{rd_kafka_queue_poll(queue.get(), 30'000)};
  rd_kafka_DeleteConsumerGroupOffsets_destroy(request);
  REQUIRE(event);
  require_ok(rd_kafka_event_error(event.get()), "delete committed offsets");
}

// A worker that has done and committed `count` records and is gone again.
void do_some(const scenario& s, const worker_config& config, ledger_producer& producer,
             std::uint64_t count) {
  worker w{s.directory(), unique_name("before"), config};
  producer.run({.rate = 1e6, .seed = 1}, count);
  s.wait_until_drained();
  CHECK(w.stop().code == 0);
}

/// How many topics the worker has seen change in this way.
std::optional<double> changes(const worker& w, const std::string& kind) {
  return metric_sum(w.metrics(), "streamer_topic_changes_total", {{"kind", kind}});
}

/// Whether an event is in the log for this topic.
bool tells(const worker& w, std::string_view event, const std::string& topic) {
  const auto entries = w.log().entries(event);
  return std::any_of(entries.begin(), entries.end(),
                     [&](const auto& entry) { return entry.value("topic", "") == topic; });
}

} // namespace

TEST_CASE("B7: partitions are added to a topic that is read", "[B7]") {
  constexpr int before = 3;
  constexpr int after = 8;
  const double rate = scaled(500, 2000);
  chaos_report report{"B7", "partitions added while running"};
  report.needs("partition added", after - before);
  report.rate(rate);
  const scenario s{shared_broker(), {.partitions = before}};
  fleet workers{s, brisk(s.forward()), report};
  workers.add();
  workers.add();
  workers.wait_until_ready();
  ledger_producer load{s.bootstrap, s.source, {}, {{"topic.metadata.refresh.interval.ms", "500"}}};
  load.start({.rate = rate, .seed = report.seed()});
  std::this_thread::sleep_for(2s);
  const auto begin = std::chrono::steady_clock::now();
  add_partitions(s.bootstrap, s.source, after);
  const auto named = [&] {
    const auto entries = workers.at(0).log().entries("partitions_added");
    return std::any_of(entries.begin(), entries.end(), [&](const auto& entry) {
      return entry.value("topic", "") == s.source && entry.value("before", 0) == before &&
             entry.value("partitions", 0) == after;
    });
  };
  REQUIRE(wait_for_members(s.bootstrap, s.group, 2, after, 90s));
  report.recovered(
      "new partitions owned",
      std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - begin), 60s);
  report.fault("partition added", after - before);
  REQUIRE(wait_until(named, 60s, 500ms));
  report.recovered(
      "new partitions named",
      std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - begin), 60s);
  CHECK(wait_until([&] { return changes(workers.at(0), "partitions_added") == 1; }, 10s));
  std::this_thread::sleep_for(3s);
  load.stop();
  s.wait_until_drained();
  workers.stop_all();
  const auto sent = load.sent();
  // The new ones had records, or nothing was shown. The keys have moved to other partitions.
  CHECK(std::any_of(sent.begin(), sent.end(), [](const auto& r) { return r.partition >= before; }));
  report.require_invariants(s, sent, {.ordered = false});
}

TEST_CASE("B7: a topic is deleted and created again while it is read", "[B7]") {
  chaos_report report{"B7", "topic deleted and created again"};
  report.needs("topic deleted", 1);
  report.rate(500);
  const scenario s{shared_broker(), {.partitions = 2}};
  // With `stop`, what may follow here depends on whether the group has taken the partitions away
  // before the topic is there again: if not, the worker stops and names the offsets.
  auto config = s.forward();
  config.text("consumer.on_out_of_range", "earliest");
  worker w{s.directory(), "worker", config};
  w.wait_until_ready();
  ledger_producer old{s.bootstrap, s.source};
  old.run({.rate = 500, .seed = report.seed()}, 1000);
  s.wait_until_drained();
  const auto first = s.collect(old.sent());
  report.require_run(first, {});
  const auto begin = std::chrono::steady_clock::now();
  const auto since = [&] {
    return std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - begin);
  };
  delete_topic(s.bootstrap, s.source);
  report.fault("topic deleted");
  REQUIRE(wait_until([&] { return tells(w, "topic_deleted", s.source); }, 90s, 500ms));
  report.recovered("deletion said", since(), 60s);
  REQUIRE(w.program().running());
  CHECK(wait_until([&] { return changes(w, "deleted") == 1; }, 10s));
  create_topic(s.bootstrap, s.source, 2);
  const auto created = std::chrono::steady_clock::now();
  ledger_producer fresh{s.bootstrap, s.source};
  for (int i = 0; i < 500; ++i) {
    fresh.send(fresh.maker().make("fresh", "key-" + std::to_string(i % 20), 100));
  }
  fresh.flush();
  // All of the new topic is read, by this worker, without help.
  const auto arrived = [&] {
    const auto output = read_topic(s.bootstrap, s.output);
    return std::count_if(output.begin(), output.end(), [](const stored_record& r) {
      return r.header_value(tenant_header) == "fresh";
    });
  };
  const bool all = wait_until([&] { return arrived() >= 500; }, 120s, 1000ms);
  INFO(arrived() << " of 500 records of the new topic have come out\n" << w.log_tail());
  REQUIRE(all);
  report.recovered(
      "new topic read",
      std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - created), 90s);
  s.wait_until_drained();
  REQUIRE(wait_until([&] { return tells(w, "topic_recreated", s.source); }, 60s, 500ms));
  CHECK(wait_until([&] { return changes(w, "recreated") == 1; }, 10s));
  note_memory(report, w);
  CHECK(w.stop().code == 0);
  // Commits of two topics of one name cannot be compared: the new one is judged by its output.
  run_record run;
  run.sent = fresh.sent();
  for (auto& record : read_topic(s.bootstrap, s.output)) {
    if (record.header_value(tenant_header) == "fresh") {
      run.output.push_back(std::move(record));
    }
  }
  report.require_run(run, {});
  report.require_faults();
}

TEST_CASE("B8: retention passes the committed offset", "[B8]") {
  constexpr std::int64_t committed = 300;
  constexpr std::int64_t gone = 200;
  chaos_report report{"B8", "retention passes the committed offset"};
  report.needs("record deleted before it was read", gone);
  report.needs("worker that stopped and said so", 1);
  const scenario s{shared_broker(), {.partitions = 1}};
  auto config = s.forward();
  ledger_producer producer{s.bootstrap, s.source};
  do_some(s, config, producer, committed);
  producer.run({.rate = 1e6, .seed = report.seed()}, 500);
  delete_records(s.bootstrap, s.source, 0, committed + gone);
  report.fault(
      "record deleted before it was read",
      static_cast<std::uint64_t>(topic_ends(s.bootstrap, s.source).at(0).first - committed));
  {
    // The default: nothing is skipped unasked.
    worker w{s.directory(), "stops", config};
    const auto status = w.program().wait(60s);
    INFO(w.log_tail());
    REQUIRE(status);
    CHECK(status->code == 1);
    const auto said = w.program().stderr_text();
    for (const auto& part :
         {s.source + "[0]", "offset " + std::to_string(committed), std::to_string(committed + gone),
          std::string{"streamer process seek"}, std::string{"consumer.on_out_of_range"}}) {
      CAPTURE(part);
      CHECK(said.find(part) != std::string::npos);
    }
    report.fault("worker that stopped and said so");
  }
  CHECK(committed_positions(s.bootstrap, s.group, s.source).at(0).offset == committed);
  config.text("consumer.on_out_of_range", "earliest");
  worker w{s.directory(), "skips", config};
  s.wait_until_drained();
  const auto skipped = w.log().entries("offsets_skipped");
  REQUIRE(skipped.size() == 1);
  CHECK(skipped[0].at("from_offset") == committed);
  CHECK(skipped[0].at("to_offset") == committed + gone);
  CHECK(skipped[0].at("skipped") == gone);
  CHECK(skipped[0].at("partition") == s.source + "[0]");
  CHECK(wait_until(
      [&] { return metric_sum(w.metrics(), "streamer_offsets_skipped_total") == gone; }, 10s));
  CHECK(metric_sum(w.metrics(), "streamer_offsets_out_of_range_total") == 1);
  note_memory(report, w);
  CHECK(w.stop().code == 0);
  // What retention took was never there for the worker; everything else is.
  auto sent = producer.sent();
  for (auto& record : sent) {
    if (record.offset >= committed && record.offset < committed + gone) {
      record.state = sent_state::failed;
    }
  }
  report.require_invariants(s, sent, {.ordered = false, .acknowledged_share = 0.7});
}

TEST_CASE("B8: the committed offsets are deleted", "[B8]") {
  constexpr std::uint64_t count = 400;
  chaos_report report{"B8", "committed offsets deleted"};
  report.needs("committed offset deleted", 2);
  const scenario s{shared_broker(), {.partitions = 2}};
  const auto config = s.forward();
  ledger_producer producer{s.bootstrap, s.source};
  do_some(s, config, producer, count);
  delete_committed_offsets(s, 2);
  for (const auto& [partition, position] : committed_positions(s.bootstrap, s.group, s.source)) {
    report.fault("committed offset deleted", position.offset < 0 ? 1 : 0);
  }
  worker w{s.directory(), "again", config};
  s.wait_until_drained();
  // Told apart: no commit is not a commit that has been passed. Everything is read again.
  CHECK(w.log().entries("offsets_skipped").empty());
  const auto started = w.log().entries("partition_started");
  CHECK(started.size() == 2);
  for (const auto& entry : started) {
    CHECK(entry.at("committed") == -1);
  }
  CHECK(metric_sum(w.metrics(), "streamer_offsets_skipped_total") == 0);
  CHECK(metric_sum(w.metrics(), "streamer_offsets_out_of_range_total") == 0);
  note_memory(report, w);
  CHECK(w.stop().code == 0);
  auto run = s.collect(producer.sent());
  // Commits begin anew: those before the deletion are another history.
  run.commits.clear();
  CHECK(report.require_invariants(s, run, {.duplicates_allowed = count}).duplicates == count);
}

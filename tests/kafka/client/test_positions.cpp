#include "tests/kafka/client/cluster_changes.hpp"
#include "tests/kafka/client/recorder.hpp"
#include "tests/support/broker_fixture.hpp"
#include "tests/support/kafka_access.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include <algorithm>
#include <numeric>
#include <random>

namespace streamer::test {
namespace {

std::vector<std::int64_t> from_to(std::int64_t first, std::int64_t last) {
  std::vector<std::int64_t> all(static_cast<std::size_t>(last - first));
  std::iota(all.begin(), all.end(), first);
  return all;
}

} // namespace

TEST_CASE("over 1000 cycles of pause and resume no record is skipped or repeated") {
  const auto broker = shared_broker();
  const auto topic = unique_name("cycles");
  create_topic(broker, topic, 3);
  const auto config = client_settings(broker, topic, unique_name("group"));
  constexpr std::int64_t each_partition = 400'000;
  fill(config, topic, 3, static_cast<std::size_t>(3 * each_partition));
  std::mt19937_64 random{chosen_seed()};
  recording_consumer consumer{config};
  REQUIRE(wait_until([&] { return consumer.owned() == 3; }, 30s, 1ms));
  std::vector<assignment_epoch> epochs;
  for (const auto& each : consumer.epochs()) {
    epochs.push_back(each.epoch);
  }
  // The drain must last as long as the cycles: at most this much ahead of them.
  int cycles = 0;
  for (; cycles < 1'000; ++cycles) {
    const auto epoch = epochs[random() % epochs.size()];
    consumer.client().pause(epoch);
    if (random() % 2 == 0) {
      std::this_thread::sleep_for(std::chrono::microseconds{random() % 3'000});
    }
    consumer.client().resume(epoch);
    if (random() % 4 != 0) {
      std::this_thread::sleep_for(std::chrono::microseconds{random() % 6'000});
    }
  }
  const auto during = consumer.records();
  REQUIRE(wait_until([&] { return consumer.records() >= 3 * each_partition; }, 60s));
  std::this_thread::sleep_for(200ms);
  for (const auto& each : consumer.epochs()) {
    CHECK(each.offsets == from_to(0, each_partition));
  }
  const auto status = consumer.client().status();
  evidence(std::to_string(cycles) + " cycles, " + std::to_string(during) + " of " +
           std::to_string(consumer.records()) + " records delivered during them, " +
           std::to_string(status.stale_records) + " dropped as stale");
}

TEST_CASE("a resumed partition delivers again at once and holds up no other", "[alone]") {
  const auto broker = shared_broker();
  const auto topic = unique_name("resume");
  create_topic(broker, topic, 4);
  auto config = client_settings(broker, topic, unique_name("group"));
  config.producer.linger = milliseconds{0};
  recording_consumer consumer{config};
  REQUIRE(wait_until([&] { return consumer.owned() == 4; }, 30s));
  recording_producer producer{config};
  std::jthread writer{[&](const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      event_batch batch(4);
      for (std::int32_t p = 0; p < 4; ++p) {
        batch[static_cast<std::size_t>(p)].topic = topic;
        batch[static_cast<std::size_t>(p)].partition = partition_id{p};
        batch[static_cast<std::size_t>(p)].value = "x";
      }
      producer.send(std::move(batch));
      std::this_thread::sleep_for(5ms);
    }
  }};
  REQUIRE(wait_until([&] { return consumer.records() > 400; }, 30s));
  const auto paused = consumer.current(0)->epoch;
  std::vector<milliseconds> resumes;
  std::vector<milliseconds> gaps;
  for (int i = 0; i < 10; ++i) {
    consumer.reset_gaps();
    consumer.client().pause(paused);
    std::this_thread::sleep_for(150ms);
    const auto before = consumer.current(0)->offsets.size();
    const auto from = std::chrono::steady_clock::now();
    consumer.client().resume(paused);
    REQUIRE(wait_until([&] { return consumer.current(0)->offsets.size() > before; }, 5s, 1ms));
    resumes.push_back(
        std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - from));
    std::this_thread::sleep_for(100ms);
    gaps.push_back(std::max({consumer.current(1)->largest_gap, consumer.current(2)->largest_gap,
                             consumer.current(3)->largest_gap}));
  }
  // What holds them up does so every time; one of ten may be the machine.
  std::ranges::sort(resumes);
  std::ranges::sort(gaps);
  evidence("of 10 resumes the slowest took " + std::to_string(resumes.back().count()) +
           " ms; largest gap of the other partitions: " + std::to_string(gaps.back().count()) +
           " ms");
  // A fetch that nothing wakes waits for half a second at the broker, with the library's defaults.
  CHECK(resumes[8] <= 400ms);
  CHECK(gaps[8] <= 400ms);
}

TEST_CASE("restart reads on from the committed offsets under new epochs") {
  const auto broker = shared_broker();
  const auto topic = unique_name("restart");
  create_topic(broker, topic, 2);
  const auto config = client_settings(broker, topic, unique_name("group"));
  fill(config, topic, 2, 20'000);
  recording_consumer consumer{config};
  REQUIRE(wait_until([&] { return consumer.records() == 20'000; }, 30s));
  const auto first = consumer.epochs();
  std::vector<assignment_epoch> old;
  std::vector<commit_request> commits;
  for (const auto& each : first) {
    old.push_back(each.epoch);
    commits.push_back({each.epoch, offset_id{4'000}, -1, "half"});
  }
  // In one go: the restart must see what this commit wrote.
  consumer.client().commit(commits);
  consumer.client().restart(old);
  consumer.client().commit(commits);
  REQUIRE(wait_until([&] { return consumer.records() == 32'000; }, 30s));
  const auto all = consumer.epochs();
  REQUIRE(all.size() == 4);
  for (const auto& each : all) {
    if (std::ranges::find(old, each.epoch) == old.end()) {
      CHECK(each.offsets == from_to(4'000, 10'000));
      CHECK(each.committed.metadata == "half");
    } else {
      CHECK(each.offsets == from_to(0, 10'000));
    }
  }
  const auto results = consumer.commits();
  CHECK(std::ranges::count_if(results,
                              [](const auto& r) { return r.state == commit_state::stale; }) == 2);
}

TEST_CASE("restart in the middle of a drain neither skips nor delivers to the old epoch") {
  const auto broker = shared_broker();
  const auto topic = unique_name("restarts");
  create_topic(broker, topic, 2);
  const auto config = client_settings(broker, topic, unique_name("group"));
  fill(config, topic, 2, 200'000);
  recording_consumer consumer{config};
  for (int i = 0; i < 20; ++i) {
    REQUIRE(wait_until([&] { return consumer.owned() == 2 && consumer.current(0); }, 30s, 1ms));
    std::this_thread::sleep_for(5ms);
    consumer.client().restart({consumer.current(0)->epoch});
  }
  REQUIRE(wait_until(
      [&] {
        return consumer.current(0)->next() == 100'000 && consumer.current(1)->next() == 100'000;
      },
      30s));
  std::size_t old_epochs = 0;
  for (const auto& each : consumer.epochs()) {
    const auto count = static_cast<std::int64_t>(each.offsets.size());
    CHECK(each.offsets == from_to(0, count));
    old_epochs += each.tp.partition == partition_id{0} ? 1U : 0U;
  }
  CHECK(old_epochs > 5);
}

TEST_CASE("a committed offset that retention has passed stops the worker with one clear line") {
  const auto broker = shared_broker();
  const auto topic = unique_name("range");
  create_topic(broker, topic, 1);
  auto config = client_settings(broker, topic, unique_name("group"));
  fill(config, topic, 1, 1'000);
  {
    recording_consumer consumer{config, {.commits_last = false}};
    REQUIRE(wait_until([&] { return consumer.records() == 1'000; }, 30s));
    consumer.client().commit({{consumer.current(0)->epoch, offset_id{100}, -1, {}}});
    REQUIRE(wait_until([&] { return !consumer.commits().empty(); }, 10s));
  }
  delete_records(broker, topic, 0, 600);

  SECTION("by default") {
    recording_consumer consumer{config};
    REQUIRE(wait_until([&] { return consumer.failure().has_value(); }, 30s));
    CHECK(consumer.failure()->exit_code == 1);
    CHECK(consumer.failure()->what ==
          topic +
              "[0]: offset 100 is to be read next, but the log holds 600 to 1000; move the "
              "group with 'streamer process seek', or set consumer.on_out_of_range to "
              "earliest or latest");
    CHECK(consumer.records() == 0);
    CHECK(wait_until([&] { return consumer.client().status().out_of_range == 1; }, 2s));
  }
  SECTION("or goes on at the earliest record, counting what was skipped") {
    config.consumer.on_out_of_range = out_of_range_kind::earliest;
    recording_consumer consumer{config};
    REQUIRE(wait_until([&] { return consumer.records() == 400; }, 30s));
    CHECK(consumer.current(0)->offsets == from_to(600, 1'000));
    REQUIRE(wait_until([&] { return consumer.client().status().skipped_records == 500; }, 2s));
    CHECK_FALSE(consumer.failure());
  }
  SECTION("or at the end, counting what was skipped") {
    config.consumer.on_out_of_range = out_of_range_kind::latest;
    recording_consumer consumer{config};
    REQUIRE(wait_until([&] { return consumer.client().status().skipped_records == 900; }, 30s));
    fill(config, topic, 1, 10);
    REQUIRE(wait_until([&] { return consumer.records() == 10; }, 10s));
    CHECK(consumer.current(0)->offsets == from_to(1'000, 1'010));
  }
}

TEST_CASE("aborted records are never seen and the end lies behind the markers") {
  const auto broker = shared_broker();
  const auto topic = unique_name("transactions");
  create_topic(broker, topic, 1);
  const auto config = client_settings(broker, topic, unique_name("group"));
  write_transaction(broker, topic, 5, true);  // 0–4, marker 5
  write_transaction(broker, topic, 7, false); // 6–12, marker 13
  write_transaction(broker, topic, 3, true);  // 14–16, marker 17
  write_transaction(broker, topic, 2, false); // 18–19, marker 20
  recording_consumer consumer{config};
  REQUIRE(wait_until([&] { return consumer.current(0) && consumer.current(0)->end == 21; }, 30s));
  CHECK(consumer.current(0)->offsets == std::vector<std::int64_t>{0, 1, 2, 3, 4, 14, 15, 16});
  REQUIRE(wait_until([&] { return consumer.client().status().partitions.at(0).end == 21; }, 5s));
  write_transaction(broker, topic, 4, false);
  CHECK(wait_until([&] { return consumer.current(0)->end == 26; }, 10s));
}

TEST_CASE("auto_offset_reset = latest begins at the end") {
  const auto broker = shared_broker();
  const auto topic = unique_name("latest");
  create_topic(broker, topic, 1);
  auto config = client_settings(broker, topic, unique_name("group"));
  config.consumer.auto_offset_reset = offset_reset_kind::latest;
  fill(config, topic, 1, 100);
  recording_consumer consumer{config};
  REQUIRE(wait_until([&] { return consumer.current(0) && consumer.current(0)->end == 100; }, 30s));
  fill(config, topic, 1, 10);
  REQUIRE(wait_until([&] { return consumer.records() == 10; }, 10s));
  CHECK(consumer.current(0)->offsets == from_to(100, 110));
}

TEST_CASE("metadata that is too large is said to be, and the offset is committed with less") {
  const auto broker = shared_broker();
  const auto topic = unique_name("metadata");
  create_topic(broker, topic, 2);
  const auto config = client_settings(broker, topic, unique_name("group"));
  fill(config, topic, 2, 20);
  recording_consumer consumer{config};
  REQUIRE(wait_until([&] { return consumer.records() == 20; }, 30s));
  const auto one = consumer.current(0)->epoch;
  const auto two = consumer.current(1)->epoch;
  consumer.client().commit({{one, offset_id{5}, -1, std::string(4'097, 'x')},
                            {two, offset_id{6}, -1, std::string(4'096, 'x')}});
  REQUIRE(wait_until([&] { return consumer.commits().size() == 2; }, 10s));
  // One code for the whole request.
  for (const auto& result : consumer.commits()) {
    CHECK(result.state == commit_state::metadata_too_large);
    CHECK(result.error == "OFFSET_METADATA_TOO_LARGE");
  }
  consumer.client().commit({{two, offset_id{6}, -1, std::string(4'096, 'x')}});
  REQUIRE(wait_until([&] { return consumer.commits().size() == 3; }, 10s));
  CHECK(consumer.commits().back().state == commit_state::committed);
  consumer.client().release(one, commit_request{one, offset_id{7}, -1, std::string(5'000, 'x')});
  REQUIRE(wait_until(
      [&] {
        const auto stored = committed_positions(broker, config.consumer.group_id, topic);
        return stored.contains(0) && stored.at(0).offset == 7 && stored.at(0).metadata.empty();
      },
      10s));
}

} // namespace streamer::test

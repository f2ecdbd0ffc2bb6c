// Commit metadata that cannot be taken at its word: written for something else (a mirrored group, a
// seek), damaged, or cut by the broker's limit. None of it may lose a record.
#include <signal.h>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/generators/catch_generators_range.hpp>
#include <cstring>

#include "actors/consumer/commit_metadata.hpp"
#include "tests/support/broker_fixture.hpp"
#include "tests/support/scenario.hpp"
#include "tests/support/scripted_handlers.hpp"

using namespace streamer::test;

namespace {

constexpr std::int64_t count = 60;
constexpr std::int64_t committed = 10;

std::string cluster_of(const std::string& bootstrap) {
  const auto client = make_client(RD_KAFKA_PRODUCER, bootstrap);
  char* id = rd_kafka_clusterid(client.get(), 10'000);
  REQUIRE(id != nullptr);
  std::string text{id};
  rd_kafka_mem_free(client.get(), id);
  return text;
}

// As if somebody else's offset had been written into the group.
void commit_as_stranger(const scenario& s, std::int64_t offset, const std::string& metadata) {
  const auto client = make_client(RD_KAFKA_CONSUMER, s.bootstrap,
                                  {{"group.id", s.group}, {"enable.auto.commit", "false"}});
  const auto list = streamer::new_partition_list();
  auto* element = rd_kafka_topic_partition_list_add(list.get(), s.source.c_str(), 0);
  element->offset = offset;
  // librdkafka frees it.
  element->metadata = strdup(metadata.c_str());
  element->metadata_size = metadata.size();
  require_ok(rd_kafka_commit(client.get(), list.get(), 0), "commit");
}

// Says of everything behind the committed offset that it is finished, which it is not.
std::string all_finished(const streamer::metadata_scope& scope) {
  const streamer::offset_id first{scope.base.value() + 1};
  return encode({{}, {{first, streamer::offset_id{count - 1}}}}, scope).text;
}

// A worker over `count` records, of which the group says that the first `committed` are done.
struct outcome {
  std::size_t forwarded = 0; // different offsets from `committed` on
  double ignored = 0;        // by the worker's metric, for this cause
};

outcome run_with(const scenario& s, const std::string& metadata, const std::string& cause) {
  ledger_producer load{s.bootstrap, s.source};
  for (std::int64_t i = 0; i < count; ++i) {
    load.send(load.maker().make("acme", "key-" + std::to_string(i % 5), 50));
  }
  load.flush();
  commit_as_stranger(s, committed, metadata);
  worker w{s.directory(), "worker", s.forward()};
  w.wait_until_ready();
  s.wait_until_drained();
  outcome result;
  result.ignored =
      metric_sum(w.metrics(), "streamer_commit_metadata_ignored_total", {{"cause", cause}})
          .value_or(-1);
  CHECK(w.stop().code == 0);
  result.forwarded = read_topic(s.bootstrap, s.output).size();
  return result;
}

} // namespace

TEST_CASE("Metadata that belongs to something else is ignored and counted: nothing is lost") {
  const auto which = GENERATE(range(0, 6));
  const scenario s{shared_broker(), {.partitions = 1}};
  const auto cluster = cluster_of(s.bootstrap);
  const streamer::partition_id first{0};
  const streamer::offset_id here{committed};
  const std::vector<std::pair<std::string, std::string>> cases{
      {"cluster", all_finished({"mirrored-from", s.source, first, here})},
      {"topic", all_finished({cluster, s.source + "-old", first, here})},
      {"topic", all_finished({cluster, s.source, streamer::partition_id{1}, here})},
      {"base_offset", all_finished({cluster, s.source, first, streamer::offset_id{3}})},
      {"malformed", "written by another program"},
      {"malformed", all_finished({cluster, s.source, first, here}).substr(0, 12)},
  };
  const auto& [cause, metadata] = cases.at(static_cast<std::size_t>(which));
  CAPTURE(cause, metadata);
  const auto result = run_with(s, metadata, cause);
  CHECK(result.ignored == 1);
  CHECK(result.forwarded == count - committed);
}

// What the case above proves nothing without: metadata in the same form is believed where it fits.
TEST_CASE(
    "Metadata that belongs to the commit is believed: what it calls finished is not repeated") {
  const scenario s{shared_broker(), {.partitions = 1}};
  const auto metadata = all_finished({cluster_of(s.bootstrap), s.source, streamer::partition_id{0},
                                      streamer::offset_id{committed}});
  const auto result = run_with(s, metadata, "base_offset");
  CHECK(result.ignored <= 0);
  CHECK(result.forwarded == 1);
}

TEST_CASE("A broker with room for 100 bytes of metadata: less is kept, nothing is lost by a kill") {
  const private_cluster small{1, {"offset.metadata.max.bytes=100"}};
  const scenario s{small.bootstrap(), {.partitions = 1}};
  auto config = s.scripted("scripted_async");
  config.value("consumer.session_timeout_ms", "6000");
  config.value("retry.max_attempts", "1000");
  config.value("retry.max_backoff_ms", "500");
  auto first = std::make_unique<worker>(s.directory(), "first", config, worker_binary::scripted);
  first->wait_until_ready();
  ledger_producer load{s.bootstrap, s.source};
  for (int i = 0; i < 600; ++i) {
    // Every third key fails until the gate opens: many attempts and many ranges to tell.
    load.send(load.maker().make(
        "acme", "key-" + std::to_string(i), 50,
        i % 3 == 0 ? std::vector<header>{{script_header, "until:open"}} : std::vector<header>{}));
  }
  load.flush();
  const auto dropped = [](const worker& w) {
    return metric_sum(w.metrics(), "streamer_commit_metadata_dropped_total").value_or(0);
  };
  REQUIRE(wait_until([&] { return dropped(*first) > 0; }, 30s));
  REQUIRE(wait_until(
      [&] {
        const auto position = committed_positions(s.bootstrap, s.group, s.source).at(0);
        return position.offset == 0 && !position.metadata.empty();
      },
      30s));
  const auto said = committed_positions(s.bootstrap, s.group, s.source).at(0).metadata;
  evidence("metadata of " + std::to_string(said.size()) + " bytes was accepted; " +
           std::to_string(static_cast<long>(dropped(*first))) + " entries were left out");
  CHECK(said.size() <= 100);
  first->program().signal(SIGKILL);
  REQUIRE(first->program().wait(5s));
  s.open_gate("open");
  worker second{s.directory(), "second", config, worker_binary::scripted};
  second.wait_until_ready();
  s.wait_until_drained();
  CHECK(second.stop().code == 0);
  // Whatever the metadata could not say is done again.
  s.require_invariants(load.sent(), {.duplicates_allowed = 600});
}

// D2: topics whose offsets have gaps: compaction, and transactions that were aborted.
#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>
#include <set>

#include "tests/chaos/support/chaos_report.hpp"
#include "tests/support/broker_fixture.hpp"

using namespace streamer::test;

namespace {

// The lag that the product itself reports.
std::int64_t reported_lag(const scenario& s, const worker& w) {
  process_options options;
  options.binary = binary_path(worker_binary::product);
  options.arguments = {"process", "lag", "--config", w.config_file().string(), "--json"};
  options.output = s.directory() / unique_name("lag");
  options.directory = s.directory().path();
  const auto ended = run(options, 30s);
  INFO(ended.out << ended.err);
  REQUIRE(ended.status.code == 0);
  std::int64_t lag = 0;
  std::size_t partitions = 0;
  const auto report = nlohmann::json::parse(ended.out);
  for (const auto& partition : report.at("partitions")) {
    lag += partition.at("lag").get<std::int64_t>();
    ++partitions;
  }
  REQUIRE(partitions == topic_ends(s.bootstrap, s.source).size());
  return lag;
}

} // namespace

TEST_CASE("D2: a compacted topic with gaps is read to its end", "[D2][fast]") {
  chaos_report report{"D2", "compacted topic with gaps"};
  report.needs("record compacted away", 100);
  const scenario s{shared_broker(),
                   {.partitions = 2,
                    .source = {{"cleanup.policy", "compact"},
                               {"min.cleanable.dirty.ratio", "0.001"},
                               {"segment.ms", "300"},
                               {"delete.retention.ms", "100"},
                               {"max.compaction.lag.ms", "500"}}}};
  ledger_producer producer{s.bootstrap, s.source};
  auto& maker = producer.maker();
  for (int round = 0; round < 20; ++round) {
    for (int key = 0; key < 30; ++key) {
      // Some keys end with a tombstone.
      producer.send(maker.make(
          "acme", "key-" + std::to_string(key),
          round == 19 && key % 10 == 0 ? std::nullopt : std::optional<std::size_t>{200}));
    }
  }
  producer.flush();
  std::vector<stored_record> left;
  // Only segments that are closed are compacted: a record now and then closes them.
  REQUIRE(wait_until(
      [&] {
        producer.send_to(0, maker.make("acme", "closer-0", 10));
        producer.send_to(1, maker.make("acme", "closer-1", 10));
        producer.flush();
        left = read_topic(s.bootstrap, s.source);
        return left.size() < 300;
      },
      60s, 500ms));
  report.fault("record compacted away", producer.sent().size() - left.size());
  evidence(std::to_string(left.size()) + " of " + std::to_string(producer.sent().size()) +
           " records are left after compaction");

  worker w{s.directory(), "worker", s.forward()};
  w.wait_until_ready();
  s.wait_until_drained();
  CHECK(reported_lag(s, w) == 0);
  note_memory(report, w);
  CHECK(w.stop().code == 0);
  // What compaction took was never received: it may be missing. The cleaner may have gone on since.
  std::set<std::pair<std::int32_t, std::int64_t>> there;
  for (const auto& record : read_topic(s.bootstrap, s.source)) {
    there.emplace(record.partition, record.offset);
  }
  auto sent = producer.sent();
  for (auto& record : sent) {
    if (!there.contains({record.partition, record.offset})) {
      record.state = sent_state::failed;
    }
  }
  report.require_invariants(s, sent, {.acknowledged_share = 0}); // most is compacted away
}

TEST_CASE("D2: aborted transactions never come out, and lag reaches 0", "[D2][fast]") {
  chaos_report report{"D2", "committed and aborted transactions"};
  report.needs("aborted transaction", 4);
  const scenario s{shared_broker(), {.partitions = 2}};
  ledger_producer producer{s.bootstrap, s.source, unique_name("transaction")};
  worker w{s.directory(), "worker", s.forward()};
  w.wait_until_ready();
  const auto transaction = [&](bool commit) {
    producer.begin_transaction();
    for (int i = 0; i < 40; ++i) {
      producer.send(producer.maker().make("acme", "key-" + std::to_string(i % 9), 100));
    }
    commit ? producer.commit_transaction() : producer.abort_transaction();
    report.fault("aborted transaction", commit ? 0 : 1);
  };
  for (int i = 0; i < 10; ++i) {
    transaction(i % 3 != 1);
  }
  transaction(true);
  s.wait_until_drained();
  CHECK(reported_lag(s, w) == 0);
  // Nothing but aborted records and a marker at the end.
  transaction(false);
  s.wait_until_drained();
  CHECK(reported_lag(s, w) == 0);
  note_memory(report, w);
  CHECK(w.stop().code == 0);
  const auto result = report.require_invariants(s, producer.sent());
  CHECK(result.acknowledged == 320);
  CHECK(read_topic(s.bootstrap, s.source, visibility::everything).size() == 480);
}

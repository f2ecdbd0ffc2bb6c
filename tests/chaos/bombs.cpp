// D3: small batches that become large ones when they are decompressed.
#include <catch2/catch_test_macros.hpp>
#include <map>
#include <set>

#include "tests/chaos/support/fleet.hpp"
#include "tests/support/broker_fixture.hpp"

using namespace streamer::test;

namespace {

constexpr int records_a_bomb = 60;
constexpr std::size_t record_bytes = 900'000; // 54 MB a batch

constexpr std::int32_t refused = 3; // the partition of zstd's

// A record of zeros.
sent_record zeros(record_maker& maker, const std::string& key) {
  auto record = maker.make("bomber", key, 1);
  record.value = std::string(record_bytes, '\0');
  for (auto& h : record.headers) {
    if (h.name == checksum_header) {
      h.value = checksum(*record.value);
    }
  }
  return record;
}

} // namespace

TEST_CASE("D3: decompression bombs in every codec", "[D3]") {
  chaos_report report{"D3",
                      "batches of 54 MB of zeros in every codec, calm partitions beside them"};
  const std::vector<std::string> codecs{"gzip", "snappy", "lz4", "zstd"};
  const auto bombs = static_cast<std::int32_t>(codecs.size());
  report.needs("bombs", codecs.size());
  const scenario s{shared_broker(),
                   {.partitions = bombs + 2, .source = {{"max.message.bytes", "10000000"}}}};
  worker w{s.directory(), "worker", brisk(s.forward())};
  w.wait_until_ready();
  ledger_producer calm{s.bootstrap, s.source};
  const auto quiet_second = [&](std::int32_t& next) {
    for (int i = 0; i < 100; ++i) {
      calm.send_to(bombs + next++ % 2,
                   calm.maker().make("calm", "c" + std::to_string(i % 20), 200));
      std::this_thread::sleep_for(10ms);
    }
  };
  std::int32_t next = 0;
  quiet_second(next);
  std::vector<sent_record> sent;
  const auto thrown_ms = wall_ms();
  for (std::int32_t p = 0; p < bombs; ++p) {
    ledger_producer bomber{s.bootstrap,
                           s.source,
                           {},
                           {{"compression.type", codecs[static_cast<std::size_t>(p)]},
                            {"linger.ms", "1500"},
                            {"batch.size", "100000000"},
                            {"message.max.bytes", "100000000"},
                            {"queue.buffering.max.kbytes", "200000"}}};
    for (int i = 0; i < records_a_bomb; ++i) {
      bomber.send_to(p, zeros(bomber.maker(), codecs[static_cast<std::size_t>(p)]));
    }
    bomber.flush();
    report.fault("bombs");
    for (auto& record : bomber.sent()) {
      sent.push_back(std::move(record));
    }
  }
  const auto all_thrown_ms = wall_ms();
  for (int i = 0; i < 10; ++i) {
    quiet_second(next);
  }
  calm.flush();
  // zstd's does not fit into what the client decompresses at most: that partition waits, and says
  // so. All others are read to their end.
  const auto done = [&](std::int32_t partition) {
    return committed_positions(s.bootstrap, s.group, s.source)[partition].offset ==
           topic_ends(s.bootstrap, s.source)[partition].next;
  };
  for (std::int32_t p = 0; p < bombs + 2; ++p) {
    CAPTURE(p);
    CHECK((p == refused || wait_until([&] { return done(p); }, 60s)));
  }
  const auto peak_kib = w.program().peak_rss_kib();
  std::set<std::int64_t> named;
  for (const auto& line : w.log().entries("batch_too_large")) {
    CHECK(line["topic"] == s.source);
    named.insert(line["partition"].get<std::int64_t>());
  }
  for (const auto& line : w.log().entries("fetch_error")) {
    CHECK(line["topic"] == s.source);
    CHECK(line["error"] == "_BAD_COMPRESSION");
    CHECK(line["partition"] == refused);
    named.insert(line["partition"].get<std::int64_t>());
  }
  const auto counted = metric_sum(w.metrics(), "streamer_large_batches_total").value_or(0);
  CHECK(w.stop().code == 0);
  // What the line advises helps, and nothing is lost.
  auto roomy = brisk(s.forward());
  roomy.value("consumer.memory_budget_mib", "512");
  worker second{s.directory(), "roomy", roomy};
  s.wait_until_drained(120s);
  CHECK(second.stop().code == 0);
  report.figure("peak memory of the worker, MiB", static_cast<double>(peak_kib) / 1024);
  report.figure("partitions alarmed", static_cast<double>(named.size()));
  // Every bomb is named, and nobody else is.
  CHECK(named == std::set<std::int64_t>{0, 1, 2, 3});
  CHECK(counted >= bombs - 1);
  for (auto& record : calm.sent()) {
    sent.push_back(std::move(record));
  }
  const auto run = s.collect(sent);
  std::map<std::string, std::int64_t> sent_at;
  for (const auto& record : run.sent) {
    sent_at[record.id()] = record.sent_ms;
  }
  std::int64_t slowest = 0;
  for (const auto& record : run.output) {
    const auto at = sent_at[record.header_value(id_header).value_or("")];
    if (at >= thrown_ms && record.header_value(tenant_header) == "calm") {
      slowest = std::max(slowest, record.timestamp_ms - at);
    }
  }
  report.figure("slowest calm record, ms", static_cast<double>(slowest));
  report.figure("bombs thrown within, ms", static_cast<double>(all_thrown_ms - thrown_ms));
  CHECK(slowest < 10'000);
  report.require_invariants(s, run, {});
}

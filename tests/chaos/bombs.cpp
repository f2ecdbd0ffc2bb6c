// D3: small batches that become large ones when they are decompressed.
#include <algorithm>
#include <atomic>
#include <catch2/catch_test_macros.hpp>
#include <iterator>
#include <set>
#include <thread>

#include "tests/chaos/support/fleet.hpp"
#include "tests/support/broker_fixture.hpp"
#include "tests/support/progress.hpp"

using namespace streamer::test;

namespace {

constexpr int records_a_bomb = 60;
constexpr std::size_t record_bytes = 900'000; // 54 MB a batch

constexpr std::int32_t refused = 3; // the partition of zstd's
constexpr std::int32_t calm_partitions = 2;

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

// A hundred small records a second to the partitions behind the bombs', from its own thread.
class calm_load {
 public:
  calm_load(const scenario& s, std::int32_t first)
      : producer_{s.bootstrap, s.source}, first_{first}, thread_{[this] { serve(); }} {}
  calm_load(const calm_load&) = delete;
  calm_load& operator=(const calm_load&) = delete;
  ~calm_load() {
    stopping_ = true;
    if (thread_.joinable()) {
      thread_.join();
    }
  }

  std::vector<sent_record> stop() {
    stopping_ = true;
    thread_.join();
    producer_.flush();
    return producer_.sent();
  }

 private:
  void serve() {
    for (std::int32_t n = 0; !stopping_; ++n) {
      producer_.send_to(first_ + n % calm_partitions,
                        producer_.maker().make("calm", "c" + std::to_string(n % 20), 200));
      std::this_thread::sleep_for(10ms);
    }
  }

  ledger_producer producer_;
  std::int32_t first_;
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

std::vector<sent_record> throw_bomb(const scenario& s, std::int32_t partition,
                                    const std::string& codec) {
  ledger_producer bomber{s.bootstrap,
                         s.source,
                         {},
                         {{"compression.type", codec},
                          {"linger.ms", "1500"},
                          {"batch.size", "100000000"},
                          {"message.max.bytes", "100000000"},
                          {"queue.buffering.max.kbytes", "200000"}}};
  for (int i = 0; i < records_a_bomb; ++i) {
    bomber.send_to(partition, zeros(bomber.maker(), codec));
  }
  bomber.flush();
  return bomber.sent();
}

// The partitions that the worker's log has an alarm for.
std::set<std::int64_t> alarmed(const worker& w, const std::string& topic) {
  std::set<std::int64_t> partitions;
  for (const auto& line : w.log().entries("batch_too_large")) {
    CHECK(line["topic"] == topic);
    partitions.insert(line["partition"].get<std::int64_t>());
  }
  for (const auto& line : w.log().entries("fetch_error")) {
    CHECK(line["topic"] == topic);
    CHECK(line["error"] == "_BAD_COMPRESSION");
    CHECK(line["partition"] == refused);
    partitions.insert(line["partition"].get<std::int64_t>());
  }
  return partitions;
}

} // namespace

TEST_CASE("D3: decompression bombs in every codec", "[D3]") {
  chaos_report report{"D3",
                      "batches of 54 MB of zeros in every codec, calm partitions beside them"};
  const std::vector<std::string> codecs{"gzip", "snappy", "lz4", "zstd"};
  const auto bombs = static_cast<std::int32_t>(codecs.size());
  report.needs("bombs", codecs.size());
  const scenario s{
      shared_broker(),
      {.partitions = bombs + calm_partitions, .source = {{"max.message.bytes", "10000000"}}}};
  worker w{s.directory(), "worker", brisk(s.forward())};
  w.wait_until_ready();
  calm_load calm{s, bombs};
  std::this_thread::sleep_for(3s); // warm
  const auto warm = wall_ms();
  std::this_thread::sleep_for(10s);
  const auto calm_until = wall_ms();
  std::vector<sent_record> sent;
  for (std::int32_t p = 0; p < bombs; ++p) {
    const auto& codec = codecs[static_cast<std::size_t>(p)];
    CAPTURE(codec);
    for (auto& record : throw_bomb(s, p, codec)) {
      sent.push_back(std::move(record));
    }
    const auto thrown = wall_ms();
    const bool named = wait_until([&] { return alarmed(w, s.source).contains(p); }, 60s, 100ms);
    if (named) {
      // It was taken in, or refused: before that it is but a small batch in a topic.
      report.fault("bombs");
      report.recovered("bomb alarmed by name", milliseconds{wall_ms() - thrown}, 30s);
    }
    std::this_thread::sleep_for(2s);
    const auto peak_kib = w.program().peak_rss_kib();
    report.figure("peak memory after " + codec + ", MiB", static_cast<double>(peak_kib) / 1024);
    if (!named) {
      report.peak_memory(peak_kib);
    }
  }
  const auto all_thrown = wall_ms();
  // zstd's does not fit into what the client decompresses at most: that partition waits. All others
  // are read to their end.
  for (auto& record : calm.stop()) {
    sent.push_back(std::move(record));
  }
  const auto done = [&](std::int32_t partition) {
    return committed_positions(s.bootstrap, s.group, s.source)[partition].offset ==
           topic_ends(s.bootstrap, s.source)[partition].next;
  };
  for (std::int32_t p = 0; p < bombs + calm_partitions; ++p) {
    CAPTURE(p);
    CHECK((p == refused || wait_until([&] { return done(p); }, 60s)));
  }
  // Every bomb is named, and nobody else is.
  const auto named = alarmed(w, s.source);
  report.figure("partitions alarmed", static_cast<double>(named.size()));
  CHECK(named == std::set<std::int64_t>{0, 1, 2, 3});
  CHECK(metric_sum(w.metrics(), "streamer_large_batches_total").value_or(0) >= bombs - 1);
  CHECK(w.stop().code == 0);
  // What the line advises helps, and nothing is lost.
  auto roomy = brisk(s.forward());
  roomy.value("consumer.memory_budget_mib", "512");
  worker second{s.directory(), "roomy", roomy};
  s.wait_until_drained(120s);
  CHECK(second.stop().code == 0);

  const auto run = s.collect(sent);
  std::vector<sent_record> calm_ones;
  std::copy_if(run.sent.begin(), run.sent.end(), std::back_inserter(calm_ones),
               [](const sent_record& r) { return r.tenant == "calm"; });
  const auto before = latency_percentile(calm_ones, run.output, 0.99, warm, calm_until);
  const auto beside = latency_percentile(calm_ones, run.output, 0.99, calm_until, all_thrown);
  const auto slowest = latency_percentile(calm_ones, run.output, 1, calm_until, all_thrown);
  report.figure("P99 of the calm before, ms", static_cast<double>(before));
  report.figure("P99 of the calm beside bombs, ms", static_cast<double>(beside));
  report.figure("slowest calm record beside bombs, ms", static_cast<double>(slowest));
  REQUIRE(before >= 0);
  REQUIRE(beside >= 0);
  // They share a thread with the decompression of 54 MB, and nothing else.
  CHECK(beside <= before + scaled(5000, 1000));
  CHECK(slowest <= scaled(10'000, 5000));
  report.require_invariants(s, run, {});
}

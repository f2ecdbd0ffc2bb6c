// What the clients' threads cost beside the bare library.
//
//   kafka_bench drain BOOTSTRAP TOPIC COUNT            records/s through consumer_client
//   kafka_bench produce BOOTSTRAP TOPIC COUNT [CODEC]  records/s through producer_client
//
// One JSON line each. The bare loops to compare with are in the benchmark programs of the project.
#include "tests/kafka/client/recorder.hpp"

#include <sys/resource.h>

#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <random>
#include <string_view>

namespace streamer::test {
namespace {

using clock = std::chrono::steady_clock;

double seconds(clock::duration time) { return std::chrono::duration<double>(time).count(); }

double cpu_seconds() {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  const auto of = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return of(used.ru_utime) + of(used.ru_stime);
}

long peak_kib() {
  std::ifstream status{"/proc/self/status"};
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmHWM:")) {
      return std::atol(line.c_str() + 6);
    }
  }
  return 0;
}

/// Gives credit back at once and touches each record as the bare loop does.
class drain final : public source_events {
 public:
  explicit drain(credit_pool& credit) : credit_{credit} {}
  consumer_client* client = nullptr;
  std::atomic<std::int64_t> records{0};
  std::int64_t check = 0;
  clock::time_point first{};
  std::atomic<clock::time_point> last{};

  void on_assigned(std::vector<assigned_partition> partitions) override {
    std::vector<assignment_epoch> epochs;
    for (const auto& partition : partitions) {
      epochs.push_back(partition.epoch);
    }
    client->start(std::move(epochs));
  }
  void on_revoking(std::vector<assignment_epoch> epochs) override {
    for (const auto epoch : epochs) {
      client->release(epoch, std::nullopt);
    }
  }
  void on_stopping(std::vector<assignment_epoch>) override {}
  void on_lost(std::vector<assignment_epoch>) override {}
  void on_records(assignment_epoch epoch, record_batch_ptr batch) override {
    if (first == clock::time_point{}) {
      first = clock::now();
    }
    std::int64_t bytes = 0;
    const auto& all = batch->records();
    for (std::size_t i = 0; i < all.size(); ++i) {
      bytes += static_cast<std::int64_t>(batch->charged_bytes(i));
      check += static_cast<std::int64_t>(all[i].value.size());
      if (const auto tenant = batch->last_header(i, "tenant"); !tenant.is_null()) {
        check += tenant.view()[1];
      }
    }
    next_[epoch] = all.back().offset.next();
    const auto count = static_cast<std::int64_t>(all.size());
    last.store(clock::now());
    records.fetch_add(count);
    credit_.give(count, bytes);
    if (last.load() - committed_ > std::chrono::seconds{1}) {
      committed_ = last.load();
      std::vector<commit_request> requests;
      for (const auto& [owned, offset] : next_) {
        requests.push_back({owned, offset, -1, {}});
      }
      client->commit(std::move(requests));
    }
  }
  void on_end_reached(assignment_epoch, offset_id) override {}
  void on_committed(std::vector<commit_result>) override {}
  void on_failed(source_failure failure) override {
    std::fprintf(stderr, "%s\n", failure.what.c_str());
    std::_Exit(1);
  }
  void on_left() override {}

 private:
  credit_pool& credit_;
  std::map<assignment_epoch, offset_id> next_;
  clock::time_point committed_ = clock::now();
};

int run_drain(const std::string& bootstrap, const std::string& topic, std::int64_t count) {
  const auto config = client_settings(bootstrap, topic, unique_name("bench"));
  credit_pool credit{{}};
  drain events{credit};
  auto client = consumer_client::create(config, events, credit, test_log());
  if (!client) {
    std::fprintf(stderr, "%s\n", client.error().c_str());
    return 1;
  }
  events.client = client.value().get();
  events.client->run();
  if (!wait_until([&] { return events.records.load() >= count; }, milliseconds{120'000},
                  milliseconds{5})) {
    std::fprintf(stderr, "only %lld records\n", static_cast<long long>(events.records.load()));
  }
  const auto time = seconds(events.last.load() - events.first);
  std::printf(
      "{\"records\":%lld,\"secs\":%.3f,\"rate\":%.0f,\"cpu_s\":%.2f,\"hwm_mb\":%ld,"
      "\"check\":%lld}\n",
      static_cast<long long>(events.records.load()), time,
      static_cast<double>(events.records.load()) / time, cpu_seconds(), peak_kib() / 1024,
      static_cast<long long>(events.check));
  client.value().reset();
  return 0;
}

/// Counts acknowledgements.
class acknowledgements final : public sink_events {
 public:
  std::atomic<std::int64_t> good{0};
  std::atomic<std::int64_t> bad{0};
  void on_delivered(std::uint64_t, std::vector<delivery_result> results) override {
    std::int64_t ok = 0;
    for (const auto& result : results) {
      ok += result.state == delivery_state::acknowledged ? 1 : 0;
    }
    bad += static_cast<std::int64_t>(results.size()) - ok;
    good += ok;
    in_flight_.fetch_sub(static_cast<std::int64_t>(results.size()));
    in_flight_.notify_one();
  }
  void on_sink_failed(std::string what) override {
    std::fprintf(stderr, "%s\n", what.c_str());
    std::_Exit(1);
  }
  /// Blocks while too much is on its way, as the actors' credit does.
  void take(std::int64_t count) {
    for (auto now = in_flight_.load(); now > 60'000; now = in_flight_.load()) {
      in_flight_.wait(now);
    }
    in_flight_.fetch_add(count);
  }

 private:
  std::atomic<std::int64_t> in_flight_{0};
};

event_batch_ptr random_batch(const std::string& topic, std::mt19937_64& random) {
  event_batch batch(1000);
  for (auto& event : batch) {
    event.topic = topic;
    const auto key = random() % 10'000;
    event.key = "k" + std::to_string(100'000 + key);
    auto& value = event.value.emplace("{\"t\":1000000000000000000,\"pad\":\"");
    while (value.size() < 198) {
      const auto x = random() % 1000;
      value += static_cast<char>('a' + x % 16);
      value += static_cast<char>('a' + x / 16 % 16);
    }
    value += "\"}";
    event.headers.push_back({"tenant", "t" + std::to_string(key % 8), false});
  }
  return std::make_shared<const event_batch>(std::move(batch));
}

int run_produce(const std::string& bootstrap, const std::string& topic, std::int64_t count,
                std::string_view codec) {
  auto config = client_settings(bootstrap, topic, "bench");
  config.producer.compression = codec == "none" ? compression_kind::none : compression_kind::lz4;
  acknowledgements events;
  auto client = producer_client::create(config, producer_mode::ingest, {}, events, test_log());
  if (!client) {
    std::fprintf(stderr, "%s\n", client.error().c_str());
    return 1;
  }
  // Made ahead, as the bare loop's: what is measured is the client.
  std::mt19937_64 random{1};
  std::vector<event_batch_ptr> batches;
  for (int i = 0; i < 100; ++i) {
    batches.push_back(random_batch(topic, random));
  }
  const auto begin = clock::now();
  for (std::int64_t sent = 0; sent < count;) {
    const auto& batch = batches[static_cast<std::size_t>(sent / 1000) % batches.size()];
    const auto size = static_cast<std::int64_t>(batch->size());
    events.take(size);
    client.value()->submit(static_cast<std::uint64_t>(sent), batch);
    sent += size;
  }
  const bool all = client.value()->close(milliseconds{60'000});
  const auto time = seconds(clock::now() - begin);
  std::printf(
      "{\"acknowledged\":%lld,\"refused\":%lld,\"all\":%d,\"secs\":%.3f,\"rate\":%.0f,"
      "\"cpu_s\":%.2f,\"hwm_mb\":%ld,\"queue_full\":%llu}\n",
      static_cast<long long>(events.good.load()), static_cast<long long>(events.bad.load()),
      all ? 1 : 0, time, static_cast<double>(events.good.load()) / time, cpu_seconds(),
      peak_kib() / 1024, static_cast<unsigned long long>(client.value()->status().queue_full));
  return 0;
}

} // namespace
} // namespace streamer::test

int main(int argc, char** argv) {
  const std::vector<std::string> arguments{argv + 1, argv + argc};
  if (arguments.size() >= 4 && arguments[0] == "drain") {
    return streamer::test::run_drain(arguments[1], arguments[2], std::atoll(argv[4]));
  }
  if (arguments.size() >= 4 && arguments[0] == "produce") {
    return streamer::test::run_produce(arguments[1], arguments[2], std::atoll(argv[4]),
                                       arguments.size() > 4 ? arguments[4] : "lz4");
  }
  std::fputs("usage: kafka_bench drain|produce BOOTSTRAP TOPIC COUNT [lz4|none]\n", stderr);
  return 2;
}

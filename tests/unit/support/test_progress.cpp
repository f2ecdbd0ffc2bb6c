#include "tests/support/progress.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace streamer::test;

namespace {

struct ledger_and_output {
  record_maker maker{"t"};
  std::vector<sent_record> sent;
  std::vector<stored_record> output;

  // Sent to `partition` at `sent_ms`, out at `out_ms` (0: never).
  void record(std::int32_t partition, std::int64_t sent_ms, std::int64_t out_ms) {
    auto one = maker.make("acme", "key-" + std::to_string(partition), 10);
    one.partition = partition;
    one.sent_ms = sent_ms;
    if (out_ms > 0) {
      stored_record out;
      out.timestamp_ms = out_ms;
      out.headers = one.headers;
      output.push_back(std::move(out));
    }
    sent.push_back(std::move(one));
  }
};

} // namespace

TEST_CASE("The longest time without output counts each partition by itself, to both edges") {
  ledger_and_output run;
  run.record(0, 90, 100);
  run.record(0, 90, 700);
  run.record(0, 90, 900);
  run.record(1, 90, 500);
  run.output.emplace_back().timestamp_ms = 510; // of nobody
  const auto gaps = longest_gaps(times_of_output(run.sent, run.output), 100, 1000);
  CHECK(gaps == std::map<std::int32_t, std::int64_t>{{0, 600}, {1, 500}});
  CHECK(longest_gap(times_of_output(run.sent, run.output), 100, 1000) == 600);
  CHECK(longest_gap({}, 0, 1000) == 0);
}

TEST_CASE("Latency is taken from the first copy, over the records sent in the window") {
  ledger_and_output run;
  for (int i = 0; i < 100; ++i) {
    run.record(0, 1000 + i, 1000 + i + i);
  }
  run.record(0, 5000, 9000); // outside
  run.record(0, 1001, 0);    // never came out
  auto copy = run.output[99];
  copy.timestamp_ms += 10'000;
  run.output.push_back(copy);
  CHECK(latency_percentile(run.sent, run.output, 0.5, 1000, 2000) == 50);
  CHECK(latency_percentile(run.sent, run.output, 1.0, 1000, 2000) == 99);
  CHECK(latency_percentile(run.sent, run.output, 0.99, 6000, 7000) == -1);
}

#include "tests/support/oracle.hpp"

#include <catch2/catch_test_macros.hpp>

#include <cstdint>
#include <string>
#include <utility>

using namespace streamer::test;

namespace {

constexpr std::int64_t start_ms = 1'000'000;

// A run in which everything went well: each record n of the source was appended to the output n ms
// after the start and committed one ms later. Tests spoil it.
class run_builder {
 public:
  run_builder& records(int keys, int of_each) {
    for (int n = 0; n < of_each; ++n) {
      for (int k = 0; k < keys; ++k) {
        add("key-" + std::to_string(k));
      }
    }
    return *this;
  }

  sent_record& add(const std::string& key) {
    auto record = maker.make("acme", key, 20, {{"trace", "1"}, {"trace", std::nullopt}});
    record.state = sent_state::acknowledged;
    record.partition = 0;
    record.offset = std::exchange(next_offset, next_offset + 1);
    run.output.push_back(stored(record, "out"));
    run.sent.push_back(record);
    run.commits.push_back({0, next_offset, {}, start_ms + record.offset + 1});
    return run.sent.back();
  }

  static stored_record stored(const sent_record& sent, const std::string& topic) {
    return {topic, 0, sent.offset, start_ms + sent.offset, sent.key, sent.value, sent.headers};
  }

  [[nodiscard]] verdict judged(const expectation& expected = {}) const {
    return judge(run, expected);
  }

  record_maker maker{"in"};
  std::int64_t next_offset = 0;
  run_record run;
};

} // namespace

TEST_CASE(
    "A run in which everything came out once, in order and before its commit has no finding") {
  const auto result = run_builder{}.records(3, 4).judged();
  INFO(result.text());
  CHECK(result.holds());
  CHECK(result.acknowledged == 12);
  CHECK(result.forwarded == 12);
  CHECK(result.duplicates == 0);
  CHECK(result.commits == 12);
}

TEST_CASE("A planted loss is found and named with its place in the source") {
  run_builder b;
  b.records(2, 3);
  b.run.output.erase(b.run.output.begin() + 3);
  b.run.commits.clear();
  const auto result = b.judged();
  CHECK(result.count(invariant::nothing_lost) == 1);
  CHECK(result.count(invariant::order_kept) == 0);
  CHECK(result.text().find("acme/key-1/1 (in[0]@3) is neither") != std::string::npos);
}

TEST_CASE("A record that was not acknowledged may be missing, and may be there") {
  run_builder b;
  b.records(1, 2);
  b.run.sent[0].state = sent_state::failed;
  b.run.sent[1].state = sent_state::pending;
  CHECK(b.judged().holds());
  b.run.output.clear();
  CHECK(b.judged().holds());
}

TEST_CASE("A record in the DLQ is not lost, and its error headers are not held against it") {
  run_builder b;
  b.records(2, 2);
  auto dead = b.run.output.back();
  b.run.output.pop_back();
  dead.headers.push_back({"__dlq.errors.topic", "in"});
  dead.headers.push_back({"streamer.tenant", "acme"});
  b.run.dead.push_back(dead);
  const auto result = b.judged();
  INFO(result.text());
  CHECK(result.holds());
  CHECK(result.dead_lettered == 1);
}

TEST_CASE("Error headers in the output are an invention") {
  run_builder b;
  b.records(1, 1);
  b.run.output[0].headers.push_back({"__dlq.errors.topic", "in"});
  CHECK(b.judged().count(invariant::nothing_invented) == 1);
}

TEST_CASE("Trace context may be added, other headers may not") {
  run_builder b;
  b.records(1, 1);
  b.run.output[0].headers.push_back({"traceparent", "00-1-2-01"});
  CHECK(b.judged().holds());
  b.run.output[0].headers.push_back({"more", "x"});
  CHECK(b.judged().count(invariant::nothing_invented) == 1);
}

TEST_CASE("One altered byte, a changed key, a lost, reordered or null header are all found") {
  run_builder b;
  b.records(1, 1);
  auto& record = b.run.output[0];
  SECTION("value") { (*record.value)[7] = static_cast<char>((*record.value)[7] ^ 1); }
  SECTION("value cut") { record.value->pop_back(); }
  SECTION("null value") { record.value.reset(); }
  SECTION("key") { record.key = "key-1"; }
  SECTION("null key") { record.key.reset(); }
  SECTION("header lost") { record.headers.pop_back(); }
  SECTION("headers swapped") { std::swap(record.headers[3], record.headers[4]); }
  SECTION("null header") { record.headers[3].value.reset(); }
  SECTION("empty for null") { record.headers[4].value = ""; }
  CHECK(b.judged().count(invariant::nothing_invented) == 1);
}

TEST_CASE("An empty value in place of a null one is found, and the other way round") {
  run_builder b;
  b.records(1, 1);
  b.run.sent[0].value.reset();
  b.run.output[0].value = "";
  CHECK(b.judged().count(invariant::nothing_invented) == 1);
  b.run.sent[0].value = "";
  b.run.output[0].value.reset();
  CHECK(b.judged().count(invariant::nothing_invented) == 1);
}

TEST_CASE("What was never sent is found, with and without an identity") {
  run_builder b;
  b.records(1, 2);
  auto foreign = b.run.output[0];
  foreign.headers[1].value = "acme/key-9/0";
  b.run.output.push_back(foreign);
  foreign.headers.clear();
  b.run.dead.push_back(foreign);
  CHECK(b.judged().count(invariant::nothing_invented) == 2);
}

TEST_CASE("A record of an aborted transaction must not come out, and is not missed") {
  run_builder b;
  b.records(1, 2);
  b.run.sent[1].state = sent_state::aborted;
  CHECK(b.judged().count(invariant::nothing_invented) == 1);
  b.run.output.pop_back();
  CHECK(b.judged().holds());
}

TEST_CASE("Duplicates count over output and DLQ together, against the bound") {
  run_builder b;
  b.records(1, 3);
  b.run.output.push_back(b.run.output[0]);
  b.run.dead.push_back(b.run.output[1]);
  expectation expected;
  const auto strict = b.judged(expected);
  CHECK(strict.duplicates == 2);
  CHECK(strict.count(invariant::few_duplicates) == 3); // the sum, and each of the two
  CHECK(strict.text().find("acme/key-0/1 (in[0]@1) is 1 times in the output, 1 times in the DLQ") !=
        std::string::npos);
  expected.duplicates_allowed = 2;
  CHECK(b.judged(expected).holds());
}

TEST_CASE("A swap within a key is a reorder, a swap between keys is not") {
  run_builder b;
  b.records(2, 2); // offsets 0 to 3: key-0, key-1, key-0, key-1
  b.run.commits.clear();
  SECTION("within") {
    std::swap(b.run.output[0].offset, b.run.output[2].offset);
    const auto result = b.judged();
    CHECK(result.count(invariant::order_kept) == 1);
    CHECK(result.text().find("acme/key-0/0 comes after number 1") != std::string::npos);
  }
  SECTION("between") {
    std::swap(b.run.output[0].offset, b.run.output[1].offset);
    CHECK(b.judged().holds());
  }
}

TEST_CASE("Dead letters of a key keep their order too") {
  run_builder b;
  b.records(2, 2); // offsets 0 to 3: key-0, key-1, key-0, key-1
  b.run.commits.clear();
  std::swap(b.run.dead, b.run.output);
  CHECK(b.judged().holds());
  SECTION("within a key") {
    std::swap(b.run.dead[0].offset, b.run.dead[2].offset);
    CHECK(b.judged().count(invariant::order_kept) == 1);
  }
  SECTION("between keys") {
    std::swap(b.run.dead[0].offset, b.run.dead[1].offset);
    CHECK(b.judged().holds());
  }
  SECTION("what overflowed has none") {
    std::swap(b.run.dead[0].offset, b.run.dead[2].offset);
    b.run.dead[2].headers.push_back({"streamer.dlq.reason", "overflow"});
    CHECK(b.judged().holds());
  }
}

TEST_CASE("A record that comes out before its key's dead letter has overtaken it") {
  run_builder b;
  b.records(1, 4); // record n at start + n
  b.run.commits.clear();
  b.run.dead.push_back(b.run.output[1]);
  b.run.output.erase(b.run.output.begin() + 1);
  CHECK(b.judged().holds());
  SECTION("the dead letter was late") {
    b.run.dead[0].timestamp_ms = start_ms + 3; // after number 2, in the same millisecond as 3
    const auto result = b.judged();
    CHECK(result.count(invariant::order_kept) == 1);
    CHECK(result.text().find("acme/key-0/2 (in[0]@2) was forwarded 1 ms before") !=
          std::string::npos);
    CHECK(b.judged({.append_times = false}).holds());
    CHECK(b.judged({.ordered = false}).holds());
  }
  SECTION("a dead letter may come before an output that is still on its way") {
    b.run.dead[0].timestamp_ms = start_ms - 1;
    CHECK(b.judged().holds());
  }
  SECTION("it overflowed, and had no order to keep") {
    b.run.dead[0].timestamp_ms = start_ms + 3;
    b.run.dead[0].headers.push_back({"streamer.dlq.reason", "overflow"});
    CHECK(b.judged().holds());
  }
  SECTION("a late copy in the other topic changes nothing") {
    b.run.dead.push_back(b.run.output[0]);
    b.run.dead.back().offset = 10;
    b.run.dead.back().timestamp_ms = start_ms + 50;
    CHECK(b.judged({.duplicates_allowed = 1}).holds());
  }
}

TEST_CASE("A late copy is a duplicate and not a reorder") {
  run_builder b;
  b.records(1, 3);
  auto copy = b.run.output[0];
  copy.offset = 10;
  b.run.output.push_back(copy);
  CHECK(b.judged({.duplicates_allowed = 1}).holds());
}

TEST_CASE("A key that comes out in two partitions has lost its order") {
  run_builder b;
  b.records(1, 3);
  b.run.output[2].partition = 1;
  CHECK(b.judged().count(invariant::order_kept) == 1);
}

TEST_CASE("A record without a key has no order") {
  run_builder b;
  b.records(1, 3);
  for (std::size_t i = 0; i < 3; ++i) {
    b.run.sent[i].key.reset();
    b.run.output[i].key.reset();
  }
  b.run.commits.clear();
  std::swap(b.run.output[0].offset, b.run.output[2].offset);
  CHECK(b.judged().holds());
}

TEST_CASE("A commit made before a record below it was finished is unsafe") {
  run_builder b;
  b.records(1, 5);
  SECTION("finished later, though everything is there in the end") {
    b.run.output[1].timestamp_ms = start_ms + 4; // committed as below 3 at start + 3
    const auto result = b.judged();
    CHECK(result.count(invariant::commits_safe) == 2); // commit 2 and commit 3
    CHECK(result.text().find("acme/key-0/1 (in[0]@1) finished 2 ms after the commit") !=
          std::string::npos);
  }
  SECTION("the same without append times cannot be seen") {
    b.run.output[1].timestamp_ms = start_ms + 4;
    CHECK(b.judged({.append_times = false}).holds());
  }
  SECTION("never finished, also without append times") {
    b.run.output.erase(b.run.output.begin() + 4);
    CHECK(b.judged({.append_times = false}).count(invariant::commits_safe) == 1);
  }
}

TEST_CASE("The copy that was appended first is the one that counts for a commit") {
  run_builder b;
  b.records(1, 2);
  auto copy = b.run.output[0];
  copy.offset = 10;
  copy.timestamp_ms = start_ms + 100;
  b.run.output.push_back(copy);
  CHECK(b.judged({.duplicates_allowed = 1}).holds());
}

TEST_CASE("A range that a commit calls finished has to be finished, gaps in it aside") {
  run_builder b;
  b.records(1, 6);
  b.run.commits = {{0, 1, {{3, 9}}, start_ms + 4}};
  const auto result = b.judged();
  CHECK(result.count(invariant::commits_safe) == 1); // offset 5 is appended at start + 5
  b.run.commits = {{0, 1, {{3, 9}}, start_ms + 5}};
  CHECK(b.judged().holds());
}

TEST_CASE("A commit that goes back is found: somebody committed who did not own the partition") {
  run_builder b;
  b.records(1, 3);
  b.run.commits.push_back({0, 1, {}, start_ms + 50});
  CHECK(b.judged().count(invariant::commits_safe) == 1);
}

TEST_CASE("A ledger with the same identity twice proves nothing and says so") {
  run_builder b;
  b.records(1, 1);
  b.run.sent.push_back(b.run.sent[0]);
  CHECK(b.judged().text().find("proves nothing") != std::string::npos);
}

TEST_CASE("Many violations are counted in full and shown by example") {
  run_builder b;
  b.records(1, 100);
  b.run.output.clear();
  b.run.commits.clear();
  const auto result = b.judged();
  CHECK(result.count(invariant::nothing_lost) == 100);
  CHECK(result.text().size() < 1000);
}

#include "tests/support/journal.hpp"

#include <catch2/catch_test_macros.hpp>

#include "tests/support/common.hpp"

using namespace streamer;
using namespace streamer::test;

namespace {

journal_attempt tried(std::int64_t offset, std::uint32_t number, std::int64_t begin,
                      std::int64_t end, const std::string& key = "k", int process = 1) {
  return {0, offset, key, "acme", number, process, begin, end, end == 0 ? "" : "retry"};
}

record_ref one_record(std::int64_t offset, std::string_view key) {
  record fields;
  fields.offset = offset_id{offset};
  fields.key = bytes_ref{key};
  return {std::make_shared<detached_records>("in", partition_id{2}, fields,
                                             std::vector<owned_header>{}),
          0};
}

} // namespace

TEST_CASE("Attempts one after the other, each record after its predecessor, are in order") {
  CHECK(order_violations({tried(0, 1, 10, 20), tried(0, 2, 30, 40), tried(1, 1, 40, 50)}).empty());
}

TEST_CASE("Two attempts of one key at the same time are found, in one process only") {
  CHECK(order_violations({tried(0, 1, 10, 20), tried(1, 1, 15, 30)}).size() == 1);
  CHECK(order_violations({tried(0, 1, 10, 20), tried(1, 1, 15, 30, "other")}).empty());
  CHECK(order_violations({tried(0, 1, 10, 0), tried(0, 1, 15, 30, "k", 2)}).empty());
}

TEST_CASE("An attempt that never ended keeps its key") {
  CHECK(order_violations({tried(0, 1, 10, 0), tried(0, 2, 15, 30)}).size() == 1);
}

TEST_CASE("What a process did before it lost its partitions has no order with what came after") {
  const std::vector<journal_attempt> attempts{tried(0, 1, 10, 0), tried(0, 1, 30, 40),
                                              tried(1, 1, 35, 50)};
  CHECK(order_violations(attempts, {{1, {20}}}).size() == 1);
  CHECK(order_violations(attempts, {{2, {20}}}).size() == 2);
  CHECK(order_violations(attempts, {{1, {20, 33}}}).empty());
}

TEST_CASE("A later record between two attempts of an earlier one is found") {
  CHECK(order_violations({tried(0, 1, 10, 20), tried(1, 1, 30, 40), tried(0, 2, 50, 60)}).size() ==
        1);
}

TEST_CASE("How many attempts ran at the same time is counted, those without an end included") {
  CHECK(most_at_once({}) == 0);
  CHECK(most_at_once({tried(0, 1, 10, 20), tried(1, 1, 20, 30), tried(2, 1, 30, 40)}) == 1);
  CHECK(most_at_once({tried(0, 1, 10, 40), tried(1, 1, 20, 30), tried(2, 1, 25, 50)}) == 3);
  CHECK(most_at_once({tried(0, 1, 10, 0), tried(1, 1, 20, 30), tried(2, 1, 40, 50)}) == 2);
}

TEST_CASE("How many records began within a stretch is counted, retries apart") {
  using namespace std::chrono_literals;
  const std::vector<journal_attempt> attempts{tried(0, 1, 0, 5), tried(1, 1, 50, 60),
                                              tried(1, 2, 55, 65), tried(2, 1, 99, 110),
                                              tried(3, 1, 150, 160)};
  CHECK(most_begun({}, 100ns) == 0);
  CHECK(most_begun(attempts, 1ns) == 1);
  CHECK(most_begun(attempts, 100ns) == 3);
  CHECK(most_begun(attempts, 1s) == 4);
}

TEST_CASE("What a journal's writers wrote is read back, an attempt without an end included") {
  const temporary_directory directory;
  const auto file = directory / "journal";
  const auto first = one_record(7, "a");
  const auto second = one_record(8, std::string_view{"\xff\n", 2});
  {
    journal_writer one{file.string()};
    journal_writer other{file.string()};
    one.started({first, "acme", 3});
    other.started({second, "acme", 1});
    one.finished({first, "acme", 3}, "success");
  }
  const auto attempts = read_journal(file);
  REQUIRE(attempts.size() == 2);
  CHECK(attempts[0].offset == 7);
  CHECK(attempts[0].partition == 2);
  CHECK(attempts[0].attempt == 3);
  CHECK(attempts[0].result == "success");
  CHECK(attempts[0].finished_ns >= attempts[0].started_ns);
  CHECK(attempts[1].finished_ns == 0);
  CHECK(attempts[1].result.empty());
  CHECK(by_record(attempts).at({2, 8}).size() == 1);
}

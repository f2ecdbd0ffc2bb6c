#include "tests/chaos/summary/chaos_summary.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <sstream>

using namespace streamer::test;
using nlohmann::json;

namespace {

json result(const std::string& id, const std::string& outcome = "held") {
  return {{"id", id},
          {"what", "a broker's power supply is pulled out and put back in"},
          {"result", outcome},
          {"rate", 2000.0},
          {"faults", {{"kill -9", 12}, {"election", 3}}},
          {"acknowledged", 1'234'567},
          {"lost", outcome == "held" ? 0 : 2},
          {"duplicated", 99'999},
          {"duplicates_allowed", 1'000'000},
          {"dead_lettered", 7},
          {"peak_memory_kib", 61'440},
          {"figures", {{"partitions", 6.0}, {"share", 0.25}}},
          {"recoveries",
           {{"takeover", {{"worst_ms", 2500}, {"limit_ms", 6000}, {"count", 12}}},
            {"election", {{"worst_ms", 12'345}, {"limit_ms", 30'000}, {"count", 3}}}}}};
}

std::size_t columns(const std::string& line) {
  return static_cast<std::size_t>(
      std::count_if(line.begin(), line.end(), [](char c) { return (c & 0xc0) != 0x80; }));
}

} // namespace

TEST_CASE("The table of a chaos run fits 80 columns and shows what counts") {
  const auto table = summary_table({result("A1"), result("B12", "violated")});
  std::istringstream lines{table};
  for (std::string line; std::getline(lines, line);) {
    INFO(line);
    CHECK(columns(line) <= 80);
  }
  for (const auto* part : {"A1 ", "B12 ", "1,234,567", "99,999/1,000,000", "12 s", "held",
                           "violated", "2 runs, 1 not held: 30 faults"}) {
    CAPTURE(part, table);
    CHECK(table.find(part) != std::string::npos);
  }
}

TEST_CASE("Scenarios are sorted by letter and number, parts of one in the order they ran") {
  auto first = result("A2");
  first["what"] = "first part";
  auto second = result("A2");
  second["what"] = "second part";
  const auto sorted = in_order({result("B1"), result("A10"), first, second, result("A1")});
  std::string ids;
  for (const auto& one : sorted) {
    ids += one.at("id").get<std::string>() + " ";
  }
  CHECK(ids == "A1 A2 A2 A10 B1 ");
  CHECK(sorted[1].at("what") == "first part");
}

TEST_CASE("A run holds only if each result does, and there is one") {
  CHECK(not_held({}) == 1);
  CHECK(not_held({result("A1")}) == 0);
  for (const auto* outcome : {"violated", "void", "skipped", "crashed"}) {
    CHECK(not_held({result("A1"), result("A2", outcome)}) == 1);
  }
}

TEST_CASE("A result without figures, as a crashed scenario leaves it, is shown all the same") {
  const json crashed{{"id", "A1"}, {"what", "ended with code 139"}, {"result", "crashed"}};
  CHECK(summary_table({crashed}).find("crashed") != std::string::npos);
  CHECK(summary_page({crashed}, {}).find("crashed") != std::string::npos);
  CHECK(summary_json({crashed}, {}).at("not_held") == 1);
}

TEST_CASE("The page names machine, versions, faults, bounds and recoveries") {
  auto piped = result("A2");
  piped["what"] = "a | in a cell";
  piped["revision"] = "0ld5678"; // held before, and stands
  const auto page = summary_page({result("A1"), piped}, {2, 8000, "0.1.0", "2.14.2", "4.1.1",
                                                         "2026-01-02", "abc1234", "77", "95", "2"});
  CHECK(page.find(
            "Run of 2026-01-02, revision abc1234, seed 77, 95 minutes, 2 scenarios at a time.") !=
        std::string::npos);
  for (const auto* part :
       {"2 cores and 8 GiB", "librdkafka 2.14.2", "Apache Kafka 4.1.1", "12 × kill -9",
        "| abc1234 | held |", "| 0ld5678 | held |", "99,999 (1,000,000)",
        "takeover 2.5 s (≤ 6.0 s)", "1,234,567 (2,000)", "| 60 |", "partitions 6, share 0.25",
        "a \\| in a cell", "**30 faults, 2,469,134"}) {
    CAPTURE(part, page);
    CHECK(page.find(part) != std::string::npos);
  }
}

TEST_CASE("Numbers are grouped by thousands") {
  CHECK(grouped(0) == "0");
  CHECK(grouped(999) == "999");
  CHECK(grouped(1000) == "1,000");
  CHECK(grouped(1'234'567) == "1,234,567");
}

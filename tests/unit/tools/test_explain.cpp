#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>

#include "tools/explain/explain_view.hpp"
#include "tools/text/table.hpp"

namespace streamer::tools {
namespace {

using json = nlohmann::ordered_json;

json part(std::uint64_t records, json seconds = 0.0) {
  return {{"records", records}, {"seconds", std::move(seconds)}};
}

json row(int partition, const std::string& urgency, std::uint64_t lag) {
  return {{"topic", "events"},
          {"partition", partition},
          {"verdict",
           {{"urgency", urgency},
            {"cause", "retry"},
            {"text",
             "the record at offset 20 of tenant \x1b[31mbad has failed 4 times (exception, "
             "std::runtime_error) and its next attempt comes in 1.5 s"},
            {"remedy", "only its key waits; mend what fails, or let it go to the DLQ"}}},
          {"committed", 20},
          {"from", 20},
          {"position", 30},
          {"end", 50},
          {"low", 0},
          {"lag", {{"records", lag}, {"seconds", 60.0}}},
          {"states",
           {{"unfetched", {{"records", 12'345}, {"seconds", 10.0}, {"at_most", true}}},
            {"fetched", part(0)},
            {"queued", part(0)},
            {"in_flight", part(0)},
            {"waiting_retry", part(1, 60.0)},
            {"waiting_dlq", part(0)},
            {"held", part(0)},
            {"done_uncommitted", part(9, nullptr)}}},
          {"frontier",
           {{"offset", 20},
            {"key_hash", "0123456789abcdef"},
            {"tenant", "\x1b[31mbad" + std::string(120, 'x')},
            {"actor", "retry_supervisor"},
            {"state", "waiting_retry"},
            {"running", false},
            {"attempt", 4},
            {"age_seconds", 60.0},
            {"here_seconds", 59.0},
            {"next_retry_seconds", 1.5},
            {"failure", {{"cause", "exception"}, {"exception", "std::runtime_error"}}}}},
          {"answered", true}};
}

json page(json rows) {
  return {{"joined", true}, {"lag_records", 12'355}, {"partitions", std::move(rows)}};
}

bool has(const std::string& text, std::string_view what) {
  return text.find(what) != std::string::npos;
}

void check_lines(const std::string& text) {
  std::istringstream lines{text};
  for (std::string line; std::getline(lines, line);) {
    INFO(line);
    CHECK(shown_width(line) <= 80);
    CHECK(line.find('\x1b') == std::string::npos);
  }
}

TEST_CASE("all partitions are listed with their verdicts, those without lag in one line") {
  const auto shown = show_explanation(
      page({row(1, "stuck", 12'355), row(0, "idle", 0), row(2, "idle", 0)}).dump(), 80, false);
  REQUIRE(shown);
  CHECK(shown->stuck);
  check_lines(shown->text);
  CHECK(has(shown->text, "events[1]  stuck  12,355 records"));
  CHECK(has(shown->text, "-> only its key waits"));
  CHECK(has(shown->text, "2 without lag: events[0] events[2]"));
  CHECK(has(shown->text, "lag: 12,355"));
  CHECK_FALSE(has(shown->text, "key hash"));
}

TEST_CASE("one partition is shown in full, within the width") {
  const auto shown = show_explanation(page({row(1, "waiting", 12'355)}).dump(), 80, true);
  REQUIRE(shown);
  CHECK_FALSE(shown->stuck);
  check_lines(shown->text);
  for (const auto* part :
       {"events[1]: waiting", "committed 20, end 50", "unfetched", "12,345", "<= 10.0 s",
        "0123456789abcdef", "waiting_retry", "in 1.5 s", "exception, std::runtime_error"}) {
    CAPTURE(part, shown->text);
    CHECK(has(shown->text, part));
  }
  // In the order of a record's life, as the worker gives them.
  CHECK(shown->text.find("unfetched") < shown->text.find("done_uncommitted"));
}

TEST_CASE("a worker without partitions says whether it stands by") {
  auto empty = page(json::array());
  empty["lag_records"] = 0;
  CHECK(has(show_explanation(empty.dump(), 80, false)->text, "stands by"));
  empty["joined"] = false;
  CHECK(has(show_explanation(empty.dump(), 80, false)->text, "has not joined"));
}

TEST_CASE("an answer of something else is no explanation") {
  for (const auto* body : {"", "not found", "{}", "[]", "{\"partitions\":[{}]}",
                           "{\"partitions\":3,\"lag_records\":1}"}) {
    CAPTURE(body);
    CHECK_FALSE(show_explanation(body, 80, true).has_value());
  }
}

TEST_CASE("the topic cannot leave its place in the query") {
  CHECK(explain_path(std::nullopt, std::nullopt) == "/explain");
  CHECK(explain_path("a&b=c#/ ", 3) == "/explain?topic=a%26b%3Dc%23%2F%20&partition=3");
}

TEST_CASE("prose is broken at blanks and never wider than asked") {
  CHECK(folded("one two three", 9, 2) == "  one two\n  three\n");
  CHECK(folded("", 20, 2).empty());
  CHECK(folded("  a   b ", 20, 0) == "a b\n");
  CHECK(folded(std::string(30, 'x'), 12, 2) == "  xxxxxxxxx…\n");
}

} // namespace
} // namespace streamer::tools

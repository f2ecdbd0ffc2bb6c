#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>

#include "tools/load_test/load_report.hpp"
#include "tools/metrics/health_line.hpp"
#include "tools/text/table.hpp"

namespace streamer::tools {
namespace {

load_report finished() {
  load_report report;
  report.topic = "events";
  report.seconds = 30.01;
  report.planned = 600'000;
  report.sent = 600'000;
  report.acknowledged = 599'990;
  report.refused = 7;
  report.errors["_MSG_TIMED_OUT"] = 7;
  report.delivery = {599'990, 4'000, 8'000, 12'345, 40'000, 3'600'000'000};
  report.end_to_end = report.delivery;
  report.judged = verdict{};
  return report;
}

TEST_CASE("a load report fits 80 columns and says what had no answer") {
  const auto text = report_text(finished());
  std::istringstream in{text};
  for (std::string line; std::getline(in, line);)
    CHECK(shown_width(line) <= 80);
  CHECK(text.find("no answer") != std::string::npos);
  CHECK(text.find("_MSG_TIMED_OUT") != std::string::npos);
  CHECK(text.find("12.3 ms") != std::string::npos);
}

TEST_CASE("a load report as JSON has figures in plain numbers") {
  const auto page = nlohmann::json::parse(report_json(finished()));
  CHECK(page["no_answer"] == 3);
  CHECK(page["delivery_latency"]["p99_us"] == 12'345);
  CHECK(page["verdict"]["clean"] == true);
  CHECK(page["options"]["rate"] == 1000);
  auto alone = finished();
  alone.judged.reset();
  alone.end_to_end.reset();
  CHECK_FALSE(nlohmann::json::parse(report_json(alone)).contains("verdict"));
}

TEST_CASE("a verdict names what is wrong") {
  verdict judged;
  CHECK(verdict_line(judged) == "verdict: clean: lost 0, duplicated 0, out of order 0");
  judged.lost = 1;
  judged.invented = 2;
  judged.exact = false;
  CHECK(verdict_line(judged).starts_with("verdict: NOT CLEAN: lost 1, "));
  CHECK(verdict_line(judged).find("never sent 2") != std::string::npos);
  CHECK(verdict_line(judged).find("at least") != std::string::npos);
}

std::string refusal(void (*change)(load_options&)) {
  load_options options;
  change(options);
  return problem_of(options).value_or("");
}

TEST_CASE("the defaults of a load test are fine") { CHECK_FALSE(problem_of(load_options{})); }

TEST_CASE("a flag out of its range is refused by name") {
  CHECK(refusal([](load_options& o) { o.rate = -1; }).starts_with("--rate -1"));
  CHECK(refusal([](load_options& o) { o.rate = std::stod("nan"); }).starts_with("--rate"));
  CHECK(refusal([](load_options& o) { o.duration_s = 0; }).starts_with("--duration 0"));
  CHECK(refusal([](load_options& o) { o.keys = 0; }).starts_with("--keys 0"));
  CHECK(refusal([](load_options& o) { o.keys = 3; }).starts_with("--tenants 8"));
  CHECK(refusal([](load_options& o) { o.zipf = 11; }).starts_with("--zipf 11"));
  CHECK(refusal([](load_options& o) { o.payload_bytes = 1; }).starts_with("--payload-bytes 1"));
  CHECK(refusal([](load_options& o) { o.burst = "4"; }).starts_with("--burst '4'"));
  CHECK(refusal([](load_options& o) {
          o.burst = "1:1";
          o.rate = 0;
        }) == "--burst needs a --rate above 0");
  CHECK(refusal([](load_options& o) { o.report = ""; }).starts_with("--report"));
}

TEST_CASE("health is one line with the reasons") {
  CHECK(health_line(true, 200, R"({"status":"ok","reasons":[]})") == "live");
  CHECK(health_line(false, 503,
                    R"({"status":"failed","reasons":[{"id":"not_joined","text":"no group yet"},
                        {"id":"dlq_waiting","text":"2 partitions"}]})") ==
        "not ready (503): not_joined: no group yet; dlq_waiting: 2 partitions");
}

TEST_CASE("an answer that is no health page is shown escaped") {
  CHECK(health_line(true, 404, "not\x1b[31m here\nsecond") ==
        "not live (404): not\\u001b[31m here");
  CHECK(health_line(false, 503, "") == "not ready (503)");
  CHECK(health_line(false, 503, R"({"reasons":[1,{"id":2}]})").starts_with("not ready (503)"));
}

} // namespace
} // namespace streamer::tools

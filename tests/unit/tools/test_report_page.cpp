// What a load test did over its time, and how it is drawn.
#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_floating_point.hpp>
#include <string>
#include <vector>

#include "tools/load_test/plot.hpp"
#include "tools/load_test/report_page.hpp"

namespace streamer::tools {
namespace {

using Catch::Matchers::WithinAbs;

constexpr std::int64_t second_us = 1'000'000;

std::vector<std::string> tick_labels(const plot_axis& axis) {
  std::vector<std::string> labels;
  for (const auto& tick : axis.ticks)
    labels.push_back(tick.label);
  return labels;
}

std::size_t times_in(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1))
    ++count;
  return count;
}

load_report two_seconds() {
  load_report report;
  report.topic = "<events>";
  report.seconds = 2;
  report.planned = report.sent = report.acknowledged = 2'000;
  report.errors["_MSG & co"] = 1;
  report.delivery = {
      2'000, 1'000, 2'000, 3'000, 4'000, 50'000, {{0, 800}, {90, 2'000}, {100, 50'000}}};
  for (int i = 0; i < 8; ++i) {
    report.over_time.sent(i * second_us / 4, 250);
    for (int n = 0; n < 250; ++n)
      report.over_time.acknowledged(i * second_us / 4 + n * 1'000, 1'000 + n);
  }
  return report;
}

} // namespace

TEST_CASE("what happens is counted in the interval in which it happens") {
  timeline over_time;
  over_time.sent(0, 10);
  over_time.sent(249'999, 5);
  over_time.acknowledged(250'000, 7);
  over_time.acknowledged(499'999, 3);
  over_time.processed(1'000'000, 11);
  over_time.sent(-5, 1); // before the start: at it
  const auto& all = over_time.intervals();
  REQUIRE(all.size() == 5);
  CHECK(all[0].sent == 16);
  CHECK(all[1].acknowledged == 2);
  CHECK(all[1].delivery_us == 7);
  CHECK(all[2].acknowledged + all[3].acknowledged == 0);
  CHECK(all[4].processed == 1);
  CHECK(all[4].end_to_end_us == 11);
  CHECK(over_time.length_of(3) == 250'000);
  CHECK(over_time.length_of(4) == 125'000); // it has just begun
}

TEST_CASE("a timeline stays bounded, loses nothing and keeps the highest latencies") {
  timeline over_time;
  std::uint64_t sent = 0;
  for (std::int64_t at = 0; at < 86'400 * second_us; at += 7 * second_us) {
    over_time.sent(at, 3);
    over_time.acknowledged(at, at == 700 * second_us ? 99'999 : 5);
    sent += 3;
  }
  const auto& all = over_time.intervals();
  CHECK(all.size() <= timeline::most_intervals);
  CHECK(all.size() > timeline::most_intervals / 2);
  std::uint64_t counted = 0;
  for (const auto& one : all)
    counted += one.sent;
  CHECK(counted == sent);
  const auto worst = std::ranges::max_element(all, {}, &timeline::interval::delivery_us);
  CHECK(worst->delivery_us == 99'999);
  CHECK(std::distance(all.begin(), worst) == 700 * second_us / over_time.length_us());
}

TEST_CASE("an axis has few round marks and ends above the highest value") {
  CHECK(tick_labels(linear_axis(30, " s")) ==
        std::vector<std::string>{"0 s", "10 s", "20 s", "30 s"});
  CHECK(tick_labels(linear_axis(19'999, "")) ==
        std::vector<std::string>{"0", "5,000", "10,000", "15,000", "20,000"});
  CHECK(tick_labels(linear_axis(0, "")).size() >= 2);
  for (const double highest : {0.3, 1.0, 7.0, 99.0, 101.0, 123'456.0}) {
    const auto axis = linear_axis(highest, "");
    CAPTURE(highest);
    CHECK(axis.ticks.size() <= 7);
    CHECK(axis.high >= highest);
    CHECK_THAT(axis.place(axis.high), WithinAbs(1, 1e-9));
  }
}

TEST_CASE("latencies are placed by their powers of ten, percents by what remains") {
  const auto up = latency_axis(800, 50'000);
  CHECK(tick_labels(up) == std::vector<std::string>{"0.10 ms", "1.00 ms", "10.0 ms", "100.0 ms"});
  CHECK_THAT(up.place(100), WithinAbs(0, 1e-9));
  CHECK_THAT(up.place(10'000), WithinAbs(2.0 / 3, 1e-9));
  CHECK(latency_axis(0, 0).ticks.size() == 2);
  const auto across = percent_axis(99.99);
  CHECK(tick_labels(across) == std::vector<std::string>{"0%", "90%", "99%", "99.9%", "99.99%"});
  CHECK(across.ticks.back().at < 1); // room for 100 %
  CHECK_THAT(across.ticks[2].at, WithinAbs(2 * across.ticks[1].at, 1e-9));
  CHECK(tick_labels(percent_axis(0)).front() == "0%");
  CHECK(percent_axis(100).ticks.size() <= 11);
}

TEST_CASE("a report's page is whole in itself, and text of others is text") {
  const auto page = report_html(two_seconds());
  CHECK(page.starts_with("<!doctype html>"));
  CHECK(page.ends_with("</html>\n"));
  for (const auto* foreign : {"http", "src=", "<script", "@import", "url("}) {
    CAPTURE(foreign);
    CHECK(page.find(foreign) == std::string::npos);
  }
  CHECK(times_in(page, "<figure>") == 3);
  CHECK(page.find("Load test of &lt;events&gt;") != std::string::npos);
  CHECK(page.find("_MSG &amp; co") != std::string::npos);
  CHECK(page.find("prefers-color-scheme: dark") != std::string::npos);
  // Alone: sent, acknowledged twice more; with a worker one line more in each plot.
  CHECK(times_in(page, "<polyline") == 4);
  CHECK(page.find("processed") == std::string::npos);
  auto both = two_seconds();
  both.end_to_end = both.delivery;
  both.judged = verdict{};
  const auto with_worker = report_html(both);
  CHECK(times_in(with_worker, "<polyline") == 7);
  CHECK(with_worker.find("verdict: clean") != std::string::npos);
}

TEST_CASE("a load of which nothing arrived has a page too") {
  load_report nothing;
  nothing.topic = "events";
  const auto page = report_html(nothing);
  CHECK(times_in(page, "<figure>") == 3);
  for (const auto* no_number : {"nan,", ",nan", "nan%", "inf,", ",inf", "inf%"}) {
    CAPTURE(no_number);
    CHECK(page.find(no_number) == std::string::npos);
  }
}

TEST_CASE("a report is named with either ending or none") {
  for (const auto* name : {"out/r", "out/r.json", "out/r.html"}) {
    CHECK(report_files_of(name).json == "out/r.json");
    CHECK(report_files_of(name).html == "out/r.html");
  }
  CHECK(report_files_of("r.txt").json == "r.txt.json");
  CHECK(report_files_of(".json").html == ".json.html");
}

} // namespace streamer::tools

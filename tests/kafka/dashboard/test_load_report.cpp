// The page of a load test's report as its readers see it.
#include <catch2/catch_test_macros.hpp>
#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "tests/support/browser.hpp"
#include "tests/support/worker.hpp"

using namespace streamer::test;

TEST_CASE("In a browser a load test's report needs nothing else, and says what its JSON says") {
  const temporary_directory directory;
  process_options options;
  options.binary = binary_path(worker_binary::product);
  options.arguments = {"--role",      "all",
                       "--load-test", "--embedded",
                       "--rate",      "500",
                       "--duration",  "3",
                       "--report",    "load.html",
                       "--set",       "observability.metrics_addr=127.0.0.1:0",
                       "--set",       "admin.addr=127.0.0.1:0"};
  options.directory = directory.path();
  options.output = directory / "load";
  const auto ended = run(options, 60s);
  INFO(ended.out << ended.err);
  REQUIRE(ended.status.code == 0);
  const auto told = nlohmann::json::parse(read_file(directory / "load.json"));
  CHECK(told.at("sent") == 1'500);
  CHECK(told.at("verdict").at("clean") == true);

  // Every event is in the timeline, once for each thing that became of it.
  std::uint64_t sent = 0;
  std::uint64_t acknowledged = 0;
  std::uint64_t processed = 0;
  for (const auto& one : told.at("timeline").at("intervals")) {
    sent += one.at("sent").get<std::uint64_t>();
    acknowledged += one.at("acknowledged").get<std::uint64_t>();
    processed += one.at("processed").get<std::uint64_t>();
  }
  CHECK(sent == 1'500);
  CHECK(acknowledged == 1'500);
  CHECK(processed == 1'500);
  const auto& curve = told.at("end_to_end_latency").at("percentiles");
  CHECK(curve.back().at("us") == told.at("end_to_end_latency").at("max_us"));
  for (std::size_t i = 1; i < curve.size(); ++i) {
    CHECK(curve[i].at("percent").get<double>() > curve[i - 1].at("percent").get<double>());
    CHECK(curve[i].at("us").get<std::int64_t>() >= curve[i - 1].at("us").get<std::int64_t>());
  }

  browser window{directory};
  window.open("file://" + (directory / "load.html").string());
  CHECK(window.run("return document.title") == "Load test of events");
  CHECK(window.run("return document.querySelectorAll('figure polyline').length") == 7);
  // Each line has its points, within its plot.
  CHECK(window
            .run("return [...document.querySelectorAll('polyline')].every(l => l.points.length > 2"
                 " && [...l.points].every(p => p.x >= 0 && p.x <= 1000 && p.y >= 0 && p.y <= 300))")
            .get<bool>());
  CHECK(window.run("return document.body.innerText.includes('verdict: clean')").get<bool>());
  CHECK(window.run("return document.body.innerText.includes('1,500')").get<bool>());
  CHECK(window.run("return performance.getEntriesByType('resource').length") == 0);
  CHECK(window.complaints().empty());

  const std::string background = "return getComputedStyle(document.body).backgroundColor";
  window.prefer("light");
  const auto light = window.run(background);
  window.prefer("dark");
  CHECK(window.run(background) != light);
  if (const auto pictures = environment("STREAMER_PICTURES")) {
    window.picture(std::filesystem::path{*pictures} / "load-dark.png");
  }
  window.resize(390, 844, true);
  CHECK(window.run("return document.documentElement.scrollWidth").get<int>() <= 390);
  // What is written along the axes stays readable: neither shrunk nor over its neighbour.
  CHECK(window
            .run("return [...document.querySelectorAll('.across')].every(axis => {"
                 "  const boxes = [...axis.children].map(s => s.getBoundingClientRect())"
                 "    .filter(b => b.width > 0);"
                 "  return boxes.every((b, i) => b.height > 9 &&"
                 "    (i === 0 || b.left >= boxes[i - 1].right));"
                 "})")
            .get<bool>());
  window.prefer("light");
  if (const auto pictures = environment("STREAMER_PICTURES")) {
    window.picture(std::filesystem::path{*pictures} / "load-phone.png");
  }
}

// `streamer demo` as a process: what it prints, how it ends, and that nothing reaches it.
#include <catch2/catch_test_macros.hpp>

#include "tests/support/http_probe.hpp"
#include "tests/support/worker.hpp"

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

using namespace streamer::test;

namespace {

/// `name` is what the demo's output files are called: runs append to theirs.
finished_process run_demo(const temporary_directory& directory, std::vector<std::string> arguments,
                          std::map<std::string, std::string> environment = {},
                          const std::string& name = "demo") {
  process_options options;
  options.binary = binary_path(worker_binary::product);
  options.arguments = std::move(arguments);
  options.arguments.insert(options.arguments.begin(), "demo");
  options.environment = std::move(environment);
  options.directory = directory.path();
  options.output = directory / name;
  return run(options, 60s);
}

/// Events, processed, by a retry, dead letters: the numbers of a row of the summary.
std::vector<std::uint64_t> row(const std::string& text, const std::string& name) {
  std::istringstream lines{text};
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with(name + " ")) continue;
    std::erase(line, ',');
    std::istringstream cells{line.substr(name.size())};
    std::vector<std::uint64_t> numbers;
    for (std::uint64_t number = 0; cells >> number;)
      numbers.push_back(number);
    return numbers;
  }
  return {};
}

} // namespace

TEST_CASE("the demo ends with a summary that adds up, and leaves nothing behind") {
  const temporary_directory directory;
  const auto demo = run_demo(directory, {"--seconds", "2"});
  INFO(demo.out << demo.err);
  CHECK(demo.status.code == 0);
  CHECK(demo.err.empty());
  CHECK(demo.out.find("\x1b") == std::string::npos);

  const auto all = row(demo.out, "all");
  REQUIRE(all.size() == 4);
  CHECK(all[0] == 500);
  CHECK(all[0] == all[1] + all[3]);
  CHECK(all[2] > 0);
  CHECK(all[3] > 0);
  std::vector<std::uint64_t> sums(4);
  for (const auto* tenant : {"alpha", "bravo", "charlie", "delta"}) {
    const auto counts = row(demo.out, tenant);
    REQUIRE(counts.size() == 4);
    for (std::size_t i = 0; i < 4; ++i)
      sums[i] += counts[i];
  }
  CHECK(sums == all);
  std::uint64_t dead = 0;
  for (const auto* reason : {"handler_rejected", "retries_exhausted", "unmatched", "undecodable"}) {
    const auto count = row(demo.out, reason);
    REQUIRE(!count.empty());
    dead += count[0];
  }
  CHECK(dead == all[3]);
  CHECK(demo.out.find("verdict: right: lost 0, duplicated 0, out of order 0") != std::string::npos);

  std::istringstream lines{demo.out};
  for (std::string line; std::getline(lines, line);)
    CHECK(line.size() <= 80);
  // Its own output is all there is.
  for (const auto& entry : std::filesystem::directory_iterator{directory.path()})
    CHECK(entry.path().stem() == "demo");
}

TEST_CASE("neither the environment nor a configuration file reaches the demo") {
  const temporary_directory directory;
  std::filesystem::create_directory(directory / "config");
  write_file(directory / "config/local.toml", "[kafka]\nno_such_key = 1\n");
  const auto demo = run_demo(directory, {"--seconds", "1"},
                             {{"KAFKA_KAFKA__BOOTSTRAP_SERVERS", "127.0.0.1:1"},
                              {"KAFKA_KAFKA__SECURITY_PROTOCOL", "SASL_SSL"},
                              {"KAFKA_OBSERVABILITY__METRICS_ADDR", "127.0.0.1:1"}});
  INFO(demo.out << demo.err);
  CHECK(demo.status.code == 0);
}

TEST_CASE("the demo takes names of its topic and its group") {
  const temporary_directory directory;
  const auto demo =
      run_demo(directory, {"--seconds", "1", "--topic", "orders", "--group-id", "shop"});
  INFO(demo.out << demo.err);
  CHECK(demo.status.code == 0);
  CHECK(demo.out.find("Read back from orders, orders.processed and orders.dlq:") !=
        std::string::npos);
}

TEST_CASE("the demo refuses what it cannot honour, naming it") {
  const temporary_directory directory;
  // What is typed, and what the line has to name.
  const std::vector<std::pair<std::vector<std::string>, std::string>> refused{
      {{"--bootstrap-servers", "127.0.0.1:9092"}, "--bootstrap-servers"},
      {{"--config", "some.toml"}, "--config"},
      {{"--set", "consumer.batch_size=5"}, "--set"},
      {{"--seconds", "0"}, "--seconds 0"},
      {{"--seconds", "121"}, "--seconds 121"},
      {{"--seconds", "soon"}, "soon"},
      {{"--second", "1"}, "did you mean '--seconds'"},
      {{"--log-level", "loud"}, "loud"},
      {{"again"}, "again"},
  };
  for (const auto& [arguments, named] : refused) {
    const auto demo = run_demo(directory, arguments, {}, "demo-" + arguments.back());
    INFO(arguments[0] << ": " << demo.err);
    CHECK(demo.status.code == 2);
    CHECK(demo.out.empty());
    CHECK(std::ranges::count(demo.err, '\n') == 1);
    CHECK(demo.err.starts_with("streamer: "));
    CHECK(demo.err.find(named) != std::string::npos);
  }
}

TEST_CASE("two demos run side by side, and each serves its worker's addresses") {
  const temporary_directory directory;
  process_options options;
  options.binary = binary_path(worker_binary::product);
  options.arguments = {"demo", "--seconds", "3"};
  options.output = directory / "one";
  process one{options};
  options.output = directory / "two";
  process two{options};
  for (auto* demo : {&one, &two}) {
    std::smatch port;
    std::string text;
    REQUIRE(wait_until(
        [&] {
          text = demo->stdout_text();
          return std::regex_search(text, port, std::regex{"http://127.0.0.1:(\\d+)/metrics"});
        },
        20s));
    const auto number = static_cast<std::uint16_t>(std::stoi(port[1]));
    CHECK(wait_until([&] { return http_get(number, "/readyz").status == 200; }, 20s));
    CHECK(http_get(number, "/metrics").status == 200);
  }
  for (auto* demo : {&one, &two}) {
    const auto ended = demo->wait(40s);
    INFO(demo->stdout_text() << demo->stderr_text());
    REQUIRE(ended);
    CHECK(ended->code == 0);
  }
}

TEST_CASE("Ctrl-C ends the load, and what was sent is judged all the same") {
  const temporary_directory directory;
  process_options options;
  options.binary = binary_path(worker_binary::product);
  options.arguments = {"demo", "--seconds", "100"};
  options.output = directory / "demo";
  process demo{options};
  REQUIRE(wait_until(
      [&] { return demo.stdout_text().find("events a second") != std::string::npos; }, 20s));
  std::this_thread::sleep_for(1s);
  demo.signal(SIGINT);
  const auto ended = demo.wait(20s);
  INFO(demo.stdout_text() << demo.stderr_text());
  REQUIRE(ended);
  CHECK(ended->code == 0);
  CHECK(demo.stdout_text().find("verdict: right") != std::string::npos);
}

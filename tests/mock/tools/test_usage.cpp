// How the commands fail: one line that names the value and the remedy, and the right exit code.
#include <catch2/catch_test_macros.hpp>

#include "tests/support/worker.hpp"

#include <algorithm>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

using namespace streamer::test;

namespace {

struct misuse {
  std::vector<std::string> arguments;
  int code;
  std::string named; ///< has to be in the line
};

/// Runs append to their files.
std::filesystem::path fresh_output(const temporary_directory& directory) {
  static int runs = 0;
  return directory / ("run-" + std::to_string(++runs));
}

finished_process run_streamer(const temporary_directory& directory,
                              std::vector<std::string> arguments) {
  process_options options;
  options.binary = binary_path(worker_binary::product);
  options.arguments = std::move(arguments);
  options.directory = directory.path();
  options.output = fresh_output(directory);
  return run(options, 30s);
}

/// Through a shell, which can point stdout elsewhere.
finished_process run_shell(const temporary_directory& directory, const std::string& script) {
  process_options options;
  options.binary = "/bin/sh";
  options.arguments = {"-c", script, "sh", binary_path(worker_binary::product).string()};
  options.directory = directory.path();
  options.output = fresh_output(directory);
  return run(options, 30s);
}

} // namespace

TEST_CASE("wrong usage is one line on stderr and exit code 2") {
  const temporary_directory directory;
  const std::vector<misuse> all{
      {{}, 2, "demo"},
      {{"demoo"}, 2, "did you mean 'demo'"},
      {{"--rate"}, 2, "--rate"},
      {{"process"}, 2, "start"},
      {{"process", "lags"}, 2, "did you mean 'lag'"},
      {{"process", "explain", "--topic", "t"}, 2, "--topic needs --partition"},
      {{"inspect", "trees"}, 2, "did you mean 'tree'"},
      {{"inspect", "actor"}, 2, "name"},
      {{"inspect", "--inspect-addr", "nowhere"}, 2, "nowhere"},
      {{"inspect", "--inspect-addr", "127.0.0.1:0"}, 2, "127.0.0.1:0"},
      {{"inspect", "--set", "inspect.key=x"}, 2, "inspect.certificate"},
      {{"dlq", "redrive", "--if-newer", "perhaps"}, 2, "perhaps"},
      {{"dlq", "redrive", "--rate", "-1"}, 2, "--rate"},
      {{"dlq", "redrive", "--since", "yesterday"}, 2, "yesterday"},
      {{"dlq", "redrive", "--embedded"}, 2, "--embedded"},
      {{"dlq", "purge", "--since", "yesterday"}, 2, "yesterday"},
      {{"doctor", "--embedded"}, 2, "--embedded"},
      {{"topics", "ls", "extra"}, 2, "extra"},
      {{"topics", "ls", "--embedded"}, 2, "--embedded"},
      {{"--role", "everything"}, 2, "everything"},
      {{"--role", "all"}, 2, "--load-test"},
      {{"--load-test"}, 2, "--role"},
      {{"--role", "producer", "--load-test", "--rate", "-1"}, 2, "--rate"},
      {{"--role", "producer", "--load-test", "--rate", "fast"}, 2, "fast"},
      {{"ingest", "users", "--count", "-3"}, 2, "-3"},
      {{"ingest", "custom", "--event-type", "t", "--payload", "{\"a\":"}, 2, "--payload"},
      {{"ingest", "custom", "--payload", "{}"}, 2, "--event-type"},
      {{"process", "seek", "--topic", "t", "--partition", "0"}, 2, "--offset"},
      {{"health", "--live", "--ready"}, 2, "--live"},
      {{"health", "--addr", "nowhere"}, 2, "nowhere"},
      {{"process", "metrics", "--addr", "1:2:3"}, 2, "1:2:3"},
      {{"dlq", "show", "first"}, 2, "first"},
      {{"dlq", "ls", "--since", "yesterday"}, 2, "yesterday"},
      {{"config", "show", "--set", "consumer.batchsize=1"}, 2, "batch_size"},
      {{"config", "show", "--set", "kafka.sasl_password=x"}, 2, "kafka.sasl_password"},
      {{"config", "show", "--config", "missing.toml"}, 2, "missing.toml"},
      {{"config", "show", "--config", "."}, 2, ".: is a directory"},
  };
  for (const auto& wrong : all) {
    const auto ended = run_streamer(directory, wrong.arguments);
    std::string typed = "streamer";
    for (const auto& argument : wrong.arguments)
      typed += " " + argument;
    INFO(typed << "\n" << ended.out << ended.err);
    CHECK(ended.status.code == wrong.code);
    CHECK(ended.out.empty());
    CHECK(std::ranges::count(ended.err, '\n') == 1);
    CHECK(ended.err.find(wrong.named) != std::string::npos);
  }
}

TEST_CASE("nobody at the brokers' address: one line that names it, and exit code 1") {
  const temporary_directory directory;
  const std::string nobody = "127.0.0.1:1";
  for (const auto& command :
       std::vector<std::vector<std::string>>{{"topics", "create"}, {"process", "lag"}}) {
    auto arguments = command;
    arguments.insert(arguments.end(), {"--bootstrap-servers", nobody});
    const auto ended = run_streamer(directory, arguments);
    INFO(command[0] << " " << command[1] << ": " << ended.err);
    CHECK(ended.status.code == 1);
    CHECK(std::ranges::count(ended.err, '\n') == 1);
    CHECK(ended.err.find(nobody) != std::string::npos);
  }
}

TEST_CASE("ingest says at once that nobody answers, and at the end what was not delivered") {
  const temporary_directory directory;
  const auto ended =
      run_streamer(directory, {"ingest", "users", "--count", "2", "--bootstrap-servers",
                               "127.0.0.1:1", "--set", "producer.delivery_timeout_ms=1000"});
  INFO(ended.out << ended.err);
  CHECK(ended.status.code == 1);
  CHECK(std::ranges::count(ended.err, '\n') == 2);
  CHECK(ended.err.find("waiting, at most producer.delivery_timeout_ms") != std::string::npos);
  CHECK(ended.err.find("2 events were not delivered") != std::string::npos);
}

TEST_CASE("a load test's report that cannot be written is said before the load") {
  const temporary_directory directory;
  const auto ended = run_streamer(
      directory, {"--role", "all", "--load-test", "--embedded", "--report", "nowhere/report.json"});
  INFO(ended.out << ended.err);
  CHECK(ended.status.code == 1);
  CHECK(ended.out.empty());
  CHECK(ended.err.find("nowhere/report.json") != std::string::npos);
  CHECK(std::ranges::count(ended.err, '\n') == 1);
}

TEST_CASE("an address that is taken is named with its key") {
  const temporary_directory directory;
  process_options options;
  options.binary = binary_path(worker_binary::product);
  options.arguments = {"demo", "--seconds", "20"};
  options.output = directory / "demo";
  process demo{options};
  std::smatch taken;
  std::string text;
  REQUIRE(wait_until(
      [&] {
        text = demo.stdout_text();
        return std::regex_search(text, taken, std::regex{"http://(127.0.0.1:\\d+)/metrics"});
      },
      20s));
  const auto ended = run_streamer(
      directory, {"--role", "consumer", "--embedded", "--set",
                  "observability.metrics_addr=" + taken[1].str(), "--log-level", "error"});
  INFO(ended.err);
  CHECK(ended.status.code == 1);
  CHECK(ended.err.find("observability.metrics_addr = \"" + taken[1].str()) != std::string::npos);
  CHECK(ended.err.find("port 0") != std::string::npos);
}

TEST_CASE("help and version go to stdout, within 80 columns") {
  const temporary_directory directory;
  for (const auto& arguments :
       std::vector<std::vector<std::string>>{{"--help"},
                                             {"--version"},
                                             {"demo", "--help"},
                                             {"ingest", "load-test", "--help"},
                                             {"--role", "producer", "--help"},
                                             {"process", "seek", "--help"},
                                             {"dlq", "--help"}}) {
    const auto ended = run_streamer(directory, arguments);
    CHECK(ended.status.code == 0);
    CHECK(ended.err.empty());
    CHECK(!ended.out.empty());
    std::istringstream lines{ended.out};
    for (std::string line; std::getline(lines, line);) {
      INFO(arguments[0] << ": " << line);
      CHECK(line.size() <= 80);
    }
  }
}

TEST_CASE("output that cannot be written is a failure") {
  const temporary_directory directory;
  const auto full = run_shell(directory, "\"$1\" config show >/dev/full");
  INFO(full.err);
  CHECK(full.status.code == 1);
  CHECK(full.err.find("stdout") != std::string::npos);
  CHECK(std::ranges::count(full.err, '\n') == 1);
}

TEST_CASE("a reader that has seen enough, or no stdout at all, is no failure") {
  const temporary_directory directory;
  const auto pipe = run_shell(directory, "\"$1\" config show | head -1");
  CHECK(pipe.status.code == 0);
  CHECK(pipe.err.empty());
  CHECK(std::ranges::count(pipe.out, '\n') == 1);
  const auto closed = run_shell(directory, "\"$1\" config show >&-");
  CHECK(closed.status.code == 0);
  CHECK(closed.err.empty());
}

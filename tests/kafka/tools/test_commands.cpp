// The way of a new user on a Kafka of theirs: create, ingest, process, look, seek.
#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>

#include <string>
#include <vector>

#include "tests/support/broker_fixture.hpp"
#include "tests/support/kafka_access.hpp"
#include "tests/support/worker.hpp"

using namespace streamer::test;

namespace {

/// The commands of one user: one topic, one group, one directory.
class shell {
 public:
  shell()
      : bootstrap{shared_broker()}, topic{unique_name("commands")}, group{unique_name("group")} {}

  finished_process operator()(std::vector<std::string> arguments,
                              const std::string& input = {}) const {
    for (const auto* word : {"--bootstrap-servers", bootstrap.c_str(), "--topic", topic.c_str(),
                             "--group-id", group.c_str(), "--set", "topics.partitions=3"})
      arguments.emplace_back(word);
    process_options options;
    options.binary = binary_path(worker_binary::product);
    options.arguments = std::move(arguments);
    options.directory = directory.path();
    // Runs append to their files.
    options.output = directory / ("command-" + std::to_string(++runs));
    options.input = input;
    return run(options, 60s);
  }

  /// The answer of a command that has to succeed.
  nlohmann::json json(std::vector<std::string> arguments) const {
    arguments.emplace_back("--json");
    const auto ended = (*this)(arguments);
    INFO(ended.out << ended.err);
    REQUIRE(ended.status.code == 0);
    return nlohmann::json::parse(ended.out);
  }

  temporary_directory directory;
  std::string bootstrap;
  std::string topic;
  std::string group;
  mutable int runs = 0;
};

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

} // namespace

TEST_CASE("a missing topic is named with its remedy, and the remedy helps") {
  const shell streamer;
  CHECK(has(streamer({"topics", "ls"}).out, "missing"));
  const auto refused = streamer({"ingest", "orders", "--count", "1"});
  CHECK(refused.status.code == 1);
  CHECK(has(refused.err, streamer.topic));
  CHECK(has(refused.err, "streamer topics create"));

  const auto created = streamer({"topics", "create"});
  INFO(created.out << created.err);
  CHECK(created.status.code == 0);
  CHECK(has(created.out, "created  " + streamer.topic + " with 3 partitions"));
  CHECK(has(created.out, "created  " + streamer.topic + ".dlq with 3 partitions"));
  const auto again = streamer({"topics", "create"});
  CHECK(again.status.code == 0);
  CHECK(has(again.out, "exists   " + streamer.topic));
  CHECK_FALSE(has(streamer({"topics", "ls"}).out, "missing"));
}

TEST_CASE("lines from stdin are produced up to the first bad one, which is named") {
  const shell streamer;
  create_topic(streamer.bootstrap, streamer.topic, 3);
  const auto ended = streamer({"--role", "producer"},
                              "{\"key\":\"a\",\"value\":{\"n\":1}}\n"
                              "\n"
                              "{\"key\":\"b\",\"value\":null}\n"
                              "{\"key\":\"c\"}\n"
                              "{\"key\":\"d\",\"value\":1}\n");
  INFO(ended.out << ended.err);
  CHECK(ended.status.code == 1);
  CHECK(has(ended.err, "line 4 of stdin"));
  const auto stored = read_topic(streamer.bootstrap, streamer.topic);
  REQUIRE(stored.size() == 2);
  for (const auto& record : stored) {
    if (record.key == "a") CHECK(record.value == "{\"n\":1}");
    if (record.key == "b") CHECK_FALSE(record.value);
  }
}

TEST_CASE("what a worker does is seen by lag, dlq and metrics, and a seek repeats it") {
  const shell streamer;
  REQUIRE(streamer({"topics", "create"}).status.code == 0);
  REQUIRE(streamer({"ingest", "orders", "--count", "30", "--tenant-id", "acme"}).status.code == 0);
  REQUIRE(streamer({"ingest", "custom", "--event-type", "other.thing", "--payload", "{\"a\":1}",
                    "--key", "k", "--tenant-id", "acme"})
              .status.code == 0);
  const auto before = streamer({"process", "lag"});
  CHECK(has(before.out, "total lag: 31"));

  worker_config config{streamer.bootstrap, streamer.group, streamer.topic};
  config.handler({{"event_type", toml_text("order.*")}, {"kind", toml_text("discard")}});
  worker running{streamer.directory, "worker", config};
  running.wait_until_ready();
  REQUIRE(wait_for_zero_lag(streamer.bootstrap, streamer.group, streamer.topic, 30s));
  CHECK(has(streamer({"process", "lag"}).out, "total lag: 0"));

  const auto address = "127.0.0.1:" + std::to_string(running.metrics_port());
  CHECK(streamer({"health", "--addr", address}).status.code == 0);
  const auto figures = streamer({"process", "metrics", "--addr", address});
  INFO(figures.out << figures.err);
  CHECK(figures.status.code == 0);
  CHECK(has(figures.out, "outcome=processed"));
  CHECK(has(figures.out, "outcome=dead_lettered"));

  const auto letters = streamer.json({"dlq", "ls"});
  REQUIRE(letters.size() == 1);
  CHECK(letters[0]["reason"] == "unmatched");
  CHECK(letters[0]["tenant"] == "acme");
  CHECK(letters[0]["source_topic"] == streamer.topic);
  const auto at = std::to_string(letters[0]["partition"].get<int>()) + ":" +
                  std::to_string(letters[0]["offset"].get<int>());
  const auto shown = streamer({"dlq", "show", at});
  CHECK(shown.status.code == 0);
  CHECK(has(shown.out, "reason: unmatched"));
  CHECK(streamer.json({"dlq", "ls", "--reason", "timeout"}).empty());

  const std::vector<std::string> seek{"process", "seek", "--partition", "0", "--earliest"};
  const auto refused = streamer(seek);
  CHECK(refused.status.code == 1);
  CHECK(has(refused.err, streamer.group));
  CHECK(running.stop().code == 0);
  const auto moved = streamer(seek);
  INFO(moved.out << moved.err);
  CHECK(moved.status.code == 0);
  const auto ends = topic_ends(streamer.bootstrap, streamer.topic);
  CHECK(has(streamer({"process", "lag"}).out, "total lag: " + std::to_string(ends.at(0).next)));

  const auto gone = streamer({"health", "--addr", address});
  CHECK(gone.status.code == 1);
  CHECK(has(gone.err, address));
}

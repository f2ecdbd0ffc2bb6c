// Brokers that are away, topics that are not there, rights that are missing, files that are wrong.
#include <catch2/catch_test_macros.hpp>

#include "tests/support/acl.hpp"
#include "tests/support/broker_fixture.hpp"
#include "tests/support/scenario.hpp"

using namespace streamer;
using namespace streamer::test;

namespace {

// Starts a worker that is expected to refuse, and gives its end.
finished_process refused(const scenario& s, const worker_config& config) {
  worker w{s.directory(), unique_name("refused"), config};
  const auto status = w.program().wait(15s);
  INFO(w.log_tail());
  REQUIRE(status);
  return {*status, w.program().stdout_text(), w.program().stderr_text()};
}

bool says(const worker& w, const std::string& text) {
  return w.log_tail().find(text) != std::string::npos;
}

} // namespace

TEST_CASE(
    "A broker that is down, at the start and later, is waited for; the worker goes on by "
    "itself") {
  private_cluster cluster{1};
  const scenario s{cluster.bootstrap()};
  ledger_producer load{s.bootstrap, s.source};
  load.run({.rate = 1e6, .seed = chosen_seed()}, 500);
  cluster.stop_broker(1);

  worker w{s.directory(), "worker", s.forward()};
  // Down at the start: alive from its first answer on, not ready, said so.
  REQUIRE(wait_until(
      [&] {
        const auto health = w.health();
        CHECK((health == 0 || health == 200));
        return health != 0 && w.readiness() == 503;
      },
      15s, 1ms));
  for (int i = 0; i < 20; ++i) {
    REQUIRE(w.program().running());
    CHECK(w.health() == 200);
    CHECK(w.readiness() == 503);
    std::this_thread::sleep_for(200ms);
  }
  const auto lines = w.program().stderr_text();
  evidence("log while the broker is down: " + std::to_string(lines.size()) + " bytes");
  CHECK(lines.find(s.bootstrap) != std::string::npos);
  CHECK(lines.size() < 20'000);
  cluster.start_broker(1);
  w.wait_until_ready(60s);
  s.wait_until_drained();

  // Down under load, without a farewell.
  load.start({.rate = 500, .seed = 2});
  std::this_thread::sleep_for(2s);
  cluster.stop_broker(1, true);
  REQUIRE(wait_until([&] { return w.readiness() == 503; }, 30s));
  std::this_thread::sleep_for(5s);
  CHECK(w.health() == 200);
  REQUIRE(w.program().running());
  cluster.start_broker(1);
  w.wait_until_ready(60s);
  std::this_thread::sleep_for(2s);
  load.stop();
  s.wait_until_drained();
  CHECK(w.stop().code == 0);
  const auto window = busiest(read_topic(s.bootstrap, s.output), 400ms);
  s.require_invariants(load.sent(), {.duplicates_allowed = 10'000 + window});
}

TEST_CASE("What the worker is not authorised to do is said in one line: a group, an output topic") {
  private_cluster cluster{1, {authorizer, open_without_rules}};
  SECTION("writing to the output: for good, so the record is a dead letter") {
    const scenario s{cluster.bootstrap(), {.partitions = 1}};
    deny(s.bootstrap, resource::topic, s.output, operation::write);
    worker w{s.directory(), "worker", s.forward()};
    w.wait_until_ready();
    ledger_producer producer{s.bootstrap, s.source};
    for (int i = 0; i < 10; ++i) {
      producer.send(producer.maker().make("acme", "key", 50));
    }
    producer.flush();
    s.wait_until_drained();
    CHECK(w.stop().code == 0);
    CHECK(s.require_invariants(producer.sent()).dead_lettered == 10);
  }
  SECTION("joining the group: unready, and named") {
    const scenario s{cluster.bootstrap(), {.partitions = 1}};
    deny(s.bootstrap, resource::group, s.group, operation::read);
    worker w{s.directory(), "worker", s.forward()};
    INFO(w.log_tail());
    CHECK(
        wait_until([&] { return says(w, "GROUP_AUTHORIZATION_FAILED") || says(w, s.group); }, 20s));
    CHECK(w.readiness() != 200);
    evidence("not authorised for the group: " + w.log_tail());
  }
}

TEST_CASE("An unknown source topic is named; once it is created its records are read") {
  const auto bootstrap = shared_broker();
  const scenario s{bootstrap};
  const auto missing = unique_name("missing");
  worker_config config{bootstrap, s.group, missing};
  config.forward_to(s.output);
  config.value("kafka.properties", R"({ "topic.metadata.refresh.interval.ms" = "1000" })");
  worker w{s.directory(), "worker", config};
  CHECK(wait_until([&] { return says(w, missing); }, 20s));
  INFO(w.log_tail());
  REQUIRE(w.program().running());
  CHECK(w.health() == 200);
  create_topic(bootstrap, missing, 1);
  ledger_producer producer{bootstrap, missing};
  producer.send(producer.maker().make("acme", "key", 50));
  producer.flush();
  CHECK(wait_for_zero_lag(bootstrap, s.group, missing, 60s));
  CHECK(read_topic(bootstrap, s.output).size() == 1);
  CHECK(w.stop().code == 0);
}

TEST_CASE("A worker whose address is taken stops, and names the key") {
  const scenario s{shared_broker()};
  worker holder{s.directory(), "holder", s.forward()};
  holder.wait_until_ready();
  for (const auto* key : {"observability.metrics_addr", "admin.addr"}) {
    CAPTURE(key);
    const bool metrics = std::string_view{key} == "observability.metrics_addr";
    const auto port = metrics ? holder.metrics_port() : holder.admin_port();
    process_options options;
    options.binary = binary_path(worker_binary::product);
    options.arguments = {
        "--role",
        "consumer",
        "--config",
        holder.config_file().string(),
        "--set",
        std::string{metrics ? "admin.addr" : "observability.metrics_addr"} + "=127.0.0.1:0"};
    options.output = s.directory() / unique_name("second");
    const auto ended = run(options, 20s);
    INFO(ended.err);
    CHECK(ended.status.code != 0);
    CHECK(ended.status.signal == 0);
    CHECK(ended.err.find(key) != std::string::npos);
    CHECK(ended.err.find(std::to_string(port)) != std::string::npos);
  }
  CHECK(holder.stop().code == 0);
}

TEST_CASE("A wrong configuration is refused whole, with every problem and the nearest key") {
  const scenario s{shared_broker()};
  auto config = s.forward();
  config.value("consumer.batch_sise", "10");
  config.value("consumer.max_in_flight", "-5");
  config.text("consumer.ordering", "keys");
  config.handler({{"kind", toml_text("forwardd")}, {"to", toml_text(s.output)}});
  const auto ended = refused(s, config);
  INFO(ended.err);
  CHECK(ended.status.code == 2);
  for (const auto* part : {"batch_sise", "batch_size", "max_in_flight", "ordering", "forwardd"}) {
    CAPTURE(part);
    CHECK(ended.err.find(part) != std::string::npos);
  }
  process_options options;
  options.binary = binary_path(worker_binary::product);
  options.arguments = {"--role", "consumer", "--config", "/nonexistent/streamer.toml"};
  options.output = s.directory() / "missing-file";
  const auto missing = run(options, 15s);
  INFO(missing.err);
  CHECK(missing.status.code == 2);
  CHECK(missing.err.find("/nonexistent/streamer.toml") != std::string::npos);
  write_file(s.directory() / "broken.toml", "[kafka\nbootstrap_servers = ");
  options.arguments.back() = (s.directory() / "broken.toml").string();
  options.output = s.directory() / "broken-file";
  const auto broken = run(options, 15s);
  INFO(broken.err);
  CHECK(broken.status.code == 2);
  CHECK(broken.err.find("broken.toml") != std::string::npos);
}

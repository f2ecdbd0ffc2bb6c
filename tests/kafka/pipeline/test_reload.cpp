// SIGHUP: what a running worker takes over of its configuration.
#include <signal.h>

#include <catch2/catch_test_macros.hpp>
#include <string>

#include "tests/support/broker_fixture.hpp"
#include "tests/support/journal.hpp"
#include "tests/support/scenario.hpp"
#include "tests/support/scripted_handlers.hpp"

using namespace streamer::test;

namespace {

/// Writes the configuration anew as the worker reads it, with its ports, and tells the worker.
void reload(worker& w, const std::string& from, const std::string& to) {
  auto text = read_file(w.config_file());
  const auto at = text.find(from);
  REQUIRE(at != std::string::npos);
  write_file(w.config_file(), text.replace(at, from.size(), to));
  w.program().signal(SIGHUP);
}

} // namespace

TEST_CASE("SIGHUP changes what may change while a worker runs, and names what may not") {
  const scenario s{shared_broker(), {.partitions = 1}};
  auto config = s.scripted("scripted_async");
  config.value("retry.max_attempts", "50");
  config.value("retry.initial_backoff_ms", "100");
  config.value("tenants.share", "0.5");
  worker w{s.directory(), "worker", config, worker_binary::scripted};
  w.wait_until_ready();
  ledger_producer producer{s.bootstrap, s.source};
  producer.send_to(0, producer.maker().make("t", "k", 20, {{script_header, "retry"}}));
  producer.flush();
  REQUIRE(wait_until([&] { return metric_sum(w.metrics(), "streamer_retries_total") >= 4; }, 20s));
  // Spent already: the next failure is its last.
  reload(w, "max_attempts = 50", "max_attempts = 3");
  REQUIRE(w.log().wait_for("reloaded", 10s));
  REQUIRE(wait_until([&] { return read_topic(s.bootstrap, s.dlq).size() == 1; }, 20s));
  const auto first = w.log().entries("reloaded").at(0);
  CHECK(first.at("changed").get<std::string>().find("retry.max_attempts = 3 (was 50)") !=
        std::string::npos);
  CHECK(first.at("needs_restart") == "nothing");

  reload(w, "share = 0.5", "share = 0.4\nlimits.few = { max_in_flight = 2 }");
  REQUIRE(w.log().wait_for("reloaded", 10s, 2));
  const auto second = w.log().entries("reloaded").at(1);
  CHECK(second.at("needs_restart") == "tenants.share");
  CHECK(second.at("changed").get<std::string>().find("tenants.limits.few.max_in_flight = 2") !=
        std::string::npos);
  for (int i = 0; i < 20; ++i) {
    producer.send_to(0, producer.maker().make("few", "key-" + std::to_string(i), 20,
                                              {{script_header, "sleep:50"}}));
  }
  producer.flush();
  s.wait_until_drained();
  auto few = read_journal(s.journal());
  std::erase_if(few, [](const auto& attempt) { return attempt.tenant != "few"; });
  CHECK(few.size() == 20);
  CHECK(most_at_once(few) == 2);
  CHECK(metric_sum(w.metrics(), "streamer_config_reloads_total", {{"result", "ok"}}) == 2);
  CHECK(w.stop().code == 0);
}

TEST_CASE("SIGHUP with a configuration that does not hold together changes nothing") {
  const scenario s{shared_broker(), {.partitions = 1}};
  auto config = s.forward();
  config.value("consumer.batch_size", "100");
  config.text("observability.log_level", "info");
  worker w{s.directory(), "worker", config};
  w.wait_until_ready();
  reload(w, "batch_size = 100", "batch_size = 0");
  REQUIRE(w.log().wait_for("reload_refused", 10s));
  const auto refused = w.log().entries("reload_refused").front();
  CHECK(refused.at("problem").get<std::string>().find("consumer.batch_size") != std::string::npos);
  CHECK(refused.at("problems") == 1);
  reload(w, "batch_size = 0", "batch_size = = 5");
  REQUIRE(w.log().wait_for("reload_refused", 10s, 2));
  CHECK(metric_sum(w.metrics(), "streamer_config_reloads_total", {{"result", "failed"}}) == 2);
  CHECK(w.log().entries("reloaded").empty());
  CHECK(w.readiness() == 200);
  // It works as before, and takes the next good one.
  ledger_producer producer{s.bootstrap, s.source};
  producer.run({.rate = 1000, .seed = chosen_seed(), .value_bytes = 50}, 500);
  producer.flush();
  s.wait_until_drained();
  reload(w, "batch_size = = 5", "batch_size = 5");
  REQUIRE(w.log().wait_for("reloaded", 10s));
  reload(w, "log_level = \"info\"", "log_level = \"debug\"");
  REQUIRE(w.log().wait_for("reloaded", 10s, 2));
  CHECK(w.log().entries("reloaded").at(1).at("changed") ==
        "observability.log_level = \"debug\" (was \"info\")");
  CHECK(w.stop().code == 0);
  s.require_invariants(producer.sent());
}

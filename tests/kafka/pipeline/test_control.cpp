// What operators change of a running worker at its admin address: pauses, seeks, the log level.
#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "tests/support/broker_fixture.hpp"
#include "tests/support/journal.hpp"
#include "tests/support/progress.hpp"
#include "tests/support/scenario.hpp"
#include "tests/support/scripted_handlers.hpp"

using namespace streamer::test;

namespace {

using nlohmann::json;

constexpr const char* bearer = "Bearer s3cret";

worker_config with_token(const scenario& s, worker_config config) {
  const auto token = s.directory() / "token";
  write_file(token, "s3cret\n");
  config.text("admin.token_file", token.string());
  return config;
}

/// `streamer process …` as an operator calls it.
finished_process operate(const scenario& s, const worker& w, std::vector<std::string> arguments) {
  process_options options;
  options.binary = binary_path(worker_binary::product);
  options.arguments = {"process"};
  options.arguments.insert(options.arguments.end(), arguments.begin(), arguments.end());
  for (const auto& setting :
       {"admin.addr=127.0.0.1:" + std::to_string(w.admin_port()),
        "admin.token_file=" + (s.directory() / "token").string(),
        "kafka.bootstrap_servers=" + s.bootstrap, "consumer.group_id=" + s.group}) {
    options.arguments.insert(options.arguments.end(), {"--set", setting});
  }
  options.output = s.directory() / unique_name("operate");
  options.directory = s.directory().path();
  return run(options, 30s);
}

json explained(const worker& w, int partition) {
  const auto answer = http_get(w.admin_port(), "/explain", bearer);
  if (answer.status == 200) {
    const auto page = json::parse(answer.body);
    for (const auto& row : page.at("partitions")) {
      if (row.at("partition") == partition) {
        return row;
      }
    }
  }
  return {};
}

std::string cause_of(const json& row) {
  return row.is_null() ? "" : row.at("verdict").at("cause").get<std::string>();
}

json status_of(const worker& w) {
  return json::parse(http_get(w.admin_port(), "/status", bearer).body);
}

std::set<std::string> ids_in(const std::vector<stored_record>& records) {
  std::set<std::string> ids;
  for (const auto& r : records) {
    ids.insert(r.header_value(id_header).value_or(""));
  }
  return ids;
}

/// What each partition was given and where it went adds up.
void require_balanced(const worker& w) {
  const auto page = w.metrics();
  const auto received = metric_sum(page, "streamer_records_received_total").value_or(0);
  const auto finished = metric_sum(page, "streamer_records_total").value_or(0);
  const auto pending = metric_sum(page, "streamer_records_pending").value_or(0);
  CHECK(received == finished + pending);
}

} // namespace

TEST_CASE("A paused partition waits under load while the others go on, and loses nothing") {
  const scenario s{shared_broker(), {.partitions = 3}};
  auto config = with_token(s, s.scripted("scripted_async"));
  config.value("consumer.max_stall_ms", "2000");
  worker w{s.directory(), "worker", config, worker_binary::scripted};
  w.wait_until_ready();
  ledger_producer load{s.bootstrap, s.source};
  load.start(
      {.rate = 600, .seed = chosen_seed(), .value_bytes = 50, .headers = [](std::uint64_t n) {
         return n % 7 == 0 ? std::vector<header>{{script_header, "sleep:50"}}
                           : std::vector<header>{};
       }});
  REQUIRE(wait_until([&] { return read_topic(s.bootstrap, s.output).size() > 200; }, 30s));

  const auto paused = operate(s, w, {"pause", "--topic", s.source, "--partition", "1"});
  INFO(paused.out << paused.err);
  REQUIRE(paused.status.code == 0);
  CHECK(paused.out == "paused " + s.source + "[1]\n");
  // All that ran has ended and is committed; the rest lies on the broker.
  json row;
  REQUIRE(wait_until(
      [&] {
        row = explained(w, 1);
        return cause_of(row) == "paused" && row.at("leaving") == false &&
               row.at("states").at("unfetched").at("records") == row.at("lag").at("records") &&
               row.at("lag").at("records") > 0;
      },
      20s));
  CHECK(operate(s, w, {"pause", "--topic", s.source, "--partition", "1"}).out ==
        s.source + "[1] was paused already\n");
  const auto stands_at = row.at("committed").get<std::int64_t>();
  CHECK(row.at("paused_by_operator").at("by") == "127.0.0.1");
  CHECK(row.at("verdict").at("urgency") == "stuck");
  CHECK(row.at("verdict").at("text").get<std::string>().find("paused by an operator (127.0.0.1)") !=
        std::string::npos);
  const auto others_at = explained(w, 0).at("committed").get<std::int64_t>();
  REQUIRE(wait_until(
      [&] {
        const auto other = explained(w, 0);
        return !other.is_null() && other.at("committed").get<std::int64_t>() > others_at + 200;
      },
      20s));
  // Longer than a stall takes to be told.
  std::this_thread::sleep_for(3s);
  row = explained(w, 1);
  CHECK(row.at("committed") == stands_at);
  CHECK(row.at("lag").at("records") ==
        row.at("end").get<std::int64_t>() - row.at("from").get<std::int64_t>());
  CHECK(metric_sum(w.metrics(), "streamer_stalled_partitions").value_or(0) == 0);
  CHECK(metric_sum(w.metrics(), "streamer_paused_partitions") == 1);
  CHECK(w.health() == 200);
  CHECK(w.readiness() == 200);
  const auto status = status_of(w);
  for (const auto& p : status.at("assignment")) {
    CHECK(p.at("paused_by_operator").is_null() == (p.at("partition") != 1));
  }
  CHECK(w.log().entries("partition_paused").size() == 1);
  CHECK(w.log().entries("partition_paused").front().at("by") == "127.0.0.1");

  CHECK(operate(s, w, {"resume", "--topic", s.source, "--partition", "1"}).status.code == 0);
  CHECK(wait_until([&] { return cause_of(explained(w, 1)) != "paused"; }, 10s));
  load.stop();
  s.wait_until_drained();
  require_balanced(w);
  CHECK(w.stop().code == 0);
  const auto found = s.require_invariants(load.sent());
  CHECK(found.duplicates == 0);
}

TEST_CASE("A paused tenant waits in order while the others of its partition go on") {
  const scenario s{shared_broker(), {.partitions = 1}};
  auto config = with_token(s, s.scripted("scripted_async"));
  config.value("consumer.max_stall_ms", "2000");
  worker w{s.directory(), "worker", config, worker_binary::scripted};
  w.wait_until_ready();
  CHECK(operate(s, w, {"pause", "--tenant", "slow"}).out == "paused tenant slow\n");
  std::this_thread::sleep_for(300ms); // two ticks
  ledger_producer producer{s.bootstrap, s.source};
  for (int i = 0; i < 300; ++i) {
    producer.send_to(0, producer.maker().make(i % 3 == 0 ? "slow" : "quick",
                                              "key-" + std::to_string(i % 5), 50));
  }
  producer.flush();
  const auto done_of = [&](const std::string& tenant) {
    const auto all = read_journal(s.journal());
    return std::ranges::count_if(all, [&](const auto& a) { return a.tenant == tenant; });
  };
  REQUIRE(wait_until([&] { return done_of("quick") == 200; }, 20s));
  std::this_thread::sleep_for(3s);
  CHECK(done_of("slow") == 0);
  const auto row = explained(w, 0);
  INFO(row.dump(2));
  CHECK(cause_of(row) == "tenant_paused");
  CHECK(row.at("paused_by_operator").at("tenant") == "slow");
  CHECK(row.at("states").at("queued").at("records") == 100);
  CHECK(row.at("lag").at("records") == 300);
  CHECK(metric_sum(w.metrics(), "streamer_stalled_partitions").value_or(0) == 0);
  CHECK(metric_sum(w.metrics(), "streamer_paused_tenants") == 1);
  CHECK(w.health() == 200);
  CHECK(status_of(w).at("paused_tenants").at(0).at("tenant") == "slow");

  CHECK(operate(s, w, {"resume", "--tenant", "slow"}).out == "resumed tenant slow\n");
  CHECK(operate(s, w, {"resume", "--tenant", "slow"}).out == "tenant slow was not paused\n");
  s.wait_until_drained();
  require_balanced(w);
  CHECK(w.stop().code == 0);
  CHECK(s.require_invariants(producer.sent()).duplicates == 0);
}

TEST_CASE("A running worker is moved back: what was done is done again, in order") {
  const scenario s{shared_broker(), {.partitions = 2}};
  worker w{s.directory(), "worker", with_token(s, s.scripted("scripted_async")),
           worker_binary::scripted};
  w.wait_until_ready();
  ledger_producer load{s.bootstrap, s.source};
  load.start({.rate = 500, .seed = chosen_seed(), .value_bytes = 50});
  REQUIRE(wait_until(
      [&] {
        const auto row = explained(w, 0);
        return !row.is_null() && row.at("committed").is_number() && row.at("committed") > 100;
      },
      30s));
  const auto refused =
      operate(s, w, {"seek", "--topic", s.source, "--partition", "0", "--earliest"});
  CHECK(refused.status.code == 1);
  CHECK(refused.err.find("is active") != std::string::npos);
  CHECK(refused.err.find("add --live") != std::string::npos);
  const auto moved =
      operate(s, w, {"seek", "--topic", s.source, "--partition", "0", "--offset", "20", "--live"});
  INFO(moved.out << moved.err);
  REQUIRE(moved.status.code == 0);
  CHECK(moved.out == "moving " + s.source + "[0] to 20\n");
  REQUIRE(w.log().wait_for("partition_sought", 30s));
  CHECK(w.log().entries("partition_sought").front().at("offset") == 20);
  CHECK(w.log().entries("partition_seeking").front().at("by") == "127.0.0.1");
  load.stop();
  s.wait_until_drained();
  require_balanced(w);
  CHECK(metric_sum(w.metrics(), "streamer_control_requests_total",
                   {{"action", "seek"}, {"result", "done"}}) == 1);
  CHECK(w.stop().code == 0);
  const auto found = s.require_invariants(
      load.sent(), {.duplicates_allowed = load.sent().size(), .sought = {{0, 20}}});
  CHECK(found.duplicates >= 80);
}

TEST_CASE("A running worker is moved forward: what is passed over is left, and nothing else") {
  const scenario s{shared_broker(), {.partitions = 2}};
  auto config = with_token(s, s.scripted("scripted_async"));
  config.value("retry.initial_backoff_ms", "20000");
  config.value("retry.max_backoff_ms", "20000");
  worker w{s.directory(), "worker", config, worker_binary::scripted};
  w.wait_until_ready();
  ledger_producer producer{s.bootstrap, s.source};
  // One record that waits for a retry holds the commit, one is in its handler.
  const auto put = [&](int count, const std::vector<header>& script = {}, int first_key = 0) {
    for (int i = first_key; i < first_key + count; ++i) {
      for (const std::int32_t p : {0, 1}) {
        producer.send_to(
            p, producer.maker().make("t", "key-" + std::to_string(i) + "-" + std::to_string(p), 50,
                                     p == 0 ? script : std::vector<header>{}));
      }
    }
    producer.flush();
  };
  put(5);
  put(1, {{script_header, "retry"}}, 50);
  put(4);
  put(1, {{script_header, "sleep:8000"}}, 60);
  REQUIRE(wait_until(
      [&] {
        const auto row = explained(w, 0);
        return !row.is_null() && row.at("committed") == 5 &&
               row.at("states").at("in_flight").at("records") == 1;
      },
      20s));
  const auto moved =
      operate(s, w, {"seek", "--topic", s.source, "--partition", "0", "--latest", "--live"});
  INFO(moved.out << moved.err);
  REQUIRE(moved.status.code == 0);
  CHECK(moved.out == "moving " + s.source + "[0] to 11\n");
  REQUIRE(w.log().wait_for("partition_sought", 30s));
  // What ran was let end, and what waited is said to be left.
  const auto released = w.log().entries("partition_released");
  REQUIRE_FALSE(released.empty());
  CHECK(released.front().at("unfinished") == 1);
  CHECK(released.front().at("fenced_running") == 0);
  put(5);
  s.wait_until_drained();
  require_balanced(w);
  CHECK(w.stop().code == 0);
  const auto out = ids_in(read_topic(s.bootstrap, s.output));
  auto sent = producer.sent();
  const auto left =
      std::ranges::count_if(sent, [&](const auto& r) { return !out.contains(r.id()); });
  CHECK(left == 1);
  std::erase_if(sent, [&](const auto& r) {
    return !out.contains(r.id()) && r.partition == 0 && r.offset == 5;
  });
  CHECK(s.require_invariants(sent).duplicates == 0);
}

TEST_CASE("Changes are refused without the token, and with bodies that say nothing") {
  const scenario s{shared_broker(), {.partitions = 1}};
  const std::string pause = R"({"topic": ")" + s.source + R"(", "partition": 0})";
  {
    worker open{s.directory(), "open", s.forward()};
    open.wait_until_ready();
    const auto refused = http_post(open.admin_port(), "/control/pause", pause, bearer);
    CHECK(refused.status == 403);
    CHECK(refused.body.find("admin.token_file") != std::string::npos);
    CHECK(http_get(open.admin_port(), "/status").status == 200);
    CHECK(open.stop().code == 0);
  }
  worker w{s.directory(), "worker", with_token(s, s.forward())};
  w.wait_until_ready();
  // Ready it is also with none, which it may get before the group has let go of the one before.
  REQUIRE(wait_until([&] { return !explained(w, 0).is_null(); }, 30s));
  const auto port = w.admin_port();
  CHECK(http_post(port, "/control/pause", pause).status == 401);
  CHECK(http_post(port, "/control/pause", pause, "Bearer wrong").status == 401);
  CHECK(http_post(port, "/control/log-level", R"({"level": "debug"})", "s3cret").status == 401);
  CHECK(http_post(port, "/control/pause", std::string(5'000, ' '), bearer).status == 413);
  CHECK(http_post(port, "/control/pause", "{", bearer).status == 400);
  CHECK(http_post(port, "/control/pause", "{}", bearer).status == 400);
  const auto unknown = http_post(port, "/control/pause",
                                 R"({"topic": ")" + s.source + R"(", "partition": 7})", bearer);
  CHECK(unknown.status == 404);
  CHECK(unknown.body.find(s.source + "[7] is not assigned") != std::string::npos);
  const auto seek = [&](const std::string& rest, int partition = 0) {
    return http_post(port, "/control/seek",
                     R"({"topic": ")" + s.source + R"(", "partition": )" +
                         std::to_string(partition) + rest + "}",
                     bearer);
  };
  CHECK(seek(R"(, "to": "earliest")", 7).status == 404);
  const auto outside = seek(R"(, "offset": 99)");
  CHECK(outside.status == 409);
  CHECK(outside.body.find("reaches from 0 to 0") != std::string::npos);
  CHECK(http_get(port, "/control/pause", bearer).status == 405);
  CHECK(http_post(port, "/status", "{}", bearer).status == 405);
  CHECK(http_post(port, "/control/stop", "{}", bearer).status == 405);
  CHECK(w.log().wait_for("change_refused", 5s));
  CHECK(explained(w, 0).at("paused_by_operator").is_null());
  // The command says the worker's own line.
  const auto far = operate(s, w, {"pause", "--topic", s.source, "--partition", "7"});
  CHECK(far.status.code == 1);
  CHECK(far.err.find("is not assigned to this worker") != std::string::npos);
  CHECK(std::ranges::count(far.err, '\n') == 1);
  CHECK(operate(s, w, {"pause", "--topic", s.source}).status.code == 2);
  CHECK(operate(s, w, {"resume"}).status.code == 2);
  CHECK(w.stop().code == 0);
}

TEST_CASE("The log level changes while a worker runs") {
  const scenario s{shared_broker(), {.partitions = 1}};
  worker w{s.directory(), "worker", with_token(s, s.scripted("scripted_async")),
           worker_binary::scripted};
  w.wait_until_ready();
  const auto fail_once = [&] {
    ledger_producer producer{s.bootstrap, s.source};
    producer.send_to(0, producer.maker().make("t", "k", 20, {{script_header, "retry:1"}}));
    producer.flush();
    s.wait_until_drained();
  };
  fail_once();
  CHECK(w.log().entries("attempt_failed").empty()); // debug
  CHECK(operate(s, w, {"log-level", "debug"}).out == "the worker logs at debug\n");
  CHECK(status_of(w).at("log_level") == "debug");
  fail_once();
  CHECK(w.log().entries("attempt_failed").size() == 1);
  CHECK(operate(s, w, {"log-level", "error"}).status.code == 0);
  fail_once();
  CHECK(w.log().entries("attempt_failed").size() == 1);
  CHECK(w.log().entries("log_level_changed").size() == 2);
  const auto wrong = operate(s, w, {"log-level", "loud"});
  CHECK(wrong.status.code == 1);
  CHECK(wrong.err.find("level is one of") != std::string::npos);
  CHECK(w.stop().code == 0);
}

TEST_CASE("A pause ends when the group takes the partition away, and a seek keeps it") {
  const scenario s{shared_broker(), {.partitions = 2}};
  auto config = with_token(s, s.scripted("scripted_async"));
  worker first{s.directory(), "first", config, worker_binary::scripted};
  first.wait_until_ready();
  ledger_producer producer{s.bootstrap, s.source};
  const auto put = [&] {
    for (int i = 0; i < 20; ++i) {
      for (const std::int32_t p : {0, 1}) {
        producer.send_to(p, producer.maker().make("t", "key-" + std::to_string(p), 50));
      }
    }
    producer.flush();
  };
  put();
  s.wait_until_drained();
  for (const auto* partition : {"0", "1"}) {
    REQUIRE(
        operate(s, first, {"pause", "--topic", s.source, "--partition", partition}).status.code ==
        0);
  }
  put();
  REQUIRE(wait_until(
      [&] {
        const auto row = explained(first, 1);
        return !row.is_null() && row.at("leaving") == false;
      },
      10s));
  REQUIRE(operate(s, first,
                  {"seek", "--topic", s.source, "--partition", "1", "--offset", "30", "--live"})
              .status.code == 0);
  REQUIRE(first.log().wait_for("partition_sought", 20s));
  CHECK(wait_until(
      [&] {
        const auto row = explained(first, 1);
        return cause_of(row) == "paused" && row.at("committed") == 30 &&
               row.at("lag").at("records") == 10;
      },
      10s));
  worker second{s.directory(), "second", config, worker_binary::scripted};
  REQUIRE(first.log().wait_for("pause_ended", 30s));
  REQUIRE(wait_until(
      [&] {
        const auto all = metric_sum(first.metrics(), "streamer_paused_partitions").value_or(-1);
        return all == 1;
      },
      20s));
  CHECK(second.stop().code == 0);
  CHECK(first.stop().code == 0);
}

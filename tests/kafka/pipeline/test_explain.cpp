// Why a worker's partitions lag, as it says itself: exact under load, in a rebalance and in a
// drain.
#include <signal.h>

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "tests/support/broker_fixture.hpp"
#include "tests/support/scenario.hpp"
#include "tests/support/scripted_handlers.hpp"

using namespace streamer::test;

namespace {

using nlohmann::json;

/// Looks at /explain again and again and adds up what it says.
class sampler {
 public:
  explicit sampler(const worker& w) : worker_{w} {}

  /// One look; false if nobody answered.
  bool look() {
    const auto answer = http_get(worker_.admin_port(), "/explain");
    if (answer.status != 200) {
      return false;
    }
    std::uint64_t all = 0;
    const auto page = json::parse(answer.body);
    for (const auto& row : page.at("partitions")) {
      all += row.at("lag").at("records").get<std::uint64_t>();
      judge(row);
    }
    CHECK(page.at("lag_records") == all);
    ++looks;
    return true;
  }

  std::size_t looks = 0;
  std::size_t rows = 0;                    ///< partitions with a lag, over all looks
  std::map<std::string, std::size_t> seen; ///< how often a state had records
  std::set<std::string> verdicts;          ///< causes
  std::size_t silent = 0;

 private:
  void judge(const json& row) {
    INFO(row.dump(2));
    std::int64_t sum = 0;
    for (const auto& [state, part] : row.at("states").items()) {
      const auto records = part.at("records").get<std::int64_t>();
      REQUIRE(records >= 0);
      sum += records;
      seen[state] += records > 0 ? 1U : 0U;
    }
    silent += row.at("answered").get<bool>() ? 0U : 1U;
    verdicts.insert(row.at("verdict").at("cause").get<std::string>());
    CHECK_FALSE(row.at("verdict").at("text").get<std::string>().empty());
    if (row.at("end").is_null()) {
      REQUIRE(sum == 0);
      return;
    }
    const auto from = row.at("from").get<std::int64_t>();
    REQUIRE(sum == row.at("end").get<std::int64_t>() - from);
    REQUIRE((row.at("committed").is_null() || row.at("committed") == from));
    // A commit never goes back, save where another owner reads it again.
    auto& last = committed_[row.at("partition").get<int>()];
    CHECK(from >= last);
    last = from;
    if (const auto& frontier = row.at("frontier"); !frontier.is_null()) {
      CHECK(frontier.at("offset") >= from);
      CHECK(frontier.at("tenant").get<std::string>().starts_with("tenant-"));
      CHECK(frontier.at("key_hash").get<std::string>().size() == 16);
    }
    rows += sum > 0 ? 1U : 0U;
  }

  const worker& worker_;
  std::map<int, std::int64_t> committed_;
};

finished_process explain(const scenario& s, const worker& w, std::vector<std::string> more) {
  process_options options;
  options.binary = binary_path(worker_binary::product);
  options.arguments = {"process", "explain",
                       "--addr",  "127.0.0.1:" + std::to_string(w.admin_port()),
                       "--set",   "admin.token_file=" + (s.directory() / "token").string()};
  options.arguments.insert(options.arguments.end(), more.begin(), more.end());
  options.output = s.directory() / unique_name("explain");
  options.directory = s.directory().path();
  return run(options, 30s);
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

} // namespace

TEST_CASE("The parts of the lag add up 100 times under load, after a rebalance and in a drain") {
  const scenario s{shared_broker(), {.partitions = 4}};
  auto config = s.scripted("scripted_async");
  config.value("retry.initial_backoff_ms", "300");
  worker first{s.directory(), "first", config, worker_binary::scripted};
  first.wait_until_ready();
  ledger_producer load{s.bootstrap, s.source};
  load.start(
      {.rate = 2000, .seed = chosen_seed(), .value_bytes = 50, .headers = [](std::uint64_t n) {
         std::vector<header> script;
         if (n % 50 == 7) {
           script.push_back({script_header, "retry:2"});
         } else if (n % 5 == 0) {
           script.push_back({script_header, "sleep:30"});
         }
         return script;
       }});
  sampler at_first{first};
  while (at_first.looks < 40) {
    REQUIRE(at_first.look());
    std::this_thread::sleep_for(20ms);
  }
  worker second{s.directory(), "second", config, worker_binary::scripted};
  sampler at_second{second};
  REQUIRE(wait_until(
      [&] {
        at_first.look();
        at_second.look();
        return at_second.rows >= 20 && at_first.looks >= 80;
      },
      30s, 30ms));
  // Keys that take their time, so that there is something to drain.
  for (std::int32_t p = 0; p < 4; ++p) {
    load.send_to(p, record_maker{s.source}.make("tenant-slow", "slow-" + std::to_string(p), 20,
                                                {{script_header, "sleep:1500"}}));
  }
  std::this_thread::sleep_for(300ms);
  first.program().signal(SIGTERM);
  std::size_t draining = 0;
  while (at_first.look()) {
    ++draining;
    std::this_thread::sleep_for(10ms);
  }
  // Not by another signal: a second one ends it at once.
  const auto ended = first.program().wait(20s);
  REQUIRE(ended);
  CHECK(ended->code == 0);
  load.stop();
  s.wait_until_drained();
  REQUIRE(at_second.look());
  evidence(std::to_string(at_first.looks + at_second.looks) + " looks, " +
           std::to_string(at_first.rows + at_second.rows) + " partitions with lag, " +
           std::to_string(draining) + " looks at a draining worker");
  CHECK(at_first.looks + at_second.looks >= 100);
  CHECK(at_first.rows >= 100);
  CHECK(draining >= 10);
  CHECK(at_first.verdicts.contains("leaving"));
  for (const auto* state : {"in_flight", "waiting_retry", "done_uncommitted"}) {
    CAPTURE(state);
    CHECK(at_first.seen[state] > 0);
  }
  CHECK(second.stop().code == 0);
  s.require_invariants(load.sent());
}

TEST_CASE("An operator sees in one call which record holds a partition, and what to do") {
  const scenario s{shared_broker(), {.partitions = 2}};
  auto config = s.scripted("scripted_async");
  config.value("retry.initial_backoff_ms", "20000");
  config.value("retry.max_backoff_ms", "20000");
  const auto token = s.directory() / "token";
  write_file(token, "s3cret\n");
  config.text("admin.token_file", token.string());
  worker w{s.directory(), "worker", config, worker_binary::scripted};
  w.wait_until_ready();
  // Markers of transactions lie between the records, and at the end.
  ledger_producer producer{s.bootstrap, s.source, unique_name("transaction")};
  for (int i = 0; i < 3; ++i) {
    producer.begin_transaction();
    producer.send_to(0, producer.maker().make("acme", i == 1 ? "secret-key" : "fine", 30,
                                              i == 1 ? std::vector<header>{{script_header, "retry"}}
                                                     : std::vector<header>{}));
    producer.commit_transaction();
  }
  REQUIRE(wait_until(
      [&] {
        const auto lag = metric_sum(w.metrics(), "streamer_lag_records", {{"partition", "0"}});
        const auto retry = metric_sum(w.metrics(), "streamer_lag_records",
                                      {{"partition", "0"}, {"state", "waiting_retry"}});
        // Three markers, the record and the next one; the first marker not, if the worker came to
        // the topic's end behind it before there was more.
        return retry == 1 && (lag == 5 || lag == 4);
      },
      20s));
  // So many lag also while the last marker is on its way and nothing is committed yet.
  finished_process asked;
  REQUIRE(wait_until(
      [&] {
        asked = explain(s, w, {"--topic", s.source, "--partition", "0", "--json"});
        return asked.status.code != 0 ||
               (has(asked.out, "\"end\": 6") &&
                (has(asked.out, "\"committed\": 1") || has(asked.out, "\"committed\": 2")));
      },
      20s));
  INFO(asked.out << asked.err);
  REQUIRE(asked.status.code == 0);
  const auto row = json::parse(asked.out).at("partitions").at(0);
  const int committed = row.at("committed"); // behind the record, before or behind its marker
  CHECK(row.at("end") == 6);
  CHECK(row.at("states").at("waiting_retry").at("records") == 1);
  CHECK(row.at("states").at("done_uncommitted").at("records") == 5 - committed);
  const auto& frontier = row.at("frontier");
  CHECK(frontier.at("offset") == 2);
  CHECK(frontier.at("tenant") == "acme");
  CHECK(frontier.at("actor") == "retry_supervisor");
  CHECK(frontier.at("attempt") == 1);
  CHECK(frontier.at("next_retry_seconds").get<double>() > 1);
  CHECK(frontier.at("failure").at("cause") == "handler");
  CHECK(row.at("verdict").at("cause") == "retry");
  CHECK_FALSE(has(asked.out, "secret-key"));

  const auto listed = explain(s, w, {});
  INFO(listed.out << listed.err);
  CHECK(listed.status.code == 0);
  CHECK(has(listed.out, s.source + "[0]"));
  CHECK(has(listed.out, "offset 2"));
  CHECK(has(listed.out, "-> "));

  CHECK(http_get(w.admin_port(), "/explain").status == 401);
  CHECK(http_get(w.admin_port(), "/explain?partition=1", "Bearer s3cret").status == 400);
  const auto elsewhere = explain(s, w, {"--topic", s.source, "--partition", "7"});
  CHECK(elsewhere.status.code == 1);
  CHECK(has(elsewhere.err, s.source + "[7] is not assigned to this worker"));
  w.program().kill();
  const auto gone = explain(s, w, {});
  CHECK(gone.status.code == 1);
  CHECK(has(gone.err, "is it running"));
  CHECK(std::ranges::count(gone.err, '\n') == 1);
}

// Handlers of kind subprocess: the real binary and children that do what a record says.
#include "tests/mock/handlers/handler_run.hpp"

#include <signal.h>

#include <catch2/catch_test_macros.hpp>
#include <set>

using namespace streamer::test;

namespace {

std::map<std::string, std::string> scripted(std::map<std::string, std::string> further = {}) {
  std::map<std::string, std::string> keys{
      {"kind", toml_text("subprocess")},
      {"command",
       toml_list({"python3", source_path("tests/mock/handlers/scripted_child.py"), "out"})},
      {"concurrency", "2"},
      {"restart_backoff_ms", "10"},
      {"restart_max_backoff_ms", "50"},
      {"timeout_ms", "20000"},
  };
  further.merge(keys);
  return further;
}

/// The children leave a file each here.
std::map<std::string, std::string> marks_in(const handler_run& run) {
  return {{"SCRIPTED_CHILD", run.directory().path().string()}};
}

std::map<pid_t, std::string> marks(const handler_run& run) {
  std::map<pid_t, std::string> found;
  for (const auto& entry : std::filesystem::directory_iterator{run.directory().path()}) {
    const auto name = entry.path().filename().string();
    if (name.starts_with("pid-")) {
      found[std::stoi(name.substr(4))] = read_file(entry.path());
    }
  }
  return found;
}

bool is_alive(pid_t id) { return ::kill(id, 0) == 0; }

std::vector<sent> plain(int count, const std::string& value = "ok") {
  std::vector<sent> records;
  for (int i = 0; i < count; ++i) {
    records.push_back({"plain-" + std::to_string(i), value});
  }
  return records;
}

} // namespace

TEST_CASE("children answer for their records, emit events, and end with the worker") {
  require_program("python3");
  handler_run run;
  auto& w = run.start(run.config(scripted()), marks_in(run));
  auto records = plain(200, "emit");
  records.push_back({"s", "skip"});
  records.push_back({"twice", "twice"});
  run.send(records);
  run.wait_until_done();

  std::set<std::string> keys;
  for (const auto& r : run.read("out")) {
    keys.insert(r.key.value_or(""));
    CHECK(r.value.value_or("").starts_with("{\"of\":"));
    CHECK(r.header_value("from") == "child");
  }
  CHECK(keys.size() == 200);
  CHECK(run.read("out").size() == 200);
  CHECK(run.dead_letters().empty());
  const auto page = w.metrics();
  CHECK(metric_sum(page, "streamer_records_total", {{"outcome", "processed"}}) == 201);
  CHECK(metric_sum(page, "streamer_records_total", {{"outcome", "skipped"}}) == 1);
  CHECK(w.log().wait_for("child_protocol", 5s)); // an id that has been answered

  CHECK(w.stop().code == 0);
  const auto children = marks(run);
  CHECK(children.size() == 2);
  for (const auto& [id, mark] : children) {
    CHECK(mark == "ended"); // by the end of its stdin, within the grace
    CHECK_FALSE(is_alive(id));
  }
  CHECK(w.log().entries("child_ended").empty());
}

TEST_CASE("a child gets its record, its streams, and nothing of the worker's secrets") {
  require_program("python3");
  handler_run run;
  std::filesystem::create_directory(run.directory() / "place");
  auto environment = marks_in(run);
  environment["KAFKA_KAFKA__SASL_PASSWORD"] = "planted-secret";
  auto& w = run.start(
      run.config(scripted({{"directory", toml_text((run.directory() / "place").string())}})),
      environment);
  run.send({{"k", "context", {{"h", "v"}, {"h", std::nullopt}}}});
  run.wait_until_done();
  const auto out = run.read("out");
  REQUIRE(out.size() == 1);
  const auto seen = nlohmann::json::parse(out[0].value.value_or(""));
  CHECK(seen.at("kafka_variables").empty());
  CHECK(seen.at("other_variable") == run.directory().path().string());
  CHECK(seen.at("descriptors") == nlohmann::json{"0", "1", "2"});
  CHECK(seen.at("directory") == (run.directory() / "place").string());
  CHECK(seen.at("blocked") == 0);
  const auto& request = seen.at("request");
  CHECK(request.at("topic") == "events");
  CHECK(request.at("offset") == 0);
  CHECK(request.at("attempt") == 1);
  CHECK(request.at("key") == "k");
  CHECK(request.at("headers") ==
        nlohmann::json::parse(R"([{"name":"h","value":"v"},{"name":"h","value":null}])"));
  CHECK(w.stop().code == 0);
}

TEST_CASE("what ends a child is dead-lettered, and costs nobody else") {
  require_program("python3");
  handler_run run;
  auto& w = run.start(run.config(scripted({{"max_line_bytes", "100000"}})), marks_in(run));
  // Many records share a child with each of those that end it.
  std::vector<sent> records;
  const std::vector<std::pair<std::string, std::string>> poisons{
      {"exit", "exit:3"}, {"kill", "kill"}, {"long", "long"}};
  for (std::size_t i = 0; i < 300; ++i) {
    if (i % 100 == 50) {
      records.push_back({poisons[i / 100].first, poisons[i / 100].second});
    }
    records.push_back({"plain-" + std::to_string(i), "emit"});
  }
  records.push_back({"once", "once:kill"});
  run.send(records);
  run.wait_until_done();

  const auto dead = run.dead_letters();
  REQUIRE(dead.size() == poisons.size());
  for (const auto& [key, value] : poisons) {
    CAPTURE(key);
    REQUIRE(dead.contains(key));
    CHECK(dead.at(key).value == value);
    CHECK(dead.at(key).header_value("streamer.dlq.reason") == "retries_exhausted");
    CHECK(dead.at(key).header_value("__dlq.errors.delivery.count") == "3");
  }
  CHECK(dead.at("exit").header_value("streamer.dlq.exception") == "child_ended");
  CHECK(dead.at("exit").header_value("__dlq.errors.message").value_or("").find("exit code 3") !=
        std::string::npos);
  CHECK(dead.at("kill").header_value("__dlq.errors.message").value_or("").find("signal 9") !=
        std::string::npos);
  CHECK(dead.at("long").header_value("streamer.dlq.exception") == "child_line_too_long");
  std::set<std::string> processed;
  for (const auto& r : run.read("out")) {
    processed.insert(r.key.value_or(""));
  }
  CHECK(processed.size() == 300);
  // Three attempts each; a record may fail with one that ends the child which both are at.
  CHECK(w.log().entries("child_ended").size() >= 4);
  CHECK(w.stop().code == 0);
}

TEST_CASE("a child that does not answer in time is ended; what stood behind loses no attempt") {
  require_program("python3");
  handler_run run;
  auto& w = run.start(run.config(scripted({{"timeout_ms", "4000"}, {"concurrency", "1"}})),
                      marks_in(run));
  std::vector<sent> records{{"hang", "hang"}};
  for (auto& r : plain(30, "context")) {
    records.push_back(std::move(r));
  }
  records.push_back({"lose", "once:lose"});
  run.send(records);
  run.wait_until_done();

  const auto dead = run.dead_letters();
  REQUIRE(dead.size() == 1);
  REQUIRE(dead.contains("hang"));
  CHECK(dead.at("hang").header_value("streamer.dlq.reason") == "timeout");
  CHECK(dead.at("hang").header_value("__dlq.errors.delivery.count") == "3");
  const auto out = run.read("out");
  CHECK(out.size() == 30);
  for (const auto& r : out) {
    // They were sent again after the child had been ended, in the same attempt.
    const auto seen = nlohmann::json::parse(r.value.value_or(""));
    CHECK(seen.at("request").at("attempt") == 1);
  }
  CHECK(w.log().entries("child_silent").size() >= 4);
  CHECK(w.stop().code == 0);
  for (const auto& [id, mark] : marks(run)) {
    CHECK_FALSE(is_alive(id));
  }
}

TEST_CASE("garbage, bad answers and a flood on stderr are told within bounds, without content") {
  require_program("python3");
  handler_run run;
  auto& w = run.start(run.config(scripted({{"concurrency", "1"}})), marks_in(run));
  run.send({{"g", "garbage"},
            {"b", "bad"},
            {"f", "stderr:20000"},
            {"r", "retry"},
            {"j", "reject"},
            {"o", "once:retry"},
            {"p", "emit"}});
  run.wait_until_done();

  const auto dead = run.dead_letters();
  CHECK(dead.size() == 3);
  REQUIRE((dead.contains("b") && dead.contains("r") && dead.contains("j")));
  CHECK(dead.at("b").header_value("streamer.dlq.exception") == "child_bad_answer");
  CHECK(dead.at("r").header_value("streamer.dlq.reason") == "retries_exhausted");
  CHECK(dead.at("r").header_value("streamer.dlq.exception") == "ToldError");
  CHECK(dead.at("r").header_value("__dlq.errors.message") == "as told");
  CHECK(dead.at("j").header_value("streamer.dlq.reason") == "handler_rejected");
  CHECK(dead.at("j").header_value("__dlq.errors.delivery.count") == "1");
  CHECK(run.read("out").size() == 1);
  CHECK(w.log().wait_for("child_protocol", 5s));
  CHECK(w.stop().code == 0);

  const auto lines = w.log().entries("child_stderr");
  CHECK(!lines.empty());
  CHECK(lines.size() < 1'000); // of 20,000
  const auto log = w.program().stderr_text();
  CHECK(log.find("secret-garbage") == std::string::npos);
  CHECK(log.find('\x1b') == std::string::npos);
  CHECK(log.find('\x07') == std::string::npos);
  CHECK(w.log().entries("child_ended").empty());
}

TEST_CASE("children die with a worker that is killed") {
  require_program("python3");
  handler_run run;
  auto& w = run.start(run.config(scripted()), marks_in(run));
  run.send({{"h", "hang"}, {"p", "ok"}});
  REQUIRE(wait_until([&] { return marks(run).size() == 2; }, 20s));
  w.program().kill();
  for (const auto& [id, mark] : marks(run)) {
    CHECK(wait_until([&, child = id] { return !is_alive(child); }, 10s));
  }
}

TEST_CASE("a child that hangs is killed when the worker stops, within the grace") {
  require_program("python3");
  handler_run run;
  auto config = run.config(scripted({{"stop_grace_ms", "200"}}));
  config.value("consumer.drain_timeout_ms", "500");
  auto& w = run.start(config, marks_in(run));
  run.send({{"h", "hang"}});
  REQUIRE(wait_until(
      [&] {
        return metric_sum(w.metrics(), "streamer_lag_records", {{"state", "in_flight"}}) == 1;
      },
      20s));
  CHECK(w.stop().code == 5); // the record is read again
  for (const auto& [id, mark] : marks(run)) {
    CHECK(wait_until([&, child = id] { return !is_alive(child); }, 5s));
  }
}

TEST_CASE("a command that cannot be started is an error of the configuration") {
  const handler_run run;
  const std::vector<std::pair<std::string, std::string>> wrong{
      {"no-such-program", "no folder of PATH has it"},
      {"/etc/passwd", "is not an executable file"},
      {"./nothing/here", "there is no file"},
  };
  for (const auto& [command, why] : wrong) {
    worker w{run.directory(), "worker" + std::to_string(command.size()),
             run.config({{"kind", toml_text("subprocess")}, {"command", toml_list({command})}})};
    const auto end = w.program().wait(30s);
    REQUIRE(end);
    CHECK(end->code == 2);
    const auto text = w.program().stderr_text();
    CHECK(text.find(command) != std::string::npos);
    CHECK(text.find(why) != std::string::npos);
  }
}

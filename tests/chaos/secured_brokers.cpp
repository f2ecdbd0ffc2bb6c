// E1: every way to log in to a secured broker, and every way to be refused. Secrets are planted,
// and looked for in all that a worker and the commands show, and in what a crash leaves behind.
#include <signal.h>

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <memory>
#include <optional>

#include "tests/chaos/support/chaos_report.hpp"
#include "tests/chaos/support/secured_logins.hpp"
#include "tests/support/ledger_producer.hpp"
#include "tests/support/scripted_handlers.hpp"
#include "tests/support/unlimited_cores.hpp"

using namespace streamer::test;

namespace {

constexpr milliseconds noticed_within = 10s;
/// A line about a refused login may come again after 30 s.
constexpr milliseconds one_line_within = 25s;

std::size_t lines_in(const std::string& text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

std::string value(const nlohmann::json& entry, const char* key) {
  return entry.contains(key) ? entry.at(key).get<std::string>() : entry.dump();
}

using visitors = std::vector<std::unique_ptr<visitor>>;

/// Waits until each is unready because of its login; returns how long each took from its start, in
/// their order. Fails the test if one does not become so.
std::vector<milliseconds> until_unready(const visitors& refused) {
  std::vector<std::optional<milliseconds>> took(refused.size());
  const auto ask = [&] {
    for (std::size_t i = 0; i < refused.size(); ++i) {
      const auto& one = *refused[i];
      if (took[i]) {
        continue;
      }
      const auto answer = http_get(one.running.metrics_port(), "/readyz");
      if (answer.status == 503 && answer.body.find("authentication_failed") != std::string::npos) {
        took[i] = milliseconds{wall_ms() - one.began_ms};
      }
    }
    return std::all_of(took.begin(), took.end(), [](const auto& t) { return t.has_value(); });
  };
  static_cast<void>(wait_until(ask, 60s));
  std::vector<milliseconds> all;
  for (std::size_t i = 0; i < refused.size(); ++i) {
    INFO(refused[i]->who.name << ": " << refused[i]->running.log_tail());
    REQUIRE(took[i]);
    all.push_back(*took[i]);
  }
  return all;
}

/// One line of each of its clients says why, in time; alive and counted.
void require_told(const visitor& one, milliseconds unready, chaos_report& report) {
  const auto& w = one.running;
  INFO(one.who.name << ": " << w.log_tail());
  report.recovered("/readyz says that a login is refused", unready, noticed_within);
  std::map<std::string, int> lines;
  std::optional<std::int64_t> first;
  for (const auto& entry : w.log().entries("kafka_authentication_failed")) {
    const auto after = log_time_ms(entry) - one.began_ms;
    first = std::min(first.value_or(after), after);
    if (after <= one_line_within.count()) {
      ++lines[value(entry, "client")];
    }
    CHECK(value(entry, "message").find(one.who.told) != std::string::npos);
    CHECK(value(entry, "message").find("; ") != std::string::npos);
  }
  REQUIRE(first);
  report.recovered("the line that says why", milliseconds{*first}, noticed_within);
  CHECK(lines == std::map<std::string, int>{{"consumer", 1}, {"producer", 1}});
  CHECK(w.readiness() == 503);
  CHECK(w.health() == 200);
  CHECK(metric_sum(w.metrics(), "streamer_kafka_authentication_failures_total").value_or(0) > 0);
  report.fault("login refused: " + one.who.name);
}

/// Commands end with the same line, and at once; the doctor makes a finding of it.
void require_commands_refused(const secured_surroundings& here, const visitor& stranger) {
  const std::vector<std::vector<std::string>> commands{
      {"process", "lag"}, {"topics", "ls"}, {"ingest", "orders", "--count", "1"}, {"dlq", "ls"}};
  for (const auto& arguments : commands) {
    const auto ended = run_as(here, stranger, arguments);
    INFO(stranger.who.name << ", " << arguments.front() << ": " << ended.out << ended.err);
    CHECK(ended.status.code == 1);
    CHECK(lines_in(ended.err) == 1);
    CHECK(ended.err.find(stranger.who.told) != std::string::npos);
    require_no_secret(arguments.front(), ended.out + ended.err);
  }
  const auto ended = run_as(here, stranger, {"doctor", "--json"});
  INFO(stranger.who.name << ": " << ended.out << ended.err);
  CHECK(ended.status.code == 1);
  require_no_secret("doctor", ended.out + ended.err);
  const auto page = nlohmann::json::parse(ended.out);
  const auto found = std::find_if(page["findings"].begin(), page["findings"].end(),
                                  [](const auto& f) { return f["id"] == "credentials"; });
  REQUIRE(found != page["findings"].end());
  CHECK((*found)["severity"] == "problem");
  CHECK((*found)["what"].get<std::string>().find(stranger.who.told) != std::string::npos);
  CHECK_FALSE((*found)["remedy"].get<std::string>().empty());
}

/// What the commands show to who is let in.
void require_commands_silent(const secured_surroundings& here, const visitor& guest) {
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{"doctor"}, {"dlq", "ls"}, {"process", "lag"}}) {
    const auto ended = run_as(here, guest, arguments);
    INFO(guest.who.name << ", " << arguments.front() << ": " << ended.out << ended.err);
    CHECK(ended.status.code == 0);
    require_no_secret(arguments.front(), ended.out + ended.err);
  }
  const auto flag =
      run_as(here, guest, {"doctor", "--set", "kafka.sasl_password=" + wrong_password});
  CHECK(flag.status.code == 2);
  CHECK(flag.err.find("kafka.sasl_password") != std::string::npos);
  require_no_secret("--set", flag.out + flag.err);
}

/// What a crashed process has left of itself: its log, its state and no core dump.
void require_clean_end(const secured_surroundings& here, visitor& one, int signal) {
  const auto ended = one.running.program().wait(60s);
  INFO(one.who.name << ": " << one.running.log_tail());
  REQUIRE(ended);
  CHECK(ended->signal == signal);
  CHECK_FALSE(ended->core_dumped);
  require_no_secret("what " + one.who.name + " said at its end",
                    one.running.program().stderr_text() + one.running.program().stdout_text());
  std::size_t files = 0;
  const auto state = here.directory / (one.who.name + ".state");
  for (const auto& file : std::filesystem::recursive_directory_iterator{state}) {
    if (file.is_regular_file()) {
      ++files;
      require_no_secret(file.path().string(), read_file(file.path()));
    }
  }
  CHECK(files > 0);
}

/// A record ends its worker, which has a password in its environment; the next one tells the group.
void require_crashes_silent(const secured_surroundings& here, login who, chaos_report& report) {
  who.name = "crashing";
  const auto topic = unique_name("crashing");
  create_topic(here.cluster.bootstrap(), topic, 1);
  auto config = here.config_of(who);
  const auto group = unique_name("crashing-group");
  config.text("consumer.group_id", group);
  config.value("consumer.topics", "[" + toml_text(topic) + "]");
  config.handler({{"kind", toml_text("scripted_quick")},
                  {"to", toml_text(here.output)},
                  {"journal", toml_text("/dev/null")},
                  {"gate", toml_text(here.directory.path().string())}});
  ledger_producer producer{here.cluster.bootstrap(), topic};
  producer.send(producer.maker().make("acme", "key", 100, {{script_header, "segv"}}));
  producer.flush();
  const unlimited_cores unlimited;
  for (int crash = 0; crash < 2; ++crash) {
    visitor one{here, who, config, worker_binary::scripted};
    require_clean_end(here, one, SIGSEGV);
    report.fault("crash of a worker");
  }
  const auto marks = read_topic(here.cluster.bootstrap(), group + ".suspects");
  CHECK_FALSE(marks.empty());
  for (const auto& mark : marks) {
    require_no_secret("the suspects topic", mark.key.value_or("") + mark.value.value_or(""));
  }
}

} // namespace

TEST_CASE("E1: logins to a secured broker, accepted and refused, without a secret in any output",
          "[E1][fast]") {
  constexpr std::size_t events = 20;
  chaos_report report{"E1", "TLS, mutual TLS, SASL: accepted, refused, and secrets looked for"};
  report.needs("crash of a worker", 3);
  secured_surroundings here;
  const auto good = here.accepted();
  visitors refused;
  for (const auto& who : here.refused(good)) {
    report.needs("login refused: " + who.name, 1);
    refused.push_back(std::make_unique<visitor>(here, who));
  }

  const auto unready = until_unready(refused);
  for (const auto& who : {std::size_t{0}, std::size_t{1}, std::size_t{2}, std::size_t{6}}) {
    require_commands_refused(here, *refused.at(who));
  }
  // Nobody repeats himself before his time.
  const auto quiet_until = refused.back()->began_ms + one_line_within.count();
  REQUIRE(wait_until([&] { return wall_ms() > quiet_until; }, one_line_within + 1s));
  for (std::size_t i = 0; i < refused.size(); ++i) {
    require_told(*refused[i], unready[i], report);
    require_silent(here, *refused[i]);
    CHECK(refused[i]->running.stop().code == 0);
  }

  visitors accepted;
  for (const auto& who : good) {
    accepted.push_back(std::make_unique<visitor>(here, who));
  }
  for (const auto& one : accepted) {
    INFO(one->who.name << ": " << one->running.log_tail());
    const auto sent =
        run_as(here, *one, {"ingest", "orders", "--count", std::to_string(events), "--rate", "0"});
    INFO(sent.out << sent.err);
    REQUIRE(sent.status.code == 0);
    require_no_secret("ingest", sent.out + sent.err);
    one->running.wait_until_ready(30s);
  }
  // Each of them, with a group of its own, forwards what all of them have sent.
  const auto all = accepted.size() * accepted.size() * events;
  std::size_t arrived = 0;
  CHECK(wait_until(
      [&] {
        arrived = read_topic(here.cluster.bootstrap(), here.output).size();
        return arrived >= all;
      },
      60s, 500ms));
  CHECK(arrived == all);
  CHECK(here.issuer.granted() > 0);
  CHECK(here.issuer.refused() > 0);
  report.figure("ways in", static_cast<double>(accepted.size()));
  require_commands_silent(here, *accepted.at(2));
  require_commands_silent(here, *accepted.back());
  {
    const unlimited_cores unlimited;
    visitor aborted{here, good.back()};
    aborted.running.wait_until_ready(30s);
    aborted.running.program().signal(SIGABRT);
    require_clean_end(here, aborted, SIGABRT);
    report.fault("crash of a worker");
  }
  require_crashes_silent(here, good.at(6), report);
  for (auto& one : accepted) {
    require_silent(here, *one);
    CHECK(one->running.log().entries("kafka_authentication_failed").empty());
    CHECK(one->running.stop().code == 0);
    require_no_secret("the whole log of " + one->who.name, one->running.program().stderr_text());
  }
}

#include "tests/support/broker_fixture.hpp"

#include "tests/support/process.hpp"

#include <catch2/catch_test_macros.hpp>
#include <memory>

namespace streamer::test {
namespace {

finished_process run_script(const std::string& script, const std::vector<std::string>& arguments,
                            const std::filesystem::path& output, milliseconds timeout) {
  process_options options;
  options.binary = script;
  options.arguments = arguments;
  options.output = output;
  return run(options, timeout);
}

} // namespace

std::string shared_broker() {
  if (const auto bootstrap = environment("STREAMER_TEST_BOOTSTRAP")) {
    return *bootstrap;
  }
  static const auto own = std::make_unique<private_cluster>(1);
  return own->bootstrap();
}

private_cluster::private_cluster(int brokers, const std::vector<std::string>& overrides) {
  const auto script = environment("STREAMER_SCRIPTS_KAFKA");
  if (!script) {
    skip_or_fail("no Kafka: neither STREAMER_TEST_BOOTSTRAP nor STREAMER_SCRIPTS_KAFKA is set");
  }
  script_ = *script;
  std::vector<std::string> arguments{"start", "--brokers", std::to_string(brokers),        "--port",
                                     "0",     "--dir",     (directory_ / "kafka").string()};
  for (const auto& override : overrides) {
    arguments.insert(arguments.end(), {"--override", override});
  }
  // Whoever kills the test closes this pipe: the shell then stops the brokers. In a session of its
  // own, since a Ctrl-C for the test is not for it.
  const auto stop =
      "exec setsid sh -c 'read -r _; exec \"$0\" stop --kill --delete --dir \"$1\"' '" + script_ +
      "' '" + (directory_ / "kafka").string() + "' >'" + (directory_ / "stop.log").string() +
      "' 2>&1";
  guard_ = popen(stop.c_str(), "we");
  REQUIRE(guard_ != nullptr);
  const auto started = run_script(script_, arguments, directory_ / "start", 300s);
  const auto at = started.out.find("bootstrap=");
  if (started.status.code != 0 || at == std::string::npos) {
    FAIL("scripts/kafka start failed: " << started.err);
  }
  bootstrap_ = started.out.substr(at + 10, started.out.find('\n', at) - at - 10);
}

private_cluster::~private_cluster() {
  if (guard_ != nullptr && pclose(guard_) != 0) {
    evidence("brokers may still run in " + (directory_ / "kafka").string());
  }
}

void private_cluster::script(const std::vector<std::string>& arguments, milliseconds timeout) {
  auto all = arguments;
  all.insert(all.end(), {"--dir", (directory_ / "kafka").string()});
  const auto ended = run_script(script_, all, directory_ / "script", timeout);
  if (ended.status.code != 0) {
    FAIL("scripts/kafka " << arguments.front() << " failed: " << ended.err);
  }
}

void private_cluster::stop_broker(int id, bool hard) {
  std::vector<std::string> arguments{"stop-broker", "--id", std::to_string(id)};
  if (hard) {
    arguments.emplace_back("--kill");
  }
  script(arguments, 120s);
}

void private_cluster::start_broker(int id) {
  script({"start-broker", "--id", std::to_string(id)}, 120s);
}

void private_cluster::stop_all(bool hard) {
  std::vector<std::string> arguments{"stop"};
  if (hard) {
    arguments.emplace_back("--kill");
  }
  script(arguments, 120s);
}

void private_cluster::start_all() { script({"start"}, 300s); }

void private_cluster::limit_producers(const std::string& client_id,
                                      std::optional<std::uint64_t> bytes_a_second) {
  script({"quota", "--client", client_id, "--bytes",
          bytes_a_second ? std::to_string(*bytes_a_second) : "none"},
         120s);
}

} // namespace streamer::test

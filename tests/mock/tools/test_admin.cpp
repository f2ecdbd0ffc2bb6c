// The HTTP side of a worker as a process: who is let in, and what it says of itself.
#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>

#include "tests/support/http_probe.hpp"
#include "tests/support/worker.hpp"

#include <csignal>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

using namespace streamer::test;

namespace {

using nlohmann::json;

process_options embedded_worker(const temporary_directory& directory, std::uint16_t metrics,
                                std::uint16_t admin, const std::string& token_file,
                                std::vector<std::string> role = {"--role", "consumer"}) {
  process_options options;
  options.binary = binary_path(worker_binary::product);
  options.arguments = std::move(role);
  options.arguments.emplace_back("--embedded");
  for (const auto& setting :
       {"observability.metrics_addr=127.0.0.1:" + std::to_string(metrics),
        "admin.addr=127.0.0.1:" + std::to_string(admin), "admin.token_file=" + token_file}) {
    options.arguments.insert(options.arguments.end(), {"--set", setting});
  }
  options.directory = directory.path();
  options.output = directory / "worker";
  return options;
}

/// A worker with its own broker and load, and the commands that an operator gives it.
struct operated_worker {
  temporary_directory directory{};
  std::filesystem::path token = directory / "token";
  std::uint16_t admin = free_port();
  std::uint16_t metrics = free_port();

  [[nodiscard]] process started() const {
    write_file(token, "s3cret-token\n");
    return process{embedded_worker(
        directory, metrics, admin, token.string(),
        {"--role", "all", "--load-test", "--rate", "300", "--duration", "120", "--tenants", "3"})};
  }

  /// `streamer process …`
  [[nodiscard]] finished_process operate(std::vector<std::string> arguments) const {
    process_options options;
    options.binary = binary_path(worker_binary::product);
    options.arguments = {"process"};
    options.arguments.insert(options.arguments.end(), arguments.begin(), arguments.end());
    for (const auto& setting :
         {"admin.addr=127.0.0.1:" + std::to_string(admin), "admin.token_file=" + token.string()}) {
      options.arguments.insert(options.arguments.end(), {"--set", setting});
    }
    options.directory = directory.path();
    options.output = directory / unique_name("operate");
    return run(options, 30s);
  }

  [[nodiscard]] json page(const std::string& path) const {
    const auto answer = http_get(admin, path, "Bearer s3cret-token");
    return answer.status == 200 ? json::parse(answer.body) : json::object();
  }

  /// What /explain says of the first partition.
  [[nodiscard]] json explained() const {
    const auto all = page("/explain");
    for (const auto& row : all.value("partitions", json::array())) {
      if (row.at("partition") == 0) {
        return row;
      }
    }
    return {};
  }

  [[nodiscard]] bool has_cause(const std::string& cause) const {
    const auto row = explained();
    return !row.is_null() && row.at("verdict").at("cause") == cause;
  }
};

} // namespace

TEST_CASE("with a token file, only who brings the token sees /status; /metrics stays open") {
  const temporary_directory directory;
  const auto file = directory / "token";
  write_file(file, "s3cret-token\n");
  const auto metrics = free_port();
  const auto admin = free_port();
  process running{embedded_worker(directory, metrics, admin, file.string())};
  REQUIRE(wait_until([&] { return http_get(metrics, "/readyz").status == 200; }, 30s));

  CHECK(http_get(admin, "/status").status == 401);
  CHECK(http_get(admin, "/status", "Bearer s3cret-toke").status == 401);
  const auto shown = http_get(admin, "/status", "Bearer s3cret-token");
  CHECK(shown.status == 200);
  CHECK(shown.body.find("s3cret") == std::string::npos);

  const auto page = http_get(metrics, "/metrics");
  REQUIRE(page.status == 200);
  const auto samples = parse_metrics(page.body);
  CHECK(metric_sum(samples, "streamer_build_info", {}) == 1.0);
  CHECK(metric_sum(samples, "streamer_mailbox_depth", {{"kind", "partition_consumer"}}));
  CHECK(running.stderr_text().find("s3cret") == std::string::npos);
}

TEST_CASE("a token file without a token is refused by name") {
  const temporary_directory directory;
  const auto file = directory / "token";
  write_file(file, "\n");
  process refused{embedded_worker(directory, free_port(), free_port(), file.string())};
  const auto status = refused.wait(20s);
  REQUIRE(status);
  CHECK(status->code == 2);
  CHECK(refused.stderr_text().find("admin.token_file = \"" + file.string()) != std::string::npos);
}

TEST_CASE("a worker under load is shown, paused, moved and resumed by its commands") {
  const operated_worker at;
  process running{at.started()};
  REQUIRE(wait_until(
      [&] {
        const auto row = at.explained();
        return !row.is_null() && row.at("committed").is_number() && row.at("committed") > 0;
      },
      30s));

  const auto status = at.page("/status");
  CHECK(status.at("assignment").size() > 1);
  CHECK(status.dump().find("s3cret") == std::string::npos);
  const auto shown = at.operate({"explain"});
  INFO(shown.out << shown.err);
  CHECK(shown.status.code == 0);
  CHECK(shown.out.find("events[0]") != std::string::npos);

  const std::vector<std::string> first{"--topic", "events", "--partition", "0"};
  const auto of_first = [&](std::vector<std::string> command) {
    command.insert(command.end(), first.begin(), first.end());
    return at.operate(std::move(command));
  };
  CHECK(of_first({"pause"}).out == "paused events[0]\n");
  CHECK(wait_until([&] { return at.has_cause("paused"); }, 20s));
  CHECK(of_first({"pause"}).out == "events[0] was paused already\n");
  CHECK(of_first({"resume"}).status.code == 0);
  CHECK(wait_until([&] { return !at.has_cause("paused"); }, 20s));

  const auto moved = of_first({"seek", "--live", "--earliest"});
  INFO(moved.out << moved.err);
  CHECK(moved.status.code == 0);
  CHECK(moved.out == "moving events[0] to 0\n");
  CHECK(wait_until(
      [&] {
        const auto row = at.explained();
        return !row.is_null() && row.at("leaving") == false && row.at("committed").is_number() &&
               row.at("committed") > 0;
      },
      20s));

  CHECK(at.operate({"pause", "--tenant", "tenant-1"}).status.code == 0);
  CHECK(at.page("/status").dump().find("tenant-1") != std::string::npos);
  CHECK(at.operate({"resume", "--tenant", "tenant-1"}).status.code == 0);
  const auto silent = at.operate({"log-level", "debug"});
  CHECK(silent.status.code == 1);
  CHECK(silent.err.find("does not let its log level be changed") != std::string::npos);

  const auto nowhere = at.operate({"pause", "--topic", "events", "--partition", "4711"});
  CHECK(nowhere.status.code == 1);
  CHECK(nowhere.err.find("4711") != std::string::npos);

  running.signal(SIGTERM);
  CHECK(running.wait(30s));
}

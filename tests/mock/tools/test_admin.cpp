// The HTTP side of a worker as a process: who is let in, and what it says of itself.
#include <catch2/catch_test_macros.hpp>

#include "tests/support/http_probe.hpp"
#include "tests/support/worker.hpp"

#include <string>

using namespace streamer::test;

namespace {

process_options embedded_worker(const temporary_directory& directory, std::uint16_t metrics,
                                std::uint16_t admin, const std::string& token_file) {
  process_options options;
  options.binary = binary_path(worker_binary::product);
  options.arguments = {"--role",
                       "consumer",
                       "--embedded",
                       "--set",
                       "observability.metrics_addr=127.0.0.1:" + std::to_string(metrics),
                       "--set",
                       "admin.addr=127.0.0.1:" + std::to_string(admin),
                       "--set",
                       "admin.token_file=" + token_file};
  options.directory = directory.path();
  options.output = directory / "worker";
  return options;
}

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

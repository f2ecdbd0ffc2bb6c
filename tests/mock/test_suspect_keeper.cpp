// What the keeper of suspects does while no broker answers.
#include "runtime/system/suspect_keeper.hpp"

#include "runtime/telemetry/telemetry.hpp"
#include "tests/support/common.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace streamer;
using namespace streamer::test;

namespace {

record_place at(std::int64_t offset) { return {{"events", partition_id{0}}, offset_id{offset}}; }

settings settings_for(const std::string& bootstrap, const temporary_directory& dir) {
  settings config;
  config.kafka.bootstrap_servers = bootstrap;
  config.consumer.group_id = "group";
  config.runtime.state_dir = dir.path();
  return config;
}

} // namespace

TEST_CASE("While no broker answers nothing is said to be known or written, and the end is quick") {
  const temporary_directory dir;
  telemetry metrics;
  const auto board = std::make_shared<suspect_board>();
  const auto began = std::chrono::steady_clock::now();
  {
    suspect_keeper keeper{
        settings_for("127.0.0.1:1", dir), board, metrics.gauge(metric::suspects_shared), {}};
    const auto number = keeper.refresh();
    CHECK_FALSE(keeper.publish({at(1)}, {}, 500ms));
    CHECK(keeper.read_until() < number);
    CHECK(board->find(at(1))); // this process knows it all the same
    CHECK(metrics.gauge(metric::suspects_shared).value() == 1);
  }
  CHECK(std::chrono::steady_clock::now() - began < 40s);
}

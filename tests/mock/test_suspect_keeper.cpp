// Where marks of suspects go when the brokers do not have a topic for them.
#include "runtime/system/suspect_keeper.hpp"

#include "runtime/telemetry/telemetry.hpp"
#include "tests/mock/mock_cluster.hpp"
#include "tests/support/common.hpp"

#include <catch2/catch_test_macros.hpp>

#include <atomic>
#include <future>

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

// The mock cluster creates no topic by request: it refuses, as brokers do without the right.
TEST_CASE("Without a topic a worker keeps its own count, which the next process finds") {
  const mock_cluster cluster;
  const temporary_directory dir;
  telemetry metrics;
  const auto shared = metrics.gauge(metric::suspects_shared);
  const auto config = settings_for(cluster.bootstrap(), dir);
  {
    const auto board = std::make_shared<suspect_board>();
    suspect_keeper keeper{config, board, shared, {}};
    CHECK(keeper.publish({at(3), at(4)}, 20s));
    CHECK(shared.value() == 0);
    CHECK(board->size() == 2);
    std::promise<bool> written;
    keeper.write({{at(3), suspect_mark{1, true, "process-1"}}, {at(4), std::nullopt}},
                 [&](bool ok) { written.set_value(ok); });
    CHECK(written.get_future().get());
    // What nobody waits for is written too, before the end at the latest.
    keeper.write({{at(9), suspect_mark{}}}, {});
  }
  const auto board = std::make_shared<suspect_board>();
  suspect_keeper keeper{config, board, shared, {}};
  // To be suspected again does not set a count back.
  CHECK(keeper.publish({at(3)}, 20s));
  CHECK(board->find(at(3)) == suspect_mark{1, true, "process-1"});
  CHECK_FALSE(board->find(at(4)));
  CHECK(board->find(at(9)));
}

TEST_CASE("While no broker answers nothing is said to be known or written, and the end is quick") {
  const temporary_directory dir;
  telemetry metrics;
  const auto board = std::make_shared<suspect_board>();
  const auto began = std::chrono::steady_clock::now();
  {
    suspect_keeper keeper{
        settings_for("127.0.0.1:1", dir), board, metrics.gauge(metric::suspects_shared), {}};
    const auto number = keeper.refresh();
    CHECK_FALSE(keeper.publish({at(1)}, 500ms));
    CHECK(keeper.read_until() < number);
    CHECK(board->find(at(1))); // this process knows it all the same
    CHECK(metrics.gauge(metric::suspects_shared).value() == 1);
  }
  CHECK(std::chrono::steady_clock::now() - began < 40s);
}

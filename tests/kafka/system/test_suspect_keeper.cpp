// Marks of suspects between processes: in the group's topic, or in a file where it cannot be had.
#include "runtime/system/suspect_keeper.hpp"

#include "runtime/telemetry/telemetry.hpp"
#include "tests/support/broker_fixture.hpp"
#include "tests/support/kafka_access.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include <future>

using namespace streamer;
using namespace streamer::test;

namespace {

record_place at(std::int64_t offset) { return {{"events", partition_id{0}}, offset_id{offset}}; }

/// A keeper as one process has it.
struct one_process {
  std::shared_ptr<telemetry> metrics = std::make_shared<telemetry>();
  std::shared_ptr<suspect_board> board = std::make_shared<suspect_board>();
  suspect_keeper keeper;

  explicit one_process(const settings& config)
      : keeper{config, board, metrics->gauge(metric::suspects_shared), {}} {}

  [[nodiscard]] bool shared() const { return metrics->gauge(metric::suspects_shared).value() == 1; }
  bool write(std::vector<mark_change> changes) {
    std::promise<bool> written;
    keeper.write(std::move(changes), [&](bool ok) { written.set_value(ok); });
    return written.get_future().get();
  }
  [[nodiscard]] bool refresh() {
    const auto number = keeper.refresh();
    return wait_until([&] { return keeper.read_until() >= number; }, 20s, 10ms);
  }
};

settings settings_for(const std::string& group, const temporary_directory& dir) {
  settings config;
  config.kafka.bootstrap_servers = shared_broker();
  config.consumer.group_id = group;
  config.runtime.state_dir = dir.path();
  return config;
}

} // namespace

TEST_CASE("Members of a group learn each other's suspects from a topic of one partition") {
  const temporary_directory one;
  const temporary_directory other;
  const auto group = unique_name("group");
  one_process first{settings_for(group, one)};
  one_process second{settings_for(group, other)};
  // Nobody needs the topic before the first crash.
  CHECK(second.refresh());
  CHECK(second.board->size() == 0);
  CHECK(first.keeper.publish({at(3), at(4), at(5)}, {}, 30s));
  CHECK(first.write({{at(3), suspect_mark{1, true, "process-1"}}, {at(4), std::nullopt}}));
  CHECK(second.refresh());
  CHECK(second.board->find(at(3)) == suspect_mark{1, true, "process-1"});
  CHECK_FALSE(second.board->find(at(4)));
  CHECK(second.board->find(at(5)) == suspect_mark{});
  // What is known of its end counts where the group knows no more than that it ran alone there.
  CHECK(second.keeper.publish({}, {{at(3), "process-0"}, {at(5), "process-1"}}, 30s));
  CHECK(second.board->find(at(3)) == suspect_mark{1, true, "process-1"});
  CHECK(second.board->find(at(5)) == suspect_mark{});
  CHECK(second.keeper.publish({}, {{at(3), "process-1"}}, 30s));
  CHECK(first.refresh());
  CHECK(first.board->find(at(3)) == suspect_mark{2, false, {}});
  // To be suspected again does not set a count back.
  CHECK(second.keeper.publish({at(3), at(6)}, {}, 30s));
  CHECK(second.board->find(at(3)) == suspect_mark{2, false, {}});
  CHECK(second.write({{at(3), std::nullopt}}));
  CHECK(first.refresh());
  CHECK_FALSE(first.board->find(at(3)));
  CHECK(first.board->find(at(6)));
  CHECK(first.shared());
  CHECK(second.shared());
  CHECK(topic_ends(shared_broker(), suspects_topic_of(group)).size() == 1);
}

TEST_CASE("Without the topic a worker keeps its own count, which its next run finds") {
  const temporary_directory dir;
  auto config = settings_for(unique_name("group"), dir);
  SECTION("the brokers do not create it") { config.topics.replication_factor = 100; }
  SECTION("they take no topic of that name") { config.consumer.group_id += " of a strange name"; }
  {
    one_process first{config};
    CHECK(first.keeper.publish({at(3), at(4)}, {}, 30s));
    CHECK_FALSE(first.shared());
    CHECK(first.board->size() == 2);
    CHECK(first.write({{at(3), suspect_mark{1, true, "process-1"}}, {at(4), std::nullopt}}));
    // What nobody waits for is written too, before the end at the latest.
    first.keeper.write({{at(9), suspect_mark{}}}, {});
  }
  one_process second{config};
  CHECK(second.keeper.publish({at(3), at(10)}, {}, 30s));
  CHECK_FALSE(second.shared());
  CHECK(second.board->find(at(3)) == suspect_mark{1, true, "process-1"});
  CHECK_FALSE(second.board->find(at(4)));
  CHECK(second.board->find(at(9)));
  CHECK(second.board->find(at(10)));
}

TEST_CASE("A count of a worker's own goes over to the topic when there is one") {
  const temporary_directory dir;
  auto config = settings_for(unique_name("group"), dir);
  {
    auto refused = config;
    refused.topics.replication_factor = 100;
    one_process first{refused};
    CHECK(first.write({{at(3), suspect_mark{2, false, {}}}}));
    CHECK_FALSE(first.shared());
  }
  {
    one_process second{config};
    CHECK(second.refresh());
    CHECK(second.board->find(at(3)) == suspect_mark{2, false, {}});
    CHECK(second.write({{at(3), std::nullopt}}));
    CHECK(second.shared());
  }
  one_process third{config};
  CHECK(third.refresh());
  CHECK_FALSE(third.board->find(at(3))); // also not from the file
}

// What the inspector tells of a living tree, and what it does not let itself be told.
#include "tests/actor/worker_tree.hpp"

#include "actors/inspection/inspector.hpp"

#include <caf/actor_cast.hpp>
#include <caf/function_view.hpp>
#include <caf/send.hpp>

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <future>
#include <set>

using namespace streamer;
using namespace streamer::test;

namespace {

const actor_snapshot& actor_named(const tree_snapshot& tree, const std::string& name) {
  const auto found = std::ranges::find(tree.actors, name, &actor_snapshot::name);
  if (found == tree.actors.end()) {
    FAIL("no actor " << name);
  }
  return *found;
}

std::string only_of(const tree_snapshot& tree, const std::string& kind) {
  const auto found = std::ranges::find(tree.actors, kind, &actor_snapshot::kind);
  return found == tree.actors.end() ? std::string{} : found->name;
}

tree_snapshot seen(const virtual_worker& w) {
  return snapshot_of(*w.board, w.inspector()->home_system().clock().now(), 1000);
}

/// Asks the published inspector as another process would, by a message.
std::optional<tree_snapshot> asked(const worker_tree& w) {
  if (!w.inspector()) {
    return std::nullopt;
  }
  auto ask = caf::make_function_view(w.inspector(), std::chrono::seconds{20});
  auto answer = ask(snapshot_request{});
  return answer ? std::optional{*answer} : std::nullopt;
}

} // namespace

TEST_CASE("the snapshot has every actor below its supervisor") {
  const quick_plan plan{succeed};
  virtual_worker w{plan};
  w.append_keys(part(0), 20);
  w.append_keys(part(1), 20, "k", "other");
  w.assign({part(0), part(1)});
  w.settle();
  const auto tree = seen(w);
  std::set<std::string> names;
  for (const auto& actor : tree.actors) {
    names.insert(actor.name);
  }
  CHECK(names == std::set<std::string>{"root_supervisor", "producer", "dlq_supervisor",
                                       "retry_supervisor", "quarantine", "tenant_supervisor",
                                       "consumer_supervisor", "inspector", "handler/t",
                                       "handler/other", "partition_consumer/" + to_string(part(0)),
                                       "partition_consumer/" + to_string(part(1))});
  for (const auto& actor : tree.actors) {
    INFO(actor.name);
    CHECK(actor.state == "idle");
    CHECK(actor.mailbox == 0);
    CHECK(actor.message_us == 0);
    CHECK(actor.restarts == 0);
    CHECK(actor.last_error.empty());
    CHECK((actor.parent.empty() ? actor.name == "root_supervisor" : names.contains(actor.parent)));
  }
  CHECK(actor_named(tree, "handler/t").parent == "tenant_supervisor");
  CHECK(actor_named(tree, "handler/t").handled > 0);
  CHECK(actor_named(tree, "root_supervisor").restarts_left == -1);
  CHECK(actor_named(tree, "producer").restarts_left == 10);
}

TEST_CASE("a snapshot carries no more actors than it may, and says how many it left out") {
  const quick_plan plan{succeed};
  virtual_worker w{plan};
  const auto tree = snapshot_of(*w.board, std::chrono::steady_clock::now(), 3);
  CHECK(tree.actors.size() == 3);
  CHECK(tree.omitted == w.board->rows().size() - 3);
}

TEST_CASE("a restart is told with what is left of the budget, and with the reason") {
  const quick_plan plan{succeed};
  virtual_worker w{plan};
  w.append_keys(part(0), 5);
  w.assign({part(0)});
  w.settle();
  const auto partition = "partition_consumer/" + to_string(part(0));
  for (const auto* kind : {"partition_consumer", "handler", "producer"}) {
    w.kill(kind);
    w.settle();
  }
  const auto tree = seen(w);
  for (const auto& name : {std::string{"handler/t"}, partition, std::string{"producer"}}) {
    INFO(name);
    const auto& actor = actor_named(tree, name);
    CHECK(actor.restarts == 1);
    CHECK(actor.restarts_left == 9);
    CHECK_FALSE(actor.last_error.empty());
    CHECK(actor.state != "ended");
  }
  // The budget is the supervisor's: its other children have less of it too.
  CHECK(actor_named(tree, "retry_supervisor").restarts_left == 9);
  CHECK(actor_named(tree, "retry_supervisor").last_error.empty());
}

TEST_CASE("an actor that hangs in a message is told of without being asked") {
  std::promise<void> entered;
  std::promise<void> gate;
  const quick_plan plan{[&, go = gate.get_future().share()](const record_view&, emitter&) {
    static std::once_flag once;
    std::call_once(once, [&] { entered.set_value(); });
    go.wait();
    return outcome::success();
  }};
  threaded_worker w{plan, plan.notes};
  w.append_keys(part(0), 200);
  w.source->assign({part(0)});
  auto hanging = entered.get_future();
  REQUIRE(w.wait_until(
      [&] { return hanging.wait_for(std::chrono::seconds{0}) == std::future_status::ready; }));
  caf::anon_send(caf::actor_cast<caf::actor>(w.board->any_of("handler")->address), tick{});
  std::this_thread::sleep_for(milliseconds{150});
  const auto tree = asked(w);
  REQUIRE(tree);
  const auto& handler = actor_named(*tree, only_of(*tree, "handler"));
  CHECK(handler.state == "running");
  CHECK(handler.message_us >= 150'000);
  CHECK(handler.mailbox >= 1);
  CHECK(w.board->mailbox_depths()["handler"] >= 1);
  CHECK(actor_named(*tree, "inspector").state == "running");
  CHECK(tree->version == "test");
  gate.set_value();
  REQUIRE(w.wait_until([&] { return w.drained({part(0)}); }));
  REQUIRE(w.wait_until([&] {
    const auto now = snapshot_of(*w.board, std::chrono::steady_clock::now(), 1000);
    return actor_named(now, handler.name).state == "idle";
  }));
  CHECK(w.violations.empty());
}

TEST_CASE("whoever reaches the inspector cannot end it by the ways of actors") {
  const quick_plan plan{succeed};
  threaded_worker w{plan, plan.notes};
  REQUIRE(w.wait_until([&] { return asked(w).has_value(); }));
  const auto inspector = w.inspector();
  const auto anything = caf::actor_cast<caf::actor>(inspector);
  const auto peer = w.board->any_of("producer")->address;
  caf::anon_send(anything, caf::exit_msg{peer, caf::exit_reason::user_shutdown});
  caf::anon_send(anything, caf::exit_msg{peer, caf::sec::runtime_error});
  caf::anon_send(anything, caf::down_msg{peer, caf::sec::runtime_error});
  caf::anon_send(anything, std::string{"what nobody expects"});
  caf::anon_send(anything, shutdown_request{});
  CHECK(asked(w));
  CHECK(w.inspector() == inspector);
  CHECK(w.restarts_of("inspector") == 0);
  CHECK_FALSE(w.end());
}

TEST_CASE("an inspector that is killed comes back, a few times, and never costs the worker") {
  const quick_plan plan{succeed};
  virtual_worker w{plan};
  const auto first = w.inspector();
  w.kill("inspector");
  w.settle();
  CHECK(w.inspector() != first);
  CHECK(w.restarts_of("inspector") == 1);
  const auto tree = seen(w);
  CHECK(actor_named(tree, "inspector").restarts_left == 4);
  CHECK(actor_named(tree, "producer").restarts_left == 10);
  for (int i = 0; i < 20; ++i) {
    w.kill("inspector");
    w.settle();
  }
  CHECK(w.restarts_of("inspector") == 5);
  CHECK_FALSE(w.board->any_of("inspector"));
  CHECK_FALSE(w.end());
  w.append_keys(part(0), 10);
  w.assign({part(0)});
  CHECK(w.pass_until([&] { return w.drained({part(0)}); }));
}

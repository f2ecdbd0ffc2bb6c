#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>
#include <caf/stateful_actor.hpp>
#include <catch2/catch_test_macros.hpp>
#include <chrono>
#include <future>
#include <thread>

#include "runtime/system/actor_environment.hpp"

using namespace streamer;

namespace {

struct named_state {
  static inline const char* name = "handler";
};

} // namespace

TEST_CASE("messages that an actor has not read yet are counted by its kind, and no more after it") {
  actor_environment environment{2};
  std::promise<void> entered;
  std::promise<void> gate;
  const auto held =
      environment.system().spawn([&entered, go = gate.get_future().share()](
                                     caf::stateful_actor<named_state>*) -> caf::behavior {
        return {[&entered, go](int i) {
          if (i == 0) {
            entered.set_value();
            go.wait();
          }
        }};
      });
  caf::anon_send(held, 0);
  entered.get_future().wait();
  for (int i = 1; i <= 5; ++i) {
    caf::anon_send(held, i);
  }
  CHECK(environment.mailbox_depths()["handler"] >= 5);
  caf::anon_send_exit(held, caf::exit_reason::kill);
  gate.set_value();
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{10};
  while (environment.mailbox_depths()["handler"] != 0 &&
         std::chrono::steady_clock::now() < deadline) {
    std::this_thread::sleep_for(std::chrono::milliseconds{5});
  }
  CHECK(environment.mailbox_depths()["handler"] == 0);
}

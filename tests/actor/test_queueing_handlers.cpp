// Handlers that queue: no time counts before they begin, and what has not begun is no attempt.
#include "tests/actor/worker_tree.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace streamer;
using namespace streamer::test;

namespace {

class queueing_handler final : public async_handler {
 public:
  void handle(std::span<delivery> batch) override {
    for (auto& d : batch) {
      queue.push_back(std::move(d));
    }
  }
  [[nodiscard]] bool queues() const override { return true; }
  std::vector<delivery> queue;
};

struct queueing_plan : worker_plan {
  queueing_plan() { handlers.push_back({handler, {}, milliseconds{2}}); }
  std::shared_ptr<journal> notes = std::make_shared<journal>();
  std::shared_ptr<queueing_handler> handler = std::make_shared<queueing_handler>();
};

void outlast_timeout(virtual_worker& w) {
  std::this_thread::sleep_for(milliseconds{5});
  w.pass(milliseconds{110});
}

} // namespace

TEST_CASE("a record that waits in a handler's queue is not timed out, one that began is",
          "[queueing]") {
  const queueing_plan plan;
  virtual_worker w{plan};
  w.append_keys(part(0), 2);
  w.assign({part(0)});
  REQUIRE(plan.handler->queue.size() == 2);
  outlast_timeout(w);
  CHECK_FALSE(plan.handler->queue[0].cancel().cancelled());

  plan.handler->queue[0].begins();
  plan.handler->queue[1].begins();
  plan.handler->queue[1].waits();
  outlast_timeout(w);
  CHECK(plan.handler->queue[0].cancel().cancelled());
  CHECK_FALSE(plan.handler->queue[1].cancel().cancelled());
  CHECK(plan.handler->queue[1].complete(outcome::success()));
  w.settle();
  CHECK(w.counts_of(part(0)).processed == 1);
}

TEST_CASE("a stop gives back at once what no handler has begun, as if it had not been handed over",
          "[queueing]") {
  const queueing_plan plan;
  virtual_worker w{plan};
  w.append_keys(part(0), 3);
  w.assign({part(0)});
  REQUIRE(plan.handler->queue.size() == 3);
  w.request_stop();
  REQUIRE(w.pass_until([&] { return w.end().has_value(); }));
  CHECK(w.end()->exit_code == 0);
  CHECK(w.counts_of(part(0)).processed == 0);
  CHECK(w.committed(part(0)) <= 0);
}

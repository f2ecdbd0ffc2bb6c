// What a batch was fetched in is let go of although some of its records still wait.
#include "tests/actor/worker_tree.hpp"

#include <catch2/catch_test_macros.hpp>

#include <string>
#include <vector>

using namespace streamer;
using namespace streamer::test;

namespace {

// Records of the keys "stuck…" do not end by themselves, all others end at once.
struct stuck_plan : held_plan {
  stuck_plan() {
    handler->at_once = [this](const record_view& r) {
      const auto key = r.key().view();
      if (!key.starts_with("stuck")) {
        return std::optional{outcome::success()};
      }
      seen.push_back(std::string{r.value().view()} + " " + std::string{r.header("h").view()});
      return std::optional<outcome>{};
    };
  }
  std::vector<std::string> seen;
};

// One batch: 50 records, of which the last are these.
void append_batch(virtual_worker& w, const std::vector<std::pair<std::string, std::string>>& last) {
  w.source->batch_size = 50;
  for (std::size_t i = last.size(); i < 50; ++i) {
    w.source->append(part(0), record_of("k" + std::to_string(i), "v"));
  }
  for (const auto& [key, value] : last) {
    auto record = record_of(key, value);
    record.headers.push_back({"h", "of " + value});
    w.source->append(part(0), std::move(record));
  }
  w.pass(milliseconds{10});
}

// Lets everything end: the attempts saw these, in this order, and nothing is held any more.
void finish(virtual_worker& w, const stuck_plan& plan, const std::vector<std::string>& seen) {
  REQUIRE(w.pass_until([&] {
    plan.handler->complete_all();
    return w.drained({part(0)});
  }));
  CHECK(plan.seen == seen);
  CHECK(w.source->batches_alive() == 0);
  CHECK(w.credit->held_records() == 0);
  CHECK(w.credit->held_bytes() == 0);
  CHECK(w.violations.empty());
}

} // namespace

TEST_CASE("a record that waits behind its key does not hold what it was fetched in", "[memory]") {
  stuck_plan plan;
  virtual_worker w{plan};
  w.assign({part(0)});
  append_batch(w, {{"stuck", "1"}});
  append_batch(w, {{"stuck", "2"}, {"stuck", "3"}});
  w.pass(milliseconds{100});
  CHECK(w.source->batches_alive() == 2);
  const auto charged = w.credit->held_bytes();

  w.pass(milliseconds{1'000});
  // The attempt that runs may look at what was fetched; a copy beside it would save nothing.
  CHECK(w.source->batches_alive() == 1);
  CHECK(w.credit->held_records() == 3);
  CHECK(w.credit->held_bytes() == charged);

  plan.handler->complete_all();
  w.pass(milliseconds{10});
  CHECK(w.source->batches_alive() == 0);
  finish(w, plan, {"1 of 1", "2 of 2", "3 of 3"});
}

TEST_CASE("attempts of a handler that is known to be slow hold copies of their own", "[memory]") {
  stuck_plan plan;
  virtual_worker w{plan};
  w.assign({part(0)});
  append_batch(w, {{"stuck-a", "1"}});
  w.pass(milliseconds{500});
  append_batch(w, {{"stuck-b", "2"}});
  append_batch(w, {{"stuck-c", "3"}});
  CHECK(w.source->batches_alive() == 3);
  w.pass(milliseconds{500});
  CHECK(w.source->batches_alive() == 1);
  CHECK(plan.handler->held() == 3);
  finish(w, plan, {"1 of 1", "2 of 2", "3 of 3"});
}

TEST_CASE("a handler's successor gets the copies that were made meanwhile", "[memory]") {
  stuck_plan plan;
  virtual_worker w{plan};
  w.assign({part(0)});
  append_batch(w, {{"stuck", "1"}});
  append_batch(w, {{"stuck", "2"}, {"stuck", "3"}});
  w.pass(milliseconds{1'000});
  REQUIRE(w.source->batches_alive() == 1);
  w.kill("handler");
  finish(w, plan, {"1 of 1", "1 of 1", "2 of 2", "3 of 3"});
}

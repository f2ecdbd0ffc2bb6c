// Calls of handlers: what a crash would find in the journal, and who has to wait.
#include "tests/actor/worker_tree.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

using namespace streamer;
using namespace streamer::test;

TEST_CASE("A record is in a call before it is routed, since routing may parse it", "[calls]") {
  const bool matches = GENERATE(true, false);
  worker_plan plan;
  const auto notes = std::make_shared<journal>();
  plan.handlers.push_back({quick_handler{noted(notes, succeed)}, "routed"});
  virtual_worker w{plan, notes};
  std::vector<std::int64_t> running;
  auto spec = record_of("a", {}, "t", matches ? "routed" : "other");
  spec.on_lookup = [&](std::string_view name) {
    if (name == "handler") {
      running.push_back(w.calls->running());
    }
  };
  w.source->append(part(0), std::move(spec));
  w.assign({part(0)});
  w.pass(milliseconds{1'200});
  REQUIRE_FALSE(running.empty());
  CHECK(running == std::vector<std::int64_t>(running.size(), 1));
  CHECK(w.calls->running() == 0);
  CHECK(w.counts_of(part(0)).balanced());
}

TEST_CASE("While it is doubted a suspect waits, and others do not", "[calls]") {
  virtual_worker w{quick_plan{succeed}};
  w.append_keys(part(0), 3);
  w.suspect(part(0), 1, {0, true, "other"});
  w.suspect(part(0), 2, {0, false, "another", true});
  w.assign({part(0)});
  w.pass(milliseconds{1'500});
  CHECK(w.notes->begun(part(0)) == std::vector<std::int64_t>{0});
  w.append_keys(part(0), 2, "late");
  w.pass(milliseconds{100});
  CHECK(w.notes->begun(part(0)) == std::vector<std::int64_t>{0, 3, 4});
  CHECK(w.pass_until([&] { return w.drained({part(0)}); }));
  // The other one is excused: it runs without a crash on its account.
  CHECK(w.metrics->counter(metric::suspect_crashes).value() == 1);
  CHECK(w.suspects->size() == 0);
}

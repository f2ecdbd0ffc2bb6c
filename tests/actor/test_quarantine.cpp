// Suspects: they run alone, once each, and the third crash alone is the last.
#include "actors/dlq/dead_letter_record.hpp"
#include "tests/actor/worker_tree.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/generators/catch_generators_range.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <set>

using namespace streamer;
using namespace streamer::test;

namespace {

using offsets = std::vector<std::int64_t>;
using lines = std::vector<std::string>;

} // namespace

TEST_CASE("A suspect runs alone: who runs is waited for, who comes waits for it", "[quarantine]") {
  held_plan plan;
  virtual_worker w{plan};
  w.append_keys(part(0), 5);
  w.append_keys(part(1), 2);
  w.suspect(part(0), 2);
  w.assign({part(0), part(1)});
  // Seven records, of which one is not begun.
  REQUIRE(plan.handler->held() == 6);
  w.append_keys(part(0), 1, "late");
  w.append_keys(part(1), 1, "late");
  w.pass(milliseconds{500});
  CHECK(plan.handler->held() == 6);
  CHECK(w.lag_of(part(0)).held == 1);
  CHECK(w.marks->written() == lines{"2 v1 0 alone me"});

  plan.handler->complete_all();
  w.settle();
  CHECK(plan.handler->offsets() == offsets{2});
  CHECK(w.marks->written().size() == 1);
  w.pass(milliseconds{500});
  CHECK(plan.handler->offsets() == offsets{2});

  CHECK(plan.handler->complete(2));
  w.settle();
  CHECK(w.marks->written() == lines{"2 v1 0 alone me", "2 gone"});
  CHECK(w.suspects->size() == 0);
  CHECK(plan.handler->held() == 2); // those that came
  plan.handler->complete_all();
  CHECK(w.pass_until([&] { return w.drained({part(0), part(1)}); }));
  CHECK(w.metrics->counter(metric::suspect_runs).value() == 1);
  CHECK(w.notes->count(step::began) == 9);
  CHECK(w.notes->count(step::began, part(0), offset_id{2}) == 1);
  CHECK(w.violations.empty());
}

TEST_CASE("Suspects keep the order of their keys, whatever the order is by", "[quarantine]") {
  const auto by = GENERATE(ordering_kind::key, ordering_kind::partition, ordering_kind::unordered);
  quick_plan plan{succeed};
  plan.consumer.ordering = by;
  virtual_worker w{plan};
  w.source->batch_size = 7;
  for (int i = 0; i < 60; ++i) {
    w.source->append(part(0),
                     record_of("k" + std::to_string(i % 4), {}, "t" + std::to_string(i % 3)));
  }
  for (const auto offset : {0, 1, 6, 7, 13, 30, 31, 32, 59}) {
    w.suspect(part(0), offset);
  }
  w.assign({part(0)});
  CHECK(w.pass_until([&] { return w.drained({part(0)}); }));
  const auto begun = w.notes->begun(part(0));
  REQUIRE(begun.size() == 60);
  if (by == ordering_kind::partition) {
    CHECK(std::is_sorted(begun.begin(), begun.end()));
  } else if (by == ordering_kind::key) {
    std::array<std::int64_t, 12> last{};
    last.fill(-1);
    for (const auto offset : begun) {
      auto& before = last.at(static_cast<std::size_t>(offset % 12)); // of tenant and key
      CHECK(before < offset);
      before = offset;
    }
  }
  CHECK(w.suspects->size() == 0);
  CHECK(w.metrics->counter(metric::suspect_runs).value() == 9);
  CHECK(w.counts_of(part(0)).balanced());
  CHECK(w.violations.empty());
}

TEST_CASE("A suspect that fails alone runs alone again until it is done", "[quarantine]") {
  quick_plan plan{[](const record_view& r, emitter&) {
    return r.offset() == offset_id{1} && r.attempt() < 3 ? outcome::retry("not yet")
                                                         : outcome::success();
  }};
  virtual_worker w{plan};
  w.append_keys(part(0), 3);
  w.suspect(part(0), 1, {1, false, {}});
  w.assign({part(0)});
  CHECK(w.pass_until([&] { return w.drained({part(0)}); }));
  CHECK(w.marks->written() == lines{"1 v1 1 alone me", "1 v1 1 suspect", "1 v1 1 alone me",
                                    "1 v1 1 suspect", "1 v1 1 alone me", "1 gone"});
  CHECK(w.notes->count(step::began, part(0), offset_id{1}) == 3);
  CHECK(w.dead_letters(part(0)).empty());
}

TEST_CASE("A suspect that is rejected goes to the DLQ like any other", "[quarantine]") {
  quick_plan plan{[](const record_view& r, emitter&) {
    return r.offset() == offset_id{1} ? outcome::reject("never") : outcome::success();
  }};
  virtual_worker w{plan};
  w.append_keys(part(0), 3);
  w.suspect(part(0), 1);
  w.assign({part(0)});
  CHECK(w.pass_until([&] { return w.drained({part(0)}); }));
  const auto letters = w.sink->written_to("events.dlq");
  REQUIRE(letters.size() == 1);
  CHECK(letters.front().header(dlq_header::reason) == "handler_rejected");
  CHECK(letters.front().header(dlq_header::delivery_count) == "1");
  CHECK(w.marks->written() == lines{"1 v1 0 alone me", "1 gone"});
}

TEST_CASE("After three crashes alone a record goes to the DLQ without being run", "[quarantine]") {
  // The third is a run that another process began and did not end.
  const bool unended = GENERATE(false, true);
  quick_plan plan{succeed};
  virtual_worker w{plan};
  w.append_keys(part(0), 2, "same");
  w.source->append(part(0), record_of("same1")); // behind it in its key
  w.suspect(part(0), 1, unended ? suspect_mark{2, true, "other"} : suspect_mark{3, false, {}});
  w.sink->hold = true;
  w.assign({part(0)});
  w.pass(milliseconds{1'000});
  CHECK(w.committed(part(0)) <= 1);
  w.pass(milliseconds{1'500});
  const auto known = w.marks->written(); // until its dead letter is there it stays known
  CHECK(known == (unended ? lines{"1 v1 2 doubted me", "1 v1 3 suspect"} : lines{}));
  CHECK(w.notes->count(step::began, part(0), offset_id{2}) == 0);
  w.sink->hold = false;
  CHECK(w.pass_until([&] { return w.drained({part(0)}); }));
  const auto letters = w.sink->written_to("events.dlq");
  REQUIRE(letters.size() == 1);
  CHECK(letters.front().header(dlq_header::offset) == "1");
  CHECK(letters.front().header(dlq_header::reason) == "crash");
  CHECK(letters.front().header(dlq_header::delivery_count) == "4");
  CHECK(letters.front().header(dlq_header::message) ==
        "the process ended uncleanly 3 times while the record ran alone");
  CHECK(w.notes->count(step::began, part(0), offset_id{1}) == 0);
  CHECK(w.notes->count(step::succeeded) == 2);
  CHECK(w.marks->written().back() == "1 gone");
  CHECK(w.metrics->counter(metric::suspect_crashes).value() == (unended ? 1 : 0));
  CHECK(w.metrics->counter(metric::dead_letters, {{"reason", "crash"}}).value() == 1);
  CHECK(w.violations.empty());
}

TEST_CASE("A run that another process did not end counts once, and then runs", "[quarantine]") {
  virtual_worker w{quick_plan{succeed}};
  w.append_keys(part(0), 1);
  w.suspect(part(0), 0, {0, true, "other"});
  w.assign({part(0)});
  CHECK(w.pass_until([&] { return w.drained({part(0)}); }));
  CHECK(w.marks->written() ==
        lines{"0 v1 0 doubted me", "0 v1 1 suspect", "0 v1 1 alone me", "0 gone"});
  CHECK(w.metrics->counter(metric::suspect_crashes).value() == 1);
}

TEST_CASE("While marks cannot be written a suspect waits and others go on", "[quarantine]") {
  virtual_worker w{quick_plan{succeed}};
  w.append_keys(part(0), 4);
  w.suspect(part(0), 1);
  w.marks->refuse = true;
  w.assign({part(0)});
  w.pass(milliseconds{20'000});
  CHECK(w.notes->count(step::began, part(0), offset_id{1}) == 0);
  CHECK(w.committed(part(0)) == 1);
  w.append_keys(part(0), 4, "more");
  w.pass(milliseconds{5'000});
  CHECK(w.notes->count(step::succeeded) == 7);
  w.marks->refuse = false;
  CHECK(w.pass_until([&] { return w.drained({part(0)}); }));
  CHECK(w.notes->count(step::began, part(0), offset_id{1}) == 1);
  CHECK(w.violations.empty());
}

TEST_CASE("Nothing is handed out before the group's suspects are known, within reason",
          "[quarantine]") {
  virtual_worker w{quick_plan{succeed}};
  w.marks->unread = true;
  w.append_keys(part(0), 3);
  w.assign({part(0)});
  w.pass(milliseconds{1'000});
  CHECK(w.notes->count(step::began) == 0);
  SECTION("they come") {
    w.suspect(part(0), 1);
    w.marks->unread = false;
    w.pass(milliseconds{300});
    CHECK(w.notes->count(step::succeeded) == 3);
    CHECK(w.metrics->counter(metric::suspect_runs).value() == 1);
  }
  SECTION("they do not come") {
    w.pass(milliseconds{2'500});
    CHECK(w.notes->count(step::succeeded) == 3);
  }
  CHECK(w.pass_until([&] { return w.drained({part(0)}); }));
}

TEST_CASE("Suspects below the committed offset are forgotten", "[quarantine]") {
  virtual_worker w{quick_plan{succeed}};
  w.append_keys(part(0), 5);
  w.source->set_committed(part(0), {offset_id{3}, -1, {}});
  w.suspect(part(0), 1);
  w.suspect(part(0), 4);
  w.assign({part(0)});
  w.pass(milliseconds{1'500});
  CHECK(w.suspects->size() == 0);
  CHECK(w.marks->written() == lines{"1 gone", "4 v1 0 alone me", "4 gone"});
}

TEST_CASE("A partition that is taken away gives its waiting suspects up", "[quarantine]") {
  held_plan plan;
  virtual_worker w{plan};
  w.append_keys(part(0), 3);
  w.append_keys(part(1), 1);
  w.suspect(part(0), 1);
  w.assign({part(0), part(1)});
  REQUIRE(plan.handler->held() == 3); // the suspect waits for these
  w.source->revoke({part(0)});
  w.pass(milliseconds{100});
  CHECK(plan.handler->complete(0));
  CHECK(plan.handler->complete(2));
  w.pass(milliseconds{1'000});
  REQUIRE(w.source->releases.size() == 1);
  CHECK(w.committed(part(0)) == 1);
  CHECK(w.suspects->find({part(0), offset_id{1}}) == suspect_mark{});
  CHECK_FALSE(w.calls->held());
  // Whoever gets it next runs it.
  plan.handler->complete_all();
  w.assign({part(0)});
  w.pass(milliseconds{500});
  CHECK(plan.handler->offsets() == offsets{1});
  plan.handler->complete_all();
  CHECK(w.pass_until([&] { return w.drained({part(0), part(1)}); }));
}

TEST_CASE("Whoever dies while suspects run: each record is done and nobody stays held",
          "[quarantine]") {
  const auto* kind = GENERATE("quarantine", "handler", "partition_consumer", "tenant_supervisor",
                              "retry_supervisor", "consumer_supervisor");
  const auto seed = GENERATE(range(0, 6));
  CAPTURE(kind, seed);
  held_plan plan;
  // Some wait for the test, some do not.
  plan.handler->at_once = [](const record_view& r) -> std::optional<outcome> {
    return r.offset().value() % 3 == 0 ? std::nullopt : std::optional{outcome::success()};
  };
  virtual_worker w{plan};
  w.shuffle(static_cast<std::uint64_t>(seed) + 1);
  w.source->batch_size = 5;
  for (int i = 0; i < 40; ++i) {
    w.source->append(part(i % 2), record_of("k" + std::to_string(i % 5)));
  }
  for (int offset = 0; offset < 20; offset += 2) {
    w.suspect(part(0), offset);
  }
  w.source->assign({part(0), part(1)});
  for (int i = 0; i < 4; ++i) {
    for (int n = 0; n < 40 + 17 * seed; ++n) {
      w.take_step();
    }
    w.kill(kind);
    w.pass(milliseconds{30 + 40 * seed});
    plan.handler->complete_all();
  }
  CHECK(w.pass_until(
      [&] {
        plan.handler->complete_all();
        return w.drained({part(0), part(1)});
      },
      milliseconds{300'000}));
  w.pass(milliseconds{500});
  CHECK_FALSE(w.calls->held());
  CHECK(w.calls->running() == 0);
  CHECK(w.dead_letters(part(0)).empty());
  CHECK(w.suspects->size() == 0);
  CHECK(w.violations.empty());
}

TEST_CASE("On real threads nothing runs beside a suspect, in any form of handler", "[quarantine]") {
  const auto form = GENERATE(0, 1);
  CAPTURE(form);
  constexpr int records = 400;
  const auto is_suspect = [](std::int64_t offset) { return offset % 23 == 7; };
  std::atomic<int> inside{0};
  std::atomic<int> disturbed{0};
  const auto run = [&](const record_view& r, emitter&) {
    const auto others = inside.fetch_add(1);
    if (is_suspect(r.offset().value()) && others > 0) {
      ++disturbed;
    }
    std::this_thread::sleep_for(
        std::chrono::microseconds{is_suspect(r.offset().value()) ? 500 : 50});
    if (is_suspect(r.offset().value()) && inside.load() != 1) {
      ++disturbed;
    }
    inside.fetch_sub(1);
    return outcome::success();
  };
  worker_plan plan;
  const auto notes = std::make_shared<journal>();
  if (form == 0) {
    plan.handlers.push_back({quick_handler{noted(notes, run)}, {}});
  } else {
    plan.handlers.push_back({blocking_handler{noted(notes, run)}, {}});
  }
  threaded_worker w{plan, notes};
  w.source->batch_size = 20;
  for (int i = 0; i < records; ++i) {
    w.source->append(part(i % 4),
                     record_of("k" + std::to_string(i % 37), {}, "t" + std::to_string(i % 5)));
  }
  std::size_t suspects = 0;
  for (int p = 0; p < 4; ++p) {
    for (int offset = 0; offset < records / 4; ++offset) {
      if (is_suspect(offset)) {
        w.suspect(part(p), offset);
        ++suspects;
      }
    }
  }
  const std::vector<topic_partition> all{part(0), part(1), part(2), part(3)};
  w.source->assign(all);
  CHECK(w.wait_until([&] { return w.drained(all); }));
  CHECK(disturbed == 0);
  CHECK(w.notes->count(step::succeeded) == records);
  CHECK(w.metrics->counter(metric::suspect_runs).value() == suspects);
  CHECK(w.violations.empty());
}

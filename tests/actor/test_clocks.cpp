// Clocks that say different things: how long a record has failed is carried, not computed.
#include "actors/consumer/commit_metadata.hpp"
#include "actors/dlq/dead_letter_record.hpp"
#include "tests/actor/worker_tree.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include <chrono>
#include <utility>

using namespace streamer;
using namespace streamer::test;

namespace {

outcome not_yet(const record_view& /*record*/, emitter& /*out*/) {
  return outcome::retry("not yet");
}

// What an earlier owner left: two attempts of the record at offset 0.
committed_position left_by_earlier_owner(const virtual_worker& w, std::int64_t at_ms,
                                         milliseconds elapsed) {
  const commit_metadata data{{{offset_id{0}, 2, at_ms, elapsed}}, {}};
  auto text = encode(data, {w.source->cluster_id, part(0).topic, part(0).partition, offset_id{0}});
  return {offset_id{0}, -1, std::move(text.text)};
}

} // namespace

TEST_CASE("an earlier owner's clock, whatever it said, spends nothing of max_elapsed", "[clocks]") {
  const std::int64_t now =
      std::chrono::duration_cast<milliseconds>(std::chrono::system_clock::now().time_since_epoch())
          .count();
  constexpr std::int64_t year = 365LL * 86'400'000;
  const auto at_ms = GENERATE_COPY(now - year, now, now + year, std::int64_t{0});
  quick_plan plan{not_yet};
  plan.retry.max_attempts = 5;
  virtual_worker w{plan};
  w.append_keys(part(0), 1);
  w.source->set_committed(part(0), left_by_earlier_owner(w, at_ms, milliseconds{300}));
  w.assign({part(0)});
  w.pass(milliseconds{20'000});
  CHECK(w.notes->count(step::began) == 3);
  REQUIRE(w.sink->written_to("events.dlq").size() == 1);
  CHECK(w.sink->written_to("events.dlq")[0].header(dlq_header::delivery_count) == "5");
}

TEST_CASE("the time that earlier owners have spent counts for max_elapsed", "[clocks]") {
  quick_plan plan{not_yet};
  plan.retry.max_attempts = 1'000;
  plan.retry.max_elapsed = milliseconds{1'000};
  virtual_worker w{plan};
  w.append_keys(part(0), 1);
  w.source->set_committed(part(0), left_by_earlier_owner(w, 0, milliseconds{700}));
  w.assign({part(0)});
  w.pass(milliseconds{30'000});
  // The next one would be 400 ms later.
  CHECK(w.notes->count(step::began) == 1);
  REQUIRE(w.sink->written_to("events.dlq").size() == 1);
  CHECK(w.sink->written_to("events.dlq")[0].header(dlq_header::delivery_count) == "3");
}

TEST_CASE("a commit tells how long a record has failed, up to its last failure", "[clocks]") {
  quick_plan plan{not_yet};
  virtual_worker w{plan};
  w.append_keys(part(0), 1);
  w.assign({part(0)});
  // Failures at 0, 100, 300 and 700 ms; the next one is to come at 1,500 ms.
  w.pass(milliseconds{1'400});
  const auto failing = w.committed_metadata(part(0)).failing;
  REQUIRE(failing.size() == 1);
  CHECK(failing[0].attempts == 4);
  CHECK(failing[0].elapsed >= milliseconds{700});
  CHECK(failing[0].elapsed < milliseconds{800});
}

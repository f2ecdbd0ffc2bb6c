// Whose doing it was that a process ended while a suspect ran alone in it.
#include "actors/consumer/quarantine_rule.hpp"
#include "tests/unit/actors/consumer/quarantine_fixture.hpp"

#include <catch2/catch_test_macros.hpp>

#include <functional>
#include <random>
#include <string>
#include <variant>

namespace streamer {
namespace {

using namespace fixture;
using std::chrono::milliseconds;
using rule = quarantine_rule;

TEST_CASE("A run that another process did not end counts if this one lives on without it") {
  driver d;
  CHECK(d.want(wish(0), {0, true, "other"}) == "change:100:v1 0 doubted me");
  CHECK(d.want(wish(0), {0, false, "me", true}).empty()); // asked again: it goes on
  CHECK(d.r.waiting() == 1);
  CHECK(d.after(milliseconds{1'900}).empty());
  CHECK(d.after(milliseconds{100}) ==
        "count:100:1 change:100:v1 1 suspect hold mark:100:v1 1 alone me");
  SECTION("and so to the third") {
    driver last;
    CHECK(last.want(wish(0), {2, true, "other"}) == "change:100:v1 2 doubted me");
    CHECK(last.after(milliseconds{2'000}) == "count:100:3 change:100:v1 3 suspect condemn:0:3");
    CHECK(last.r.waiting() == 0);
  }
}

TEST_CASE("A process that ended although it did not run the record excuses it") {
  driver d;
  CHECK(d.want(wish(0), {1, false, "other", true}) == "hold mark:100:v1 1 alone me");
}

TEST_CASE("While one suspect is doubted none runs: its crash would be taken for a kill") {
  driver d;
  d.want(wish(0), {0, true, "other"});
  CHECK(d.want(wish(1)).empty());
  CHECK(d.after(milliseconds{1'900}).empty());
  CHECK(d.after(milliseconds{100}) ==
        "count:100:1 change:100:v1 1 suspect hold mark:101:v1 0 alone me");
}

TEST_CASE("Others are not held while a suspect is doubted") {
  driver d;
  d.want(wish(0));
  d.want(wish(1));
  d.quiet();
  CHECK(d.marked() == "run:0");
  CHECK(d.want(wish(2), {0, true, "other"}) == "change:102:v1 0 doubted me");
  CHECK(d.ended() == "change:100:gone go");
}

TEST_CASE("A partition that goes in doubt leaves the doubt to the next owner") {
  driver d;
  d.want(wish(0, 1), {1, true, "other"});
  d.want(wish(1, 2), {0, true, "third"});
  CHECK(d.words(d.r.on_gone(assignment_epoch{1}, d.now)) == "change:100:v1 1 alone other");
  CHECK(d.words(d.r.on_declined(assignment_epoch{2}, slot_id{1}, d.now)) ==
        "change:101:v1 0 alone third");
  CHECK(d.r.waiting() == 0);
  CHECK(d.after(milliseconds{5'000}).empty());
}

TEST_CASE("Kills from outside do not condemn a record that runs for long, but very rarely") {
  // A kill comes at a time that the record does not choose; it runs for 6 s, processes live 12 s on
  // average. One in sixteen would be condemned, were every end in a run taken for its doing.
  std::mt19937_64 random{7};
  std::exponential_distribution<double> life{1.0 / 12.0};
  int condemned = 0;
  constexpr int records = 2'000;
  for (int i = 0; i < records; ++i) {
    quarantine_limits limits;
    limits.doubt = milliseconds{24'000}; // four times the record's
    suspect_mark written{};
    bool over = false;
    for (int process = 0; !over; ++process) {
      rule r{"process-" + std::to_string(process), limits};
      rule::clock::time_point now{std::chrono::hours{1}};
      const auto killed = now + milliseconds{static_cast<std::int64_t>(1000 * life(random))};
      auto ends = rule::clock::time_point::max(); // of the run alone
      const std::function<void(const rule::actions&)> act = [&](const rule::actions& todo) {
        for (const auto& a : todo) {
          if (const auto* m = std::get_if<rule::write_mark>(&a)) {
            written = m->mark;
            act(r.on_quiet(now));
            act(r.on_marked(true, now));
          } else if (const auto* c = std::get_if<rule::change_mark>(&a)) {
            written = c->mark.value_or(suspect_mark{});
          } else if (std::holds_alternative<rule::run>(a)) {
            ends = now + milliseconds{6'000};
          } else if (std::holds_alternative<rule::condemn>(a)) {
            over = true;
            ++condemned;
          }
        }
      };
      for (act(r.on_wanted(wish(0), written, now)); !over && now < killed;
           now += milliseconds{100}) {
        if (now >= ends) {
          over = true; // it has ended: a suspect no more
        }
        act(r.on_tick(now));
      }
    }
  }
  CHECK(condemned < records / 200);
}

} // namespace
} // namespace streamer

#include "actors/consumer/quarantine_rule.hpp"
#include "tests/unit/actors/consumer/quarantine_fixture.hpp"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <array>
#include <functional>
#include <random>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace streamer {
namespace {

using namespace fixture;
using std::chrono::milliseconds;
using rule = quarantine_rule;

TEST_CASE("A suspect runs when others are held, its mark is acknowledged and nothing else runs") {
  driver d;
  CHECK(d.want(wish(0)) == "hold mark:100:v1 0 alone me");
  SECTION("quiet first") {
    CHECK(d.quiet().empty());
    CHECK(d.marked() == "run:0");
  }
  SECTION("mark first") {
    CHECK(d.marked().empty());
    CHECK(d.quiet() == "run:0");
  }
  CHECK(d.r.runs());
  CHECK(d.ended() == "change:100:gone go");
  CHECK_FALSE(d.r.runs());
  CHECK(d.r.waiting() == 0);
}

TEST_CASE("One that has not ended with its run stays a suspect with its count") {
  driver d;
  CHECK(d.want(wish(0), {2, false, {}}) == "hold mark:100:v1 2 alone me");
  d.quiet();
  d.marked();
  CHECK(d.ended(false) == "change:100:v1 2 suspect go");
}

TEST_CASE("Suspects run one after the other without letting others in between") {
  driver d;
  d.want(wish(0));
  CHECK(d.want(wish(1)).empty());
  CHECK(d.want(wish(1)).empty()); // asked twice, queued once
  d.quiet();
  CHECK(d.marked() == "run:0");
  CHECK(d.ended() == "change:100:gone watch mark:101:v1 0 alone me");
  CHECK(d.marked().empty());
  CHECK(d.quiet() == "run:1");
  CHECK(d.ended() == "change:101:gone go");
}

TEST_CASE("Others are held for a second at most, and then get as much time") {
  driver d;
  d.want(wish(0));
  d.want(wish(1));
  d.quiet();
  d.marked();
  d.after(milliseconds{1'500});
  CHECK(d.ended() == "change:100:gone go");
  CHECK(d.after(milliseconds{1'400}).empty());
  CHECK(d.after(milliseconds{100}) == "hold mark:101:v1 0 alone me");
}

TEST_CASE("A suspect of three crashes alone is condemned, one's own open run is no crash") {
  driver d;
  CHECK(d.want(wish(0), {3, false, {}}) == "condemn:0:3");
  CHECK(d.want(wish(2), {2, true, "me"}) == "hold mark:102:v1 2 alone me");
  CHECK(d.r.waiting() == 1);
}

TEST_CASE("A record that kills every process it runs alone in is condemned after the third") {
  // Each process knows only what the one before has written.
  suspect_mark written{};
  int crashes = 0;
  for (int process = 0;; ++process) {
    rule r{"process-" + std::to_string(process)};
    auto now = rule::clock::now();
    auto todo = r.on_wanted(wish(0), written, now);
    if (written.alone) {
      // It lives on without the record.
      now += quarantine_limits{}.doubt;
      todo = r.on_tick(now);
      todo.erase(todo.begin(), todo.begin() + 2); // the count, and its mark
    }
    if (const auto* c = std::get_if<rule::condemn>(todo.data())) {
      CHECK(c->crashes == 3);
      break;
    }
    REQUIRE(todo.size() == 2);
    written = std::get<rule::write_mark>(todo[1]).mark;
    CHECK(r.on_quiet(now).empty());
    REQUIRE(std::holds_alternative<rule::run>(r.on_marked(true, now).at(0)));
    ++crashes; // and the process is gone
  }
  CHECK(crashes == 3);
}

TEST_CASE("While its mark cannot be written a suspect waits, others do not") {
  driver d;
  d.want(wish(0));
  d.quiet();
  CHECK(d.marked(false) == "go");
  CHECK(d.after(milliseconds{900}).empty());
  CHECK(d.after(milliseconds{100}) == "hold mark:100:v1 0 alone me");
  CHECK(d.marked(false) == "go");
  CHECK(d.after(milliseconds{1'900}).empty());
  CHECK(d.after(milliseconds{100}) == "hold mark:100:v1 0 alone me");
  d.quiet();
  CHECK(d.marked(true) == "run:0");
}

TEST_CASE("Calls that never end keep a suspect waiting for a bounded time") {
  quarantine_limits limits;
  limits.patience = milliseconds{5'000};
  driver d{limits};
  d.want(wish(0));
  CHECK(d.marked().empty());
  CHECK(d.after(milliseconds{4'900}).empty());
  CHECK(d.after(milliseconds{100}) == "run:0");
}

TEST_CASE("A run that nobody ends is given up") {
  quarantine_limits limits;
  limits.longest_run = milliseconds{10'000};
  driver d{limits};
  d.want(wish(0));
  d.quiet();
  d.marked();
  CHECK(d.after(milliseconds{9'900}).empty());
  CHECK(d.after(milliseconds{100}) == "change:100:v1 0 suspect go");
}

TEST_CASE("Whoever asks again while it runs has lost the run, and gets another") {
  driver d;
  d.want(wish(0));
  d.quiet();
  d.marked();
  CHECK(d.want(wish(0)) == "change:100:v1 0 suspect go hold mark:100:v1 0 alone me");
}

TEST_CASE("A partition that goes takes its suspects with it, at every stage") {
  driver d;
  d.want(wish(0, 1));
  d.want(wish(1, 2));
  SECTION("while the mark is on its way: its answer is not the next one's") {
    CHECK(d.words(d.r.on_gone(assignment_epoch{1}, d.now)) ==
          "change:100:v1 0 suspect watch mark:101:v1 0 alone me");
    CHECK(d.quiet().empty());
    CHECK(d.marked().empty());
    CHECK(d.marked() == "run:1");
  }
  SECTION("while it runs") {
    d.quiet();
    d.marked();
    CHECK(d.words(d.r.on_gone(assignment_epoch{1}, d.now)) ==
          "change:100:v1 0 suspect watch mark:101:v1 0 alone me");
  }
  SECTION("while it waits") {
    CHECK(d.words(d.r.on_gone(assignment_epoch{2}, d.now)).empty());
    d.quiet();
    CHECK(d.marked() == "run:0");
    CHECK(d.ended() == "change:100:gone go");
  }
  SECTION("all of them") {
    CHECK(d.words(d.r.on_declined(assignment_epoch{2}, slot_id{1}, d.now)).empty());
    CHECK(d.words(d.r.on_declined(assignment_epoch{1}, slot_id{0}, d.now)) ==
          "change:100:v1 0 suspect go");
    CHECK(d.r.waiting() == 0);
  }
}

TEST_CASE("Whatever happens in whatever order: never two at once, and nobody is held for nothing") {
  std::mt19937_64 random{11};
  for (int round = 0; round < 300; ++round) {
    driver d;
    bool held = false;
    bool running = false;
    int marks_open = 0;
    bool quiet_due = false;
    const auto look = [&](const rule::actions& todo) {
      for (const auto& a : todo) {
        if (std::holds_alternative<rule::hold_calls>(a)) {
          CHECK_FALSE(held);
          held = quiet_due = true;
        } else if (std::holds_alternative<rule::watch_calls>(a)) {
          CHECK(held);
          quiet_due = true;
        } else if (std::holds_alternative<rule::let_go>(a)) {
          held = quiet_due = running = false;
        } else if (std::holds_alternative<rule::write_mark>(a)) {
          ++marks_open;
        } else if (std::holds_alternative<rule::change_mark>(a)) {
          running = false;
        } else if (std::holds_alternative<rule::run>(a)) {
          CHECK(held);
          CHECK_FALSE(running);
          running = true;
        }
      }
    };
    for (int step = 0; step < 200; ++step) {
      d.now += milliseconds{static_cast<std::int64_t>(random() % 50)};
      switch (random() % 8) {
        case 0:
        case 1: {
          const std::array<suspect_mark, 3> marks{suspect_mark{}, suspect_mark{0, true, "other"},
                                                  suspect_mark{1, false, "other", true}};
          look(d.r.on_wanted(wish(random() % 6, random() % 2), marks.at(random() % 3), d.now));
          break;
        }
        case 2:
        case 3:
          if (std::exchange(quiet_due, false)) look(d.r.on_quiet(d.now));
          break;
        case 4:
          if (marks_open > 0) {
            --marks_open;
            look(d.r.on_marked(random() % 4 != 0, d.now));
          }
          break;
        case 5:
          if (running) {
            running = false;
            look(d.r.on_ended(random() % 2 == 0, d.now));
          }
          break;
        case 6:
          look(d.r.on_declined(assignment_epoch{random() % 2}, slot_id{random() % 6}, d.now));
          break;
        default: look(d.r.on_tick(d.now)); break;
      }
    }
    // All that is owed comes: everybody gets a turn, and others go on.
    for (int step = 0; step < 2'000 && (d.r.waiting() > 0 || held); ++step) {
      d.now += milliseconds{100};
      if (std::exchange(quiet_due, false)) look(d.r.on_quiet(d.now));
      if (marks_open > 0) {
        --marks_open;
        look(d.r.on_marked(true, d.now));
      }
      if (std::exchange(running, false)) look(d.r.on_ended(true, d.now));
      look(d.r.on_tick(d.now));
    }
    CHECK(d.r.waiting() == 0);
    CHECK_FALSE(held);
  }
}

} // namespace
} // namespace streamer

#include "actors/consumer/quarantine_rule.hpp"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <random>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace streamer {
namespace {

using std::chrono::milliseconds;
using rule = quarantine_rule;

suspect_request wish(std::uint64_t slot, std::uint64_t epoch = 1) {
  return {{{"events", partition_id{0}}, offset_id{static_cast<std::int64_t>(100 + slot)}},
          assignment_epoch{epoch},
          slot_id{slot}};
}

/// Drives a rule and writes down what it wants, one word an action.
struct driver {
  rule r;
  rule::clock::time_point now{std::chrono::hours{1}};

  explicit driver(quarantine_limits limits = {}) : r{"me", limits} {}

  std::string words(const rule::actions& todo) {
    std::string text;
    for (const auto& a : todo) {
      text += text.empty() ? "" : " ";
      if (std::holds_alternative<rule::hold_calls>(a)) {
        text += "hold";
      } else if (std::holds_alternative<rule::watch_calls>(a)) {
        text += "watch";
      } else if (std::holds_alternative<rule::let_go>(a)) {
        text += "go";
      } else if (const auto* m = std::get_if<rule::write_mark>(&a)) {
        text += "mark:" + std::to_string(m->place.offset.value()) + ":" + encode_mark(m->mark);
      } else if (const auto* c = std::get_if<rule::change_mark>(&a)) {
        text += "change:" + std::to_string(c->place.offset.value()) + ":" +
                (c->mark ? encode_mark(*c->mark) : "gone");
      } else if (const auto* x = std::get_if<rule::run>(&a)) {
        text += "run:" + std::to_string(x->what.slot.value());
      } else if (const auto* d = std::get_if<rule::condemn>(&a)) {
        text +=
            "condemn:" + std::to_string(d->what.slot.value()) + ":" + std::to_string(d->crashes);
      }
    }
    return text;
  }
  std::string want(const suspect_request& w, const suspect_mark& known = {}) {
    return words(r.on_wanted(w, known, now));
  }
  std::string quiet() { return words(r.on_quiet(now)); }
  std::string marked(bool ok = true) { return words(r.on_marked(ok, now)); }
  std::string ended(bool finished = true) { return words(r.on_ended(finished, now)); }
  std::string after(milliseconds time) {
    now += time;
    return words(r.on_tick(now));
  }
};

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

TEST_CASE("A suspect of three crashes alone is condemned, also by another process's open run") {
  driver d;
  CHECK(d.want(wish(0), {3, false, {}}) == "condemn:0:3");
  CHECK(d.want(wish(1), {2, true, "other"}) == "condemn:1:3");
  CHECK(d.want(wish(2), {2, true, "me"}) == "hold mark:102:v1 2 alone me");
  CHECK(d.r.waiting() == 1);
}

TEST_CASE("A record that kills every process it runs alone in is condemned after the third") {
  // Each process knows only what the one before has written.
  suspect_mark written{};
  int crashes = 0;
  for (int process = 0;; ++process) {
    rule r{"process-" + std::to_string(process)};
    const auto now = rule::clock::now();
    auto todo = r.on_wanted(wish(0), written, now);
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
        case 1: look(d.r.on_wanted(wish(random() % 6, random() % 2), {}, d.now)); break;
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

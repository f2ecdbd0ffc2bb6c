#pragma once

#include "actors/consumer/quarantine_rule.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <variant>

namespace streamer::fixture {

/// A suspect at offset 100 + `slot`.
inline suspect_request wish(std::uint64_t slot, std::uint64_t epoch = 1) {
  return {{{"events", partition_id{0}}, offset_id{static_cast<std::int64_t>(100 + slot)}},
          assignment_epoch{epoch},
          slot_id{slot}};
}

/// Drives a rule and writes down what it wants, one word an action.
struct driver {
  quarantine_rule r;
  quarantine_rule::clock::time_point now{std::chrono::hours{1}};

  explicit driver(quarantine_limits limits = {}) : r{"me", limits} {}

  std::string words(const quarantine_rule::actions& todo) {
    std::string text;
    for (const auto& a : todo) {
      text += text.empty() ? "" : " ";
      if (std::holds_alternative<quarantine_rule::hold_calls>(a)) {
        text += "hold";
      } else if (std::holds_alternative<quarantine_rule::watch_calls>(a)) {
        text += "watch";
      } else if (std::holds_alternative<quarantine_rule::let_go>(a)) {
        text += "go";
      } else if (const auto* m = std::get_if<quarantine_rule::write_mark>(&a)) {
        text += "mark:" + std::to_string(m->place.offset.value()) + ":" + encode_mark(m->mark);
      } else if (const auto* c = std::get_if<quarantine_rule::change_mark>(&a)) {
        text += "change:" + std::to_string(c->place.offset.value()) + ":" +
                (c->mark ? encode_mark(*c->mark) : "gone");
      } else if (const auto* x = std::get_if<quarantine_rule::run>(&a)) {
        text += "run:" + std::to_string(x->what.slot.value());
      } else if (const auto* n = std::get_if<quarantine_rule::count_crash>(&a)) {
        text +=
            "count:" + std::to_string(n->place.offset.value()) + ":" + std::to_string(n->crashes);
      } else if (const auto* d = std::get_if<quarantine_rule::condemn>(&a)) {
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
  std::string after(std::chrono::milliseconds time) {
    now += time;
    return words(r.on_tick(now));
  }
};

} // namespace streamer::fixture

#include "actors/consumer/quarantine.hpp"

#include "actors/supervision/actor_guards.hpp"

#include <caf/actor_cast.hpp>
#include <caf/send.hpp>

namespace streamer {
namespace {

constexpr std::chrono::milliseconds quarantine_tick{100};

} // namespace

quarantine_state::quarantine_state(quarantine_actor::pointer self, quarantine_context context)
    : self_{self},
      context_{std::move(context)},
      rule_{context_.process, context_.limits},
      log_{context_.log.with("quarantine")},
      runs_{context_.metrics->counter(metric::suspect_runs)},
      crashes_{context_.metrics->counter(metric::suspect_crashes)} {
  // A predecessor may have ended while it held them.
  context_.calls->let_go();
  context_.calls->on_alone_ended([weak = caf::actor_addr{self_->address()}](bool finished) {
    if (auto strong = caf::actor_cast<caf::strong_actor_ptr>(weak)) {
      caf::anon_send(caf::actor_cast<quarantine_actor>(strong), alone_ended{finished});
    }
  });
}

quarantine_state::~quarantine_state() {
  context_.calls->on_alone_ended({});
  context_.calls->let_go();
}

quarantine_actor::behavior_type quarantine_state::make_behavior() {
  install_guards(self_, log_);
  const auto now = [this] { return self_->clock().now(); };
  return {
      [this](const alone_wanted& msg) { on_wanted(msg); },
      [this, now](const alone_declined& msg) {
        carry_out(rule_.on_declined(msg.epoch, msg.slot, now()));
      },
      [this, now](const alone_ended& msg) { carry_out(rule_.on_ended(msg.finished, now())); },
      [this](const suspects_settled& msg) { on_settled(msg); },
      [this](const mark_written& msg) { on_written(msg); },
      [this, now](const calls_quiet&) { carry_out(rule_.on_quiet(now())); },
      [this, now](const partition_gone& msg) {
        carry_out(rule_.on_gone(msg.epoch, now()));
        std::erase_if(origins_, [&](const auto& o) { return o.first.first == msg.epoch; });
      },
      [this, now](const tick&) {
        armed_ = false;
        carry_out(rule_.on_tick(now()));
      },
  };
}

void quarantine_state::tell(std::string_view event, std::string_view what,
                            const record_place& place, std::uint32_t crashes) {
  log_.warn(event, what,
            {{"topic", place.tp.topic},
             {"partition", place.tp.partition.value()},
             {"offset", place.offset.value()},
             {"crashes", crashes},
             {"most", most_crashes_alone}});
}

void quarantine_state::on_wanted(const alone_wanted& msg) {
  const auto known = context_.board->find(msg.place).value_or(suspect_mark{});
  if (known.alone && known.by != context_.process) {
    tell(
        "suspect_doubted",
        "a process ended, nobody knows why, while a suspect record ran alone in it; that counts if "
        "this one lives on without the record",
        msg.place, known.crashes);
  } else if (known.doubted && known.by != context_.process) {
    tell("suspect_excused",
         "the process that waited whether it would live on without a suspect record ended as well: "
         "its end before does not count",
         msg.place, known.crashes);
  }
  origins_[{msg.epoch, msg.slot}] = msg.origin;
  carry_out(rule_.on_wanted({msg.place, msg.epoch, msg.slot}, known, self_->clock().now()));
}

void quarantine_state::on_settled(const suspects_settled& msg) {
  for (const auto& place : msg.places) {
    write(place, std::nullopt, false);
  }
}

void quarantine_state::on_written(const mark_written& msg) {
  if (!msg.ok && unwritten_named_.pass(self_->clock().now())) {
    log_.warn("suspect_mark_unwritten",
              "a suspect waits: its mark could not be written to the suspects' topic");
  }
  carry_out(rule_.on_marked(msg.ok, self_->clock().now()));
}

template <class Message>
auto quarantine_state::teller(Message msg) const {
  return [weak = caf::actor_addr{self_->address()}, msg] {
    if (auto strong = caf::actor_cast<caf::strong_actor_ptr>(weak)) {
      caf::anon_send(caf::actor_cast<quarantine_actor>(strong), msg);
    }
  };
}

void quarantine_state::carry_out(const quarantine_rule::actions& todo) {
  for (const auto& action : todo) {
    std::visit([this](const auto& a) { carry_out(a); }, action);
  }
  arm();
}

void quarantine_state::carry_out(const quarantine_rule::hold_calls&) {
  context_.calls->hold(teller(calls_quiet{}));
}

void quarantine_state::carry_out(const quarantine_rule::watch_calls&) {
  context_.calls->when_quiet(teller(calls_quiet{}));
}

void quarantine_state::carry_out(const quarantine_rule::let_go&) { context_.calls->let_go(); }

void quarantine_state::carry_out(const quarantine_rule::write_mark& m) {
  write(m.place, m.mark, true);
}

void quarantine_state::carry_out(const quarantine_rule::change_mark& m) {
  write(m.place, m.mark, false);
}

void quarantine_state::carry_out(const quarantine_rule::run& r) {
  runs_.add();
  answer(r.what, std::nullopt);
}

void quarantine_state::carry_out(const quarantine_rule::count_crash& c) {
  crashes_.add();
  tell("suspect_crashed_alone", "a process ended uncleanly while a suspect record ran alone in it",
       c.place, c.crashes);
}

void quarantine_state::carry_out(const quarantine_rule::condemn& c) {
  log_.error("suspect_condemned",
             "a record goes to the DLQ: processes ended uncleanly while it ran alone",
             {{"topic", c.what.place.tp.topic},
              {"partition", c.what.place.tp.partition.value()},
              {"offset", c.what.place.offset.value()},
              {"crashes", c.crashes}});
  answer(c.what, c.crashes);
}

void quarantine_state::write(const record_place& place, std::optional<suspect_mark> mark,
                             bool answered) {
  if (!context_.store) {
    if (mark) {
      context_.board->put(place, *mark);
    } else {
      context_.board->erase(place);
    }
    if (answered) {
      self_->send(self_, mark_written{true});
    }
    return;
  }
  std::function<void(bool)> done; // none: it is written some time
  if (answered) {
    done = [weak = caf::actor_addr{self_->address()}](bool ok) {
      if (auto strong = caf::actor_cast<caf::strong_actor_ptr>(weak)) {
        caf::anon_send(caf::actor_cast<quarantine_actor>(strong), mark_written{ok});
      }
    };
  }
  context_.store->write({{place, std::move(mark)}}, std::move(done));
}

void quarantine_state::answer(const suspect_request& to, std::optional<std::uint32_t> crashes) {
  const auto found = origins_.find({to.epoch, to.slot});
  if (found != origins_.end()) {
    self_->send(found->second, alone_verdict{to.slot, crashes});
    origins_.erase(found);
  }
}

void quarantine_state::arm() {
  if (!armed_ && (rule_.waiting() > 0 || rule_.runs())) {
    armed_ = true;
    self_->delayed_send(self_, quarantine_tick, tick{});
  }
}

} // namespace streamer

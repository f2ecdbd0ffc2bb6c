#pragma once

#include "actors/supervision/actor_vitals.hpp"

#include <caf/behavior.hpp>
#include <caf/detail/behavior_impl.hpp>
#include <caf/detail/invoke_result_visitor.hpp>
#include <caf/execution_unit.hpp>
#include <caf/make_counted.hpp>
#include <caf/resumable.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <caf/unsafe_behavior_init.hpp>

#include <cstddef>
#include <memory>
#include <utility>

namespace streamer {
namespace detail {

/// A behaviour that notes when each of its messages begins.
class timed_behavior : public caf::detail::behavior_impl {
 public:
  timed_behavior(caf::behavior inner, std::shared_ptr<actor_vitals> vitals)
      : inner_{std::move(inner)}, vitals_{std::move(vitals)} {}

  bool invoke(caf::detail::invoke_result_visitor& f, caf::message& xs) override {
    const mark m{*vitals_};
    return inner_(f, xs);
  }

 private:
  struct mark {
    explicit mark(actor_vitals& v) : vitals{v} { vitals.message_begins(); }
    mark(const mark&) = delete;
    mark& operator=(const mark&) = delete;
    ~mark() { vitals.message_ends(); }
    actor_vitals& vitals;
  };

  caf::behavior inner_;
  std::shared_ptr<actor_vitals> vitals_;
};

} // namespace detail

/// How supervisors make their children: the actor of `Interface` with the state `State`, whose
/// vitals can be read from outside. Costs two clock readings a message.
template <class Interface, class State>
class watched_actor : public Interface::template stateful_impl<State> {
  using super = typename Interface::template stateful_impl<State>;

 public:
  template <class... Ts>
  watched_actor(caf::actor_config& cfg, std::shared_ptr<actor_vitals> vitals, Ts&&... xs)
      : super(cfg, std::forward<Ts>(xs)...), vitals_{std::move(vitals)} {}

  /// CAF calls this by the actor's own type, once it is made: one count for each actor instead of
  /// CAF's, which is one for all of a name.
  void setup_metrics() {
    super::setup_metrics();
    if (this->has_metrics_enabled()) {
      this->builtin_metrics().mailbox_size = vitals_->mailbox();
    }
  }

  caf::resumable::resume_result resume(caf::execution_unit* unit, std::size_t most) override {
    const auto begun = vitals_->turn_begins();
    const auto result = super::resume(unit, most);
    vitals_->turn_ends(begun);
    return result;
  }

  typename super::behavior_type make_behavior() override {
    auto made = super::make_behavior();
    caf::behavior timed;
    timed.assign(caf::intrusive_ptr<caf::detail::behavior_impl>{
        caf::make_counted<detail::timed_behavior>(std::move(made.unbox()), vitals_)});
    return {caf::unsafe_behavior_init, std::move(timed)};
  }

 private:
  std::shared_ptr<actor_vitals> vitals_;
};

} // namespace streamer

#pragma once

#include "actors/consumer/quarantine_rule.hpp"
#include "actors/consumer/suspect_board.hpp"
#include "actors/consumer/suspect_store.hpp"
#include "actors/tenant/handler_calls.hpp"
#include "messages/actor_messages.hpp"
#include "runtime/logging/log.hpp"
#include "runtime/logging/rate_limit.hpp"
#include "runtime/telemetry/telemetry.hpp"

#include <caf/typed_event_based_actor.hpp>

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace streamer {

/// What the quarantine works with.
struct quarantine_context {
  std::string process = "process"; ///< this run of this process, as marks name it; no blank
  std::shared_ptr<suspect_board> board = std::make_shared<suspect_board>();
  std::shared_ptr<suspect_store> store; ///< null: marks do not outlive the process
  std::shared_ptr<handler_calls> calls = std::make_shared<handler_calls>();
  quarantine_limits limits;
  std::shared_ptr<telemetry> metrics;
  log_handle log;
};

/// State of the quarantine: carries out what quarantine_rule says. It knows places and no records,
/// so nothing is lost with it: the partition consumers ask its successor again.
class quarantine_state {
 public:
  static inline const char* name = "quarantine";

  quarantine_state(quarantine_actor::pointer self, quarantine_context context);
  ~quarantine_state();
  quarantine_state(const quarantine_state&) = delete;
  quarantine_state& operator=(const quarantine_state&) = delete;

  quarantine_actor::behavior_type make_behavior();

 private:
  using clock = std::chrono::steady_clock;

  void on_wanted(const alone_wanted& msg);
  void on_settled(const suspects_settled& msg);
  void on_written(const mark_written& msg);
  void carry_out(const quarantine_rule::actions& todo);
  void carry_out(const quarantine_rule::hold_calls& a);
  void carry_out(const quarantine_rule::watch_calls& a);
  void carry_out(const quarantine_rule::let_go& a);
  void carry_out(const quarantine_rule::write_mark& a);
  void carry_out(const quarantine_rule::change_mark& a);
  void carry_out(const quarantine_rule::run& a);
  void carry_out(const quarantine_rule::count_crash& a);
  void carry_out(const quarantine_rule::condemn& a);
  void tell(std::string_view event, std::string_view what, const record_place& place,
            std::uint32_t crashes);
  void write(const record_place& place, std::optional<suspect_mark> mark, bool answered);
  void answer(const suspect_request& to, std::optional<std::uint32_t> crashes);
  void arm();
  template <class Message>
  [[nodiscard]] auto teller(Message msg) const;

  quarantine_actor::pointer self_;
  quarantine_context context_;
  quarantine_rule rule_;
  log_handle log_;
  std::map<std::pair<assignment_epoch, slot_id>, partition_consumer_actor> origins_;
  counter_ref runs_;
  counter_ref crashes_;
  every unwritten_named_{std::chrono::seconds{10}};
  bool armed_ = false;
};

} // namespace streamer

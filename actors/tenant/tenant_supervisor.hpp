#pragma once

#include "actors/supervision/actor_board.hpp"
#include "actors/supervision/restart_intensity.hpp"
#include "actors/tenant/tenant_context.hpp"
#include "messages/actor_messages.hpp"

#include <caf/typed_event_based_actor.hpp>

#include <map>
#include <memory>
#include <set>
#include <string>

namespace streamer {

/// State of the tenant supervisor: one handler a tenant, started when a partition first
/// has a record of it, stopped when no partition needs it, started anew when it fails.
class tenant_supervisor_state {
 public:
  static inline const char* name = "tenant_supervisor";

  tenant_supervisor_state(tenant_supervisor_actor::pointer self, tenant_context_ptr context,
                          actor_links links, std::shared_ptr<actor_board> board,
                          root_supervisor_actor root);
  /// Takes its children with it.
  ~tenant_supervisor_state();
  tenant_supervisor_state(const tenant_supervisor_state&) = delete;
  tenant_supervisor_state& operator=(const tenant_supervisor_state&) = delete;

  tenant_supervisor_actor::behavior_type make_behavior();

 private:
  struct child {
    tenant_handler_actor handler;
    std::shared_ptr<tenant_account> account;
    std::set<partition_consumer_actor> leases;
    std::uint64_t restarts = 0;
  };

  handler_lease on_wanted(const handler_wanted& msg);
  void on_unneeded(const handler_unneeded& msg);
  void on_partition_gone(const partition_gone& msg);
  void on_down(const caf::down_msg& down);
  void start(const std::string& tenant, child& c);
  void stop(std::map<std::string, child>::iterator c);

  tenant_supervisor_actor::pointer self_;
  tenant_context_ptr context_;
  actor_links links_;
  std::shared_ptr<actor_board> board_;
  root_supervisor_actor root_;
  restart_intensity intensity_;
  std::map<std::string, child> children_;
  std::map<caf::actor_addr, std::string> tenants_by_address_;
};

} // namespace streamer

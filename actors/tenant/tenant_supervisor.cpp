#include "actors/tenant/tenant_supervisor.hpp"

#include "actors/supervision/actor_guards.hpp"
#include "actors/supervision/watched_actor.hpp"
#include "actors/tenant/tenant_handler.hpp"

#include <caf/send.hpp>

namespace streamer {
namespace {

std::string board_name(const std::string& tenant) { return "handler/" + tenant; }

} // namespace

tenant_supervisor_state::tenant_supervisor_state(tenant_supervisor_actor::pointer self,
                                                 tenant_context_ptr context, actor_links links,
                                                 std::shared_ptr<actor_board> board,
                                                 root_supervisor_actor root)
    : self_{self},
      context_{std::move(context)},
      links_{std::move(links)},
      board_{std::move(board)},
      root_{std::move(root)},
      intensity_{context_->restarts} {}

tenant_supervisor_state::~tenant_supervisor_state() {
  for (auto& [tenant, c] : children_) {
    board_->remove(board_name(tenant));
    caf::anon_send_exit(c.handler, caf::exit_reason::user_shutdown);
  }
}

tenant_supervisor_actor::behavior_type tenant_supervisor_state::make_behavior() {
  install_guards(self_, context_->log.with("tenants"));
  self_->set_down_handler([this](const caf::down_msg& down) { on_down(down); });
  board_->put_budget(name, intensity_);
  return {
      [this](const handler_wanted& msg) { return on_wanted(msg); },
      [this](const handler_unneeded& msg) { on_unneeded(msg); },
      [this](const partition_gone& msg) { on_partition_gone(msg); },
      [this](const links_changed& msg) {
        links_ = msg.links;
        for (auto& [tenant, c] : children_) {
          self_->send(c.handler, links_changed{links_});
        }
      },
      [](const tick&) {},
  };
}

void tenant_supervisor_state::start(const std::string& tenant, child& c) {
  auto vitals = std::make_shared<actor_vitals>();
  c.handler = self_->spawn<watched_actor<tenant_handler_actor, tenant_handler_state>>(
      vitals, context_, c.account, links_);
  self_->monitor(c.handler);
  tenants_by_address_.emplace(c.handler.address(), tenant);
  board_->put(
      {board_name(tenant), "handler", name, c.restarts, c.handler.address(), std::move(vitals)});
}

handler_lease tenant_supervisor_state::on_wanted(const handler_wanted& msg) {
  auto& c = children_[msg.tenant];
  if (!c.handler) {
    c.account = std::make_shared<tenant_account>();
    c.account->id = msg.tenant;
    start(msg.tenant, c);
    context_->totals->tenants.store(children_.size());
  }
  c.leases.insert(msg.by);
  return {c.handler, c.account};
}

void tenant_supervisor_state::on_unneeded(const handler_unneeded& msg) {
  const auto found = children_.find(msg.tenant);
  if (found == children_.end()) {
    return;
  }
  found->second.leases.erase(msg.by);
  if (found->second.leases.empty()) {
    stop(found);
  }
}

void tenant_supervisor_state::stop(std::map<std::string, child>::iterator c) {
  tenants_by_address_.erase(c->second.handler.address());
  self_->demonitor(c->second.handler);
  self_->send_exit(c->second.handler, caf::exit_reason::user_shutdown);
  board_->remove(board_name(c->first));
  children_.erase(c);
  context_->totals->tenants.store(children_.size());
}

void tenant_supervisor_state::on_partition_gone(const partition_gone& msg) {
  for (auto c = children_.begin(); c != children_.end();) {
    const auto current = c++;
    if (current->second.leases.erase(msg.who) == 0) {
      continue;
    }
    if (current->second.leases.empty()) {
      stop(current);
    } else {
      self_->send(current->second.handler, epoch_dropped{msg.epoch, true});
    }
  }
}

// Only this tenant notices: its partitions hand out again what its handler had.
void tenant_supervisor_state::on_down(const caf::down_msg& down) {
  const auto found = tenants_by_address_.find(down.source);
  if (found == tenants_by_address_.end()) {
    return;
  }
  const auto tenant = found->second;
  tenants_by_address_.erase(found);
  const auto reason = caf::to_string(down.reason);
  const auto now = self_->clock().now();
  board_->put_failure(board_name(tenant), {reason, now});
  const bool again = intensity_.allow(now);
  board_->put_budget(name, intensity_);
  if (!again) {
    self_->send(root_,
                escalation{"the handler of tenant \"" + tenant + "\" failed more often than " +
                           std::to_string(intensity_.limits().max_restarts) +
                           " times in its window; last: " + reason});
    return;
  }
  auto& c = children_.at(tenant);
  ++c.restarts;
  context_->metrics->counter(metric::actor_restarts, {{"kind", "handler"}}).add();
  context_->log.with("tenants").error(
      "actor_restarted", "a handler actor failed and is started anew",
      {{"kind", "handler"}, {"tenant", tenant}, {"reason", reason}});
  start(tenant, c);
  for (const auto& partition : c.leases) {
    self_->send(partition, handler_replaced{tenant, c.handler});
  }
}

} // namespace streamer

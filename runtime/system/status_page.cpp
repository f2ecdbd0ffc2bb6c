#include "runtime/system/status_page.hpp"

#include "runtime/system/actor_environment.hpp"
#include "runtime/system/version.hpp"

#include <nlohmann/json.hpp>

#include <chrono>
#include <utility>

namespace streamer {
namespace {

using nlohmann::json;

json pause_of(const operator_pause& pause) {
  const auto since =
      std::chrono::duration_cast<std::chrono::milliseconds>(pause.since.time_since_epoch());
  return {{"since_ms", since.count()}, {"by", pause.by}};
}

json paused_of(const tenant_pauses::pauses& paused) {
  auto rows = json::array();
  for (const auto& [tenant, pause] : paused) {
    auto row = pause_of(pause);
    row["tenant"] = tenant;
    rows.push_back(std::move(row));
  }
  return rows;
}

json partitions_of(const status_facts& facts) {
  auto rows = json::array();
  for (const auto& p : facts.source.partitions) {
    json row{{"topic", p.tp.topic},
             {"partition", p.tp.partition.value()},
             {"epoch", p.epoch.value()},
             {"position", p.position},
             {"low", p.low},
             {"end", p.end},
             {"started", p.started},
             {"paused", p.paused},
             {"leaving", p.leaving},
             {"moving", p.moving},
             {"paused_by_operator", p.stopped ? pause_of(*p.stopped) : json()}};
    for (const auto& a : facts.accounts) {
      if (a.topic == p.tp.topic && a.partition == p.tp.partition.value()) {
        row["records"] = {
            {"received", a.records.received}, {"processed", a.records.processed},
            {"skipped", a.records.skipped},   {"dead_lettered", a.records.dead_lettered},
            {"fenced", a.records.fenced},     {"already_done", a.records.already_done},
            {"pending", a.records.pending}};
        if (a.state) {
          row["waiting"] = {{"retry", a.state->lag.waiting_retry},
                            {"dlq", a.state->lag.waiting_dlq},
                            {"held", a.state->lag.held}};
        }
      }
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

json tree_of(const std::vector<actor_board::row>& actors) {
  auto rows = json::array();
  for (const auto& a : actors) {
    rows.push_back(
        {{"name", a.name}, {"kind", a.kind}, {"parent", a.parent}, {"restarts", a.restarts}});
  }
  return rows;
}

json tenants_of(const std::vector<actor_board::row>& actors) {
  constexpr std::string_view prefix = "handler/";
  auto ids = json::array();
  for (const auto& a : actors) {
    if (a.kind == "handler") {
      ids.push_back(a.name.substr(prefix.size()));
    }
  }
  return ids;
}

json endpoints_of(const status_facts& facts) {
  json endpoints{{"observability.metrics_addr", facts.metrics_address},
                 {"admin.addr", facts.admin_address}};
  if (!facts.inspect_address.empty()) {
    endpoints["inspect.addr"] = facts.inspect_address;
  }
  return endpoints;
}

} // namespace

std::string make_status_page(const status_facts& facts) {
  const json page{
      {"versions", {{"streamer", streamer_version()}, {"caf", caf_version()}}},
      {"endpoints", endpoints_of(facts)},
      {"group",
       {{"id", facts.config.consumer.group_id},
        {"member_id", facts.source.member_id},
        {"joined", facts.source.joined},
        {"idle_member", facts.source.idle_member},
        {"connected", facts.source.connected},
        {"draining", facts.draining}}},
      {"in_flight",
       {{"records", facts.credit.held_records()},
        {"limit_records", facts.credit.limits().records},
        {"bytes", facts.credit.held_bytes()},
        {"limit_bytes", facts.credit.limits().bytes}}},
      {"producer",
       {{"connected", facts.sink.connected},
        {"acknowledged", facts.sink.acknowledged},
        {"refused", facts.sink.refused},
        {"waiting_events", facts.sink.waiting_events}}},
      {"assignment", partitions_of(facts)},
      {"tenants", tenants_of(facts.actors)},
      {"paused_tenants", paused_of(facts.paused_tenants)},
      {"log_level", facts.log_level},
      {"actors", tree_of(facts.actors)},
  };
  // Topics and tenants are a stranger's: bytes that are not UTF-8 are replaced.
  return page.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
}

} // namespace streamer

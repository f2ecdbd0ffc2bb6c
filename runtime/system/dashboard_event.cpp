#include "runtime/system/dashboard_event.hpp"

#include "actors/consumer/lag_split.hpp"
#include "runtime/system/version.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>

namespace streamer {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;

constexpr std::array all_states{lag_state::unfetched,     lag_state::fetched,
                                lag_state::queued,        lag_state::in_flight,
                                lag_state::waiting_retry, lag_state::waiting_dlq,
                                lag_state::held,          lag_state::done_uncommitted};

std::int64_t ms_of(std::chrono::system_clock::time_point time) {
  return std::chrono::duration_cast<milliseconds>(time.time_since_epoch()).count();
}

/// Cuts a list that is too long; the number of rows that went.
template <class Row>
std::size_t cut(std::vector<Row>& rows) {
  const auto surplus = rows.size() - std::min(rows.size(), most_event_rows);
  rows.resize(rows.size() - surplus);
  return surplus;
}

json totals_of(const std::vector<partition_account>& accounts) {
  record_counts sum;
  for (const auto& a : accounts) {
    sum.received += a.records.received;
    sum.processed += a.records.processed;
    sum.skipped += a.records.skipped;
    sum.dead_lettered += a.records.dead_lettered;
    sum.pending += a.records.pending;
  }
  return {{"received", sum.received},
          {"processed", sum.processed},
          {"skipped", sum.skipped},
          {"dead_lettered", sum.dead_lettered},
          {"pending", sum.pending}};
}

json histogram_of(telemetry& metrics, metric id) {
  const auto histogram = metrics.histogram(id);
  const auto bounds = histogram.bounds();
  return {{"bounds", std::vector<double>{bounds.begin(), bounds.end()}},
          {"counts", histogram.buckets()}};
}

// A counter with one label, by the values that the catalogue gives it.
json counts_of(telemetry& metrics, metric id) {
  const auto& info = info_of(id).labels.front();
  json counts = json::object();
  for (const auto value : info.values) {
    counts[std::string{value}] = metrics.counter(id, {{info.name, value}}).value();
  }
  return counts;
}

json partition_row(const partition_account& a, std::int64_t now_ms) {
  json parts = json::array();
  for (const auto state : all_states) {
    parts.push_back(count_of(a.state->lag, state));
  }
  json row{{"topic", a.topic}, {"partition", a.partition}, {"lag", std::move(parts)}};
  row["age"] = a.state->oldest_unfinished
                   ? json(static_cast<double>(std::max<std::int64_t>(
                              0, now_ms - ms_of(*a.state->oldest_unfinished))) /
                          1000.0)
                   : json();
  return row;
}

// Those with the longest lag are kept, in the order of their names.
json partitions_of(const dashboard_facts& facts) {
  std::vector<const partition_account*> rows;
  for (const auto& a : facts.accounts) {
    if (a.state) {
      rows.push_back(&a);
    }
  }
  std::ranges::stable_sort(rows, std::ranges::greater{},
                           [](const auto* a) { return a->state->lag.total(); });
  const auto more = cut(rows);
  std::ranges::sort(rows, {}, [](const auto* a) { return std::tie(a->topic, a->partition); });
  json list = json::array();
  for (const auto* a : rows) {
    list.push_back(partition_row(*a, ms_of(facts.now)));
  }
  return {{"rows", std::move(list)}, {"more", more}};
}

json tenants_of(const dashboard_facts& facts) {
  auto rows = facts.metrics.tenants();
  std::ranges::stable_sort(rows, std::ranges::greater{},
                           [](const auto& row) { return row.counts.received; });
  const auto more = cut(rows);
  json list = json::array();
  for (const auto& [label, counts] : rows) {
    if (counts != tenant_counts{}) {
      list.push_back({{"name", label},
                      {"received", counts.received},
                      {"processed", counts.processed},
                      {"retried", counts.retried},
                      {"dead_lettered", counts.dead_lettered}});
    }
  }
  return {{"rows", std::move(list)}, {"more", more}};
}

json actors_of(const dashboard_facts& facts) {
  auto rows = facts.actors;
  // Supervisors first: without them the others hang in the air.
  std::ranges::stable_sort(rows, {}, [](const auto& row) {
    return row.kind == "handler" || row.kind == "partition_consumer";
  });
  const auto more = cut(rows);
  json list = json::array();
  for (const auto& row : rows) {
    list.push_back({{"name", row.name}, {"parent", row.parent}, {"restarts", row.restarts}});
  }
  return {{"rows", std::move(list)}, {"more", more}};
}

json health_of(const health_verdict& verdict) {
  json reasons = json::array();
  for (const auto& reason : verdict.reasons) {
    reasons.push_back(reason.text);
  }
  return {{"ready", verdict.ok}, {"reasons", std::move(reasons)}};
}

} // namespace

std::string make_dashboard_event(const dashboard_facts& facts) {
  json states = json::array();
  for (const auto state : all_states) {
    states.push_back(to_string(state));
  }
  const json event{
      {"process", facts.process},
      {"version", streamer_version()},
      {"group", facts.group_id},
      {"member", facts.source.member_id},
      {"at_ms", ms_of(facts.now)},
      {"health", health_of(facts.readiness)},
      {"totals", totals_of(facts.accounts)},
      {"end_to_end", histogram_of(facts.metrics, metric::end_to_end_duration)},
      {"processing", histogram_of(facts.metrics, metric::processing_duration)},
      {"in_flight",
       {{"records", facts.credit.held_records()},
        {"limit_records", facts.credit.limits().records},
        {"bytes", facts.credit.held_bytes()},
        {"limit_bytes", facts.credit.limits().bytes}}},
      {"lag_states", std::move(states)},
      {"partitions", partitions_of(facts)},
      {"tenants", tenants_of(facts)},
      {"retries", counts_of(facts.metrics, metric::retries)},
      {"dead_letters", counts_of(facts.metrics, metric::dead_letters)},
      {"actors", actors_of(facts)},
  };
  // Topics and tenants are a stranger's: bytes that are not UTF-8 are replaced.
  return event.dump(-1, ' ', false, json::error_handler_t::replace);
}

} // namespace streamer

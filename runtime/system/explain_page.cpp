#include "runtime/system/explain_page.hpp"

#include "runtime/logging/utf8.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <charconv>

namespace streamer {
namespace {

using json = nlohmann::ordered_json;
using std::chrono::milliseconds;

constexpr std::size_t most_named = 8;

constexpr std::array all_states{lag_state::unfetched,     lag_state::fetched,
                                lag_state::queued,        lag_state::in_flight,
                                lag_state::waiting_retry, lag_state::waiting_dlq,
                                lag_state::held,          lag_state::done_uncommitted};

/// One partition with all that is known of it.
struct known_partition {
  lag_view view;
  lag_times times;
  std::optional<offset_id> committed;
  lag_verdict verdict;
};

http_response refusal(unsigned status, std::string line) {
  return {status, "text/plain; charset=utf-8", std::move(line) + "\n", {}};
}

std::string shown(const topic_partition& tp) {
  return replace_invalid_utf8(tp.topic) + "[" + std::to_string(tp.partition.value()) + "]";
}

json number(std::int64_t offset) { return offset < 0 ? json() : json(offset); }
json seconds(milliseconds time) { return static_cast<double>(time.count()) / 1000.0; }

std::int64_t ms_of(std::chrono::system_clock::time_point time) {
  return std::chrono::duration_cast<milliseconds>(time.time_since_epoch()).count();
}

const partition_account* account_of(const explain_facts& facts, const topic_partition& tp) {
  const auto found = std::ranges::find_if(facts.accounts, [&](const auto& a) {
    return a.topic == tp.topic && a.partition == tp.partition.value();
  });
  return found == facts.accounts.end() ? nullptr : &*found;
}

// Its actor has ended, and what it had published went with it: the partition is no longer this
// worker's to explain.
bool given_up(const partition_status& p, const explain_facts& facts) {
  if (!(p.leaving || p.moving || facts.draining) || facts.answers.contains(p.epoch)) {
    return false;
  }
  const auto* const account = account_of(facts, p.tp);
  return account == nullptr || !account->state;
}

// What an actor that does not answer has last published.
void fall_back(known_partition& known, const explain_facts& facts, const topic_partition& tp) {
  known.view.answered = false;
  const auto* const account = account_of(facts, tp);
  if (account == nullptr || !account->state) {
    return;
  }
  known.view.lag = {account->state->lag, account->state->span};
  if (const auto oldest = account->state->oldest_unfinished) {
    known.view.age = lag_age{
        std::max(milliseconds{0}, std::chrono::duration_cast<milliseconds>(facts.now - *oldest)),
        false};
  }
}

// Of the record that holds the frontier; while nobody has looked at any, of what was read last.
std::optional<lag_age> age_of_frontier(const lag_counts& parts, const partition_explained& said,
                                       std::int64_t now_ms) {
  if (said.frontier) {
    const auto stamp = said.frontier->timestamp_ms;
    return stamp < 0 ? std::nullopt
                     : std::optional{
                           lag_age{milliseconds{std::max<std::int64_t>(0, now_ms - stamp)}, false}};
  }
  for (const auto state : {lag_state::held, lag_state::fetched, lag_state::unfetched}) {
    if (count_of(parts, state) > 0) {
      return age_of(state, said.times, now_ms);
    }
  }
  return std::nullopt;
}

std::optional<pause_view> pause_of(const operator_pause& pause, std::string tenant,
                                   const explain_facts& facts) {
  return pause_view{
      std::move(tenant), pause.by,
      std::max(milliseconds{0}, std::chrono::duration_cast<milliseconds>(facts.now - pause.since))};
}

// Of the tenant that the frontier's record, or what is held, waits for.
std::optional<pause_view> tenant_pause_of(const lag_view& view, const explain_facts& facts) {
  const auto& tenant = view.frontier ? view.frontier->tenant : view.held_for;
  const auto found = facts.paused_tenants.find(tenant);
  return found == facts.paused_tenants.end() ? std::nullopt
                                             : pause_of(found->second, found->first, facts);
}

known_partition know(const partition_status& p, const explain_facts& facts) {
  known_partition known;
  auto& view = known.view;
  view.topic = p.tp.topic;
  view.partition = p.tp.partition.value();
  view.low = p.low;
  view.leaving = p.leaving || p.moving || facts.draining;
  view.paused = p.paused;
  const source_facts source{p.low, p.position, p.end, facts.reset_to_end};
  if (const auto said = facts.answers.find(p.epoch); said != facts.answers.end()) {
    view.lag = complete(said->second.lag, source);
    view.frontier = said->second.frontier;
    view.held_for = said->second.held_for;
    view.leaving = view.leaving || said->second.draining;
    view.age = age_of_frontier(view.lag.parts, said->second, ms_of(facts.now));
    known.times = said->second.times;
    known.committed = said->second.committed;
  } else {
    fall_back(known, facts, p.tp);
    view.lag = complete(view.lag, source);
  }
  if (const auto still = facts.still.find({view.topic, view.partition});
      still != facts.still.end()) {
    view.stands = still->second;
  }
  view.pause = p.stopped ? pause_of(*p.stopped, {}, facts) : tenant_pause_of(view, facts);
  known.verdict = judge_lag(view, facts.process);
  return known;
}

json states_of(const known_partition& known, std::int64_t now_ms) {
  json states = json::object();
  for (const auto state : all_states) {
    const auto records = count_of(known.view.lag.parts, state);
    json row{{"records", records}};
    const auto age = records > 0 ? age_of(state, known.times, now_ms) : lag_age{};
    row["seconds"] = age ? seconds(age->age) : json();
    if (age && age->at_most) {
      row["at_most"] = true;
    }
    states[to_string(state)] = std::move(row);
  }
  return states;
}

json frontier_of(const known_partition& known, std::int64_t now_ms) {
  if (!known.view.frontier) {
    return {};
  }
  const auto& r = *known.view.frontier;
  json row{{"offset", r.offset.value()},
           {"key_hash", r.key_mark.empty() ? json() : json(r.key_mark)},
           {"tenant", r.tenant},
           {"actor", r.actor},
           {"state", to_string(r.where)},
           {"running", r.running},
           {"attempt", r.attempt},
           {"age_seconds", r.timestamp_ms < 0 ? json()
                                              : seconds(milliseconds{std::max<std::int64_t>(
                                                    0, now_ms - r.timestamp_ms)})},
           {"here_seconds", seconds(r.here)},
           {"next_retry_seconds", r.next_retry ? seconds(*r.next_retry) : json()}};
  if (r.cause != failure_class::none) {
    row["failure"] = {{"cause", to_string(r.cause)}};
    if (!r.exception.empty()) {
      row["failure"]["exception"] = r.exception;
    }
    if (!r.handler.empty()) {
      row["failure"]["handler"] = r.handler;
    }
    row["failure"]["held_by_guard"] = r.held_by_guard;
  }
  return row;
}

json pause_row(const pause_view& pause) {
  return {{"by", pause.by},
          {"seconds", seconds(pause.lasts)},
          {"tenant", pause.tenant.empty() ? json() : json(pause.tenant)}};
}

json row_of(const known_partition& known, std::int64_t now_ms) {
  const auto& view = known.view;
  return {
      {"topic", view.topic},
      {"partition", view.partition},
      {"verdict",
       {{"urgency", to_string(known.verdict.urgency)},
        {"cause", known.verdict.cause},
        {"text", known.verdict.text},
        {"remedy", known.verdict.remedy.empty() ? json() : json(known.verdict.remedy)}}},
      {"committed", known.committed ? json(known.committed->value()) : json()},
      {"from", number(view.lag.span.from)},
      {"position", number(view.lag.span.position)},
      {"end", number(view.lag.span.end)},
      {"low", number(view.low)},
      {"lag",
       {{"records", view.lag.parts.total()},
        {"seconds", view.age ? seconds(view.age->age) : json()}}},
      {"states", states_of(known, now_ms)},
      {"frontier", frontier_of(known, now_ms)},
      {"answered", view.answered},
      {"leaving", view.leaving},
      {"paused", view.paused},
      {"paused_by_operator", view.pause ? pause_row(*view.pause) : json()},
      {"unmoved_seconds", seconds(view.stands)},
  };
}

} // namespace

std::variant<explain_query, http_response> read_explain_query(const http_request& request) {
  const auto topic = request.argument("topic");
  const auto partition = request.argument("partition");
  if (!topic && !partition) {
    return explain_query{};
  }
  if (!topic || !partition) {
    return refusal(400, "topic and partition go together: /explain?topic=TOPIC&partition=NUMBER");
  }
  std::int32_t value = -1;
  const auto* const end = partition->data() + partition->size();
  const auto read = std::from_chars(partition->data(), end, value);
  if (read.ec != std::errc{} || read.ptr != end || value < 0) {
    return refusal(400, "partition is no partition number; use 0 or more");
  }
  return explain_query{topic_partition{std::string{*topic}, partition_id{value}}};
}

std::vector<assignment_epoch> epochs_of(const explain_query& query, const consumer_status& source,
                                        const std::set<assignment_epoch>& asked) {
  std::vector<assignment_epoch> epochs;
  for (const auto& p : source.partitions) {
    if ((!query.only || p.tp == *query.only) && !asked.contains(p.epoch)) {
      epochs.push_back(p.epoch);
    }
  }
  return epochs;
}

http_response not_assigned(const explain_query& query, const consumer_status& source) {
  std::string has;
  std::size_t named = 0;
  for (const auto& p : source.partitions) {
    has += named == 0 ? "" : ", ";
    if (named++ == most_named) {
      has += "…";
      break;
    }
    has += shown(p.tp);
  }
  return refusal(404, shown(query.only.value_or(topic_partition{})) +
                          " is not assigned to this worker, which has " +
                          (has.empty() ? "no partition" : has) +
                          "; ask the worker that has it, or the brokers: streamer process lag");
}

std::string make_explain_page(const explain_query& query, const explain_facts& facts) {
  std::vector<known_partition> all;
  for (const auto& p : facts.source.partitions) {
    if ((!query.only || p.tp == *query.only) && facts.asked.contains(p.epoch) &&
        !given_up(p, facts)) {
      all.push_back(know(p, facts));
    }
  }
  std::ranges::sort(all, [](const auto& a, const auto& b) {
    return matters_more(a.view, a.verdict, b.view, b.verdict);
  });
  const auto now_ms = ms_of(facts.now);
  auto rows = json::array();
  std::uint64_t total = 0;
  for (const auto& known : all) {
    rows.push_back(row_of(known, now_ms));
    total += known.view.lag.parts.total();
  }
  const json page{{"at_ms", now_ms},
                  {"group_id", facts.group_id},
                  {"connected", facts.source.connected},
                  {"joined", facts.source.joined},
                  {"draining", facts.draining},
                  {"dlq_guard_holds", facts.process.work.guard_holds},
                  {"dlq_waits", facts.process.dlq_waits},
                  {"credit_used_up", facts.process.work.credit_used_up},
                  {"lag_records", total},
                  {"partitions", std::move(rows)}};
  // Topics and tenants are a stranger's: bytes that are not UTF-8 are replaced.
  return page.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
}

} // namespace streamer

#include "actors/consumer/lag_split.hpp"

#include <algorithm>

namespace streamer {
namespace {

using std::chrono::milliseconds;

std::uint64_t distance(std::int64_t from, std::int64_t to) {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(0, to - from));
}

std::int64_t value_or(const std::optional<offset_id>& offset, std::int64_t otherwise) {
  return offset ? offset->value() : otherwise;
}

std::optional<milliseconds> age(std::int64_t stamp, std::int64_t now) {
  if (stamp < 0) {
    return std::nullopt;
  }
  // A record's timestamp may lie in the future.
  return milliseconds{std::max<std::int64_t>(0, now - stamp)};
}

std::optional<lag_age> at_most(const std::optional<milliseconds>& limit) {
  return limit ? std::optional{lag_age{*limit, true}} : std::nullopt;
}

// Of a partition without a commit whose consumer has not been handed anything yet.
std::int64_t where_reading_began(const source_facts& source) {
  if (source.position < 0) {
    return source.reset_to_end ? source.end : source.low;
  }
  // What was handed over and is still on its way to the consumer counts too, where that is known.
  const bool from_low = !source.reset_to_end && source.low >= 0 && source.low < source.position;
  return from_low ? source.low : source.position;
}

// The oldest of what is unfinished: it holds the frontier.
std::int64_t oldest_unfinished(const lag_times& times) {
  std::int64_t oldest = -1;
  for (std::size_t i = 0; i < static_cast<std::size_t>(lag_state::done_uncommitted); ++i) {
    const auto stamp = times.oldest.at(i);
    if (stamp >= 0 && (oldest < 0 || stamp < oldest)) {
      oldest = stamp;
    }
  }
  return oldest;
}

} // namespace

std::string_view to_string(lag_state s) {
  switch (s) {
    case lag_state::unfetched: return "unfetched";
    case lag_state::fetched: return "fetched";
    case lag_state::queued: return "queued";
    case lag_state::in_flight: return "in_flight";
    case lag_state::waiting_retry: return "waiting_retry";
    case lag_state::waiting_dlq: return "waiting_dlq";
    case lag_state::held: return "held";
    case lag_state::done_uncommitted: return "done_uncommitted";
  }
  return "unfetched";
}

std::uint64_t count_of(const lag_counts& lag, lag_state s) {
  switch (s) {
    case lag_state::unfetched: return lag.unfetched;
    case lag_state::fetched: return lag.fetched;
    case lag_state::queued: return lag.queued;
    case lag_state::in_flight: return lag.in_flight;
    case lag_state::waiting_retry: return lag.waiting_retry;
    case lag_state::waiting_dlq: return lag.waiting_dlq;
    case lag_state::held: return lag.held;
    case lag_state::done_uncommitted: return lag.done_uncommitted;
  }
  return 0;
}

lag_split split_taken_in(const taken_in_facts& facts) {
  lag_split split;
  auto& [parts, span] = split;
  parts.waiting_retry = facts.waiting_retry;
  parts.waiting_dlq = facts.waiting_dlq;
  parts.held = facts.waiting_alone;
  const auto elsewhere = facts.waiting_retry + facts.waiting_dlq + facts.waiting_alone;
  const auto here = facts.unfinished - std::min(facts.unfinished, elsewhere);
  parts.in_flight = std::min(here, distance(0, facts.at_handlers));
  parts.queued = here - parts.in_flight;
  span.from = value_or(facts.committed, value_or(facts.first, -1));
  if (span.from < 0) {
    return split;
  }
  span.taken_in = std::max(span.from, value_or(facts.taken_in, -1));
  span.held_to = std::max(span.taken_in, value_or(facts.held_to, -1));
  parts.held += distance(span.taken_in, span.held_to);
  const auto taken = distance(span.from, span.taken_in);
  parts.done_uncommitted = taken - std::min(taken, facts.unfinished);
  return split;
}

lag_split complete(lag_split split, const source_facts& source) {
  auto& [parts, span] = split;
  if (span.taken_in < 0) {
    const auto from = where_reading_began(source);
    if (from < 0) {
      return {};
    }
    span = {from, from, from, from, from};
  }
  span.position = std::max(span.held_to, source.position);
  span.end = std::max(span.position, source.end);
  parts.fetched = distance(span.held_to, span.position);
  parts.unfetched = distance(span.position, span.end);
  return split;
}

std::optional<lag_age> age_of(lag_state s, const lag_times& times, std::int64_t now_ms) {
  if (s == lag_state::unfetched || s == lag_state::fetched) {
    return at_most(age(times.newest, now_ms));
  }
  if (s == lag_state::done_uncommitted) {
    return times.uncommitted_for ? std::optional{lag_age{*times.uncommitted_for, false}}
                                 : at_most(age(oldest_unfinished(times), now_ms));
  }
  const auto own = age(times.oldest.at(static_cast<std::size_t>(s)), now_ms);
  return own ? std::optional{lag_age{*own, false}} : std::nullopt;
}

} // namespace streamer

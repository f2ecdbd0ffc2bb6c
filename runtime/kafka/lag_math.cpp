#include "runtime/kafka/lag_math.hpp"

#include <algorithm>

namespace streamer {
namespace {

/// Where processing goes on, if that is known.
std::optional<offset_id> position_of(const partition_facts& facts, lag_start start) {
  if (!facts.log_start || !facts.end) {
    return std::nullopt;
  }
  if (!facts.committed) {
    return start == lag_start::earliest ? *facts.log_start : *facts.end;
  }
  return std::max(*facts.committed, *facts.log_start);
}

std::string note_of(const partition_facts& facts, lag_start start) {
  if (!facts.log_start || !facts.end) {
    return "no leader answered for this partition";
  }
  if (!facts.committed) {
    return start == lag_start::earliest ? "no commit: counted from the log's start"
                                        : "no commit: it will start at the end";
  }
  if (*facts.committed < *facts.log_start) {
    const auto gone = facts.log_start->value() - facts.committed->value();
    return "retention passed the commit by " + std::to_string(gone) +
           ": counted from the log's start";
  }
  if (facts.high_watermark && *facts.committed > *facts.high_watermark) {
    return "the commit is beyond the end: the topic was recreated or lost records";
  }
  return {};
}

} // namespace

std::optional<offset_id> first_unprocessed(const partition_facts& facts, lag_start start) {
  const auto position = position_of(facts, start);
  return position && *position < *facts.end ? position : std::nullopt;
}

partition_lag lag_of(const topic_partition& tp, const partition_facts& facts, lag_start start,
                     const oldest_record& oldest, std::int64_t now_ms) {
  partition_lag made{tp,           facts.committed, facts.end,
                     std::nullopt, std::nullopt,    note_of(facts, start)};
  const auto position = position_of(facts, start);
  if (!position) {
    return made;
  }
  made.lag = std::max<std::int64_t>(0, facts.end->value() - position->value());
  if (*made.lag == 0) {
    return made;
  }
  if (oldest.found == oldest_record::kind::nothing) {
    made.lag = 0;
    made.note +=
        made.note.empty() ? "only transaction markers are left" : "; only markers are left";
  } else if (oldest.found == oldest_record::kind::record && oldest.timestamp_ms >= 0) {
    made.oldest_age =
        std::chrono::milliseconds{std::max<std::int64_t>(0, now_ms - oldest.timestamp_ms)};
  }
  return made;
}

} // namespace streamer

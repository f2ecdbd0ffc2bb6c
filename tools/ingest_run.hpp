// What `ingest` and `--role producer` have in common: send, wait, say what was delivered.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "messages/event.hpp"
#include "tools/event_session.hpp"
#include "tools/stop_signal.hpp"

namespace streamer::tools {

/// How many events, and how fast.
struct ingest_pace {
  std::optional<std::uint64_t> count; ///< absent: until the source ends
  double rate = 0;                    ///< events a second; 0: as fast as it goes
};

/// A line if so many events cannot be asked for with --count.
[[nodiscard]] std::optional<std::string> problem_of_count(std::int64_t count);

/// What a source has at the moment.
struct source_turn {
  std::optional<outbound_event> event;
  bool ended = false; ///< without an event: whether none will follow, or only not yet
};
using event_source = std::function<source_turn()>;

/// Sends what `source` gives until it ends, `pace.count` is reached, a stop is requested, or an
/// event was refused: what follows a refusal would fare no better. Then waits for the answers and
/// prints one line of counts. Returns the exit code: 0 only if everything asked for was delivered.
/// `problem` is looked at when the source has ended: a text there is why, and a failure.
[[nodiscard]] int run_ingest(event_session& session, const stop_signal& stop,
                             const ingest_pace& pace, const event_source& source,
                             const std::string& problem = {});

} // namespace streamer::tools

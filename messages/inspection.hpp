#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace streamer {

/// The only messages that leave the process: what `streamer inspect` asks, and the answer.
/// They are read by other versions too: what needs other fields is a new type under a new name.
struct snapshot_request {};

/// One actor at one moment. Holds no payload and no key.
struct actor_snapshot {
  std::string name;   ///< unique: the kind, and whom it serves
  std::string kind;   ///< as in the metrics
  std::string parent; ///< name of its supervisor; empty for the root
  /// `running`: at a message now; `ready`: has messages, waits for a thread; `idle`; `ended`.
  std::string state;
  std::int64_t mailbox = 0;        ///< messages that it has not read
  std::int64_t message_us = 0;     ///< age of the message that it is at; 0: at none
  std::uint64_t handled = 0;       ///< messages since it was started
  std::uint64_t restarts = 0;      ///< times that it was started anew
  std::int64_t restarts_left = -1; ///< in the present window of its supervisor; -1: none has one
  std::string last_error;          ///< why its predecessor ended; empty: none has
  std::int64_t last_error_ms = -1; ///< how long ago that was; -1: never
};

struct tree_snapshot {
  std::string version; ///< of streamer
  std::string group_id;
  std::uint64_t process = 0; ///< its id in the worker's own eyes
  std::int64_t uptime_ms = 0;
  std::vector<actor_snapshot> actors;
  std::uint64_t omitted = 0; ///< actors beyond what one answer carries
};

template <class Inspector>
bool inspect(Inspector& f, snapshot_request& x) {
  return f.object(x).fields();
}

template <class Inspector>
bool inspect(Inspector& f, actor_snapshot& x) {
  return f.object(x).fields(
      f.field("name", x.name), f.field("kind", x.kind), f.field("parent", x.parent),
      f.field("state", x.state), f.field("mailbox", x.mailbox), f.field("message_us", x.message_us),
      f.field("handled", x.handled), f.field("restarts", x.restarts),
      f.field("restarts_left", x.restarts_left), f.field("last_error", x.last_error),
      f.field("last_error_ms", x.last_error_ms));
}

template <class Inspector>
bool inspect(Inspector& f, tree_snapshot& x) {
  return f.object(x).fields(f.field("version", x.version), f.field("group_id", x.group_id),
                            f.field("process", x.process), f.field("uptime_ms", x.uptime_ms),
                            f.field("actors", x.actors), f.field("omitted", x.omitted));
}

} // namespace streamer

// Which DLQ topics the dlq commands look at, and which of their records are dealt with.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "runtime/kafka/admin.hpp"
#include "runtime/kafka/topic_reader.hpp"
#include "tools/command.hpp"
#include "tools/dlq/dead_letter.hpp"
#include "tools/redrive/resolved_set.hpp"
#include "tools/resolved_store.hpp"
#include "tools/stop_signal.hpp"

namespace streamer::tools {

/// Which dead letters a command is about, as its flags say.
struct letter_choice {
  dlq_filter filter;
  std::optional<std::string> since;
  bool all = false; ///< resolved ones too
};
void add_choice_flags(CLI::App& app, letter_choice& choice);
/// Reads what the flags hold as text; a line if that cannot be.
[[nodiscard]] std::optional<std::string> settle_choice(letter_choice& choice);

/// The DLQ topics of consumer.topics that exist, by name; patterns are matched against the topics
/// of the cluster. Fails if none exists.
[[nodiscard]] result<std::vector<std::string>> existing_dlq_topics(admin_client& admin,
                                                                   const settings& config);

/// One partition of a DLQ topic: what it holds, and what of that is resolved.
struct dlq_part {
  read_range range;
  resolved_set resolved;
};

/// The partitions of a DLQ topic that hold something to be looked at: all, or from their lowest
/// unresolved record on.
[[nodiscard]] result<std::vector<dlq_part>> parts_of_topic(admin_client& admin,
                                                           const resolved_store& store,
                                                           const std::string& topic, bool all);

/// Takes a chosen dead letter.
using letter_fn = std::function<read_next(const record_ref&, const dead_letter&)>;

/// Reads one partition in offset order and hands out the dead letters that are chosen. Offsets
/// that hold no record (markers, deleted ones) become resolved on the way. Fails with one line; a
/// stop that was asked for is no failure.
[[nodiscard]] std::optional<std::string> scan_part(topic_reader& reader, dlq_part& part,
                                                   const letter_choice& choice,
                                                   const stop_signal& stop,
                                                   const letter_fn& on_letter);

} // namespace streamer::tools

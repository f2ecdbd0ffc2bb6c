// What a dead letter is sent as, and where to: or why it is not.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <variant>

#include "actors/dlq/header_dialects.hpp"
#include "messages/event.hpp"
#include "tools/dlq/dead_letter.hpp"

namespace streamer::tools {

/// Why a dead letter is left where it is.
enum class left_because : std::uint8_t {
  other_group,   ///< another group's record failed: that group redrives it
  too_often,     ///< redriven too often already
  only_pointer,  ///< the DLQ has no more than a pointer to it
  no_source,     ///< its headers do not say which topic it is of
  foreign_topic, ///< it is of a topic that this group does not process
  place_unknown, ///< `--if-newer` needs its source's offset
};

/// In words, for one line after the number of letters.
[[nodiscard]] std::string_view to_string(left_because why);

/// Whether the letter is of another group of this program's workers. What others than this program
/// wrote is nobody's: they name consumers that are no such groups.
[[nodiscard]] bool is_of_other_group(const dead_letter& letter, const std::string& group);

/// What decides whether a dead letter is redriven.
struct redrive_rule {
  std::string group;
  std::uint32_t max_redrives = 0;
  bool needs_place = false; ///< for `--if-newer`
  /// Topic of letters that name none; empty: there are several.
  std::string only_topic;
  std::function<bool(const std::string&)> is_input; ///< of consumer.topics
};

/// The topic whose record it was, or why it is left.
[[nodiscard]] std::variant<std::string, left_because> source_topic_of(const dead_letter& letter,
                                                                      const redrive_rule& rule);

/// How a letter becomes a record again.
struct redrive_form {
  std::string topic;    ///< to be written to
  bool to_lane = true;  ///< then the record says where it was before
  dialect_set dialects; ///< whose headers the letter may have from this program
};

/// The original: key, value and headers byte for byte, without what was added when it failed; plus
/// `streamer.redrive-count`, one more than before. By its source's partition, as far as that is
/// known, else by its key. Borrows from `stored`.
[[nodiscard]] outbound_event make_redriven(const record_ref& stored, const dead_letter& letter,
                                           const redrive_form& form);

} // namespace streamer::tools

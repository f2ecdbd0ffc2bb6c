// In which order dead letters are sent, so that the records of a key keep the order that they had
// in their source.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string_view>
#include <utility>
#include <vector>

#include "messages/ids.hpp"

namespace streamer::tools {

/// What the order needs to know of a dead letter.
struct planned_letter {
  offset_id at;            ///< in its DLQ partition
  offset_id source_offset; ///< negative: not known
  std::uint64_t lane = 0;  ///< hash of source partition and key; 0: it has no order
};

/// Hash of what keeps its order in a source: the key within its partition. 0 is none of them.
[[nodiscard]] std::uint64_t order_lane(const topic_partition& source, std::string_view key);

/// When each letter of one DLQ partition is sent, reading it from its start: after the letter at
/// `release`, which is itself or one behind it. Letters of a key lie in the DLQ in the order in
/// which they failed, and that is nearly always their order in the source: then nothing waits.
struct send_step {
  offset_id at;
  offset_id release;
  offset_id source_offset;
  friend bool operator==(const send_step&, const send_step&) = default;
};

/// Steps in the order of `at`, in which the letters have to be given. Letters of a lane are sent by
/// their source's offsets; those whose offset is not known, and repeated ones, by their own.
[[nodiscard]] std::vector<send_step> plan_steps(const std::vector<planned_letter>& letters);

/// Holds what was read and is not to be sent yet.
template <class Letter>
class order_buffer {
 public:
  /// Takes the next letter that was read, in the order of `at`. What may be sent now is appended to
  /// `ready`, in order.
  void take(const send_step& step, Letter letter, std::size_t bytes, std::vector<Letter>& ready) {
    held_.emplace(place{step.release, step.source_offset, step.at},
                  std::pair{std::move(letter), bytes});
    held_bytes_ += bytes;
    release(step.at, ready);
  }
  /// The end was read: hands out what still waits, for letters that are gone meanwhile.
  void finish(std::vector<Letter>& ready) { release(offset_id{INT64_MAX}, ready); }

  [[nodiscard]] std::size_t held_bytes() const { return held_bytes_; }

 private:
  struct place {
    offset_id release;
    offset_id source_offset;
    offset_id at;
    friend auto operator<=>(const place&, const place&) = default;
  };

  void release(offset_id reached, std::vector<Letter>& ready) {
    while (!held_.empty() && held_.begin()->first.release <= reached) {
      held_bytes_ -= held_.begin()->second.second;
      ready.push_back(std::move(held_.begin()->second.first));
      held_.erase(held_.begin());
    }
  }

  std::map<place, std::pair<Letter, std::size_t>> held_;
  std::size_t held_bytes_ = 0;
};

/// `--if-newer`: the newest record of each key that is asked for, in a source's partitions.
class newest_records {
 public:
  /// Asks for the key of a letter.
  void ask(const topic_partition& source, const planned_letter& letter);
  /// Where reading has to begin, for each source partition that is asked about.
  [[nodiscard]] const std::map<topic_partition, offset_id>& begins() const { return begins_; }
  /// Takes note of a record of the source.
  void see(const topic_partition& source, std::string_view key, offset_id offset);
  /// Whether a record of the letter's key was seen beyond the letter's own offset.
  [[nodiscard]] bool is_newer_than(const planned_letter& letter) const;

 private:
  std::map<topic_partition, offset_id> begins_;
  std::map<std::uint64_t, offset_id> newest_;
};

} // namespace streamer::tools

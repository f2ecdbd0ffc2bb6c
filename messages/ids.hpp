#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <string>

namespace streamer {

/// An integer with a meaning of its own: an offset cannot be passed where a
/// partition is asked for. Ordered and hashable; no arithmetic but `next()`.
template <class Tag, class Rep>
class strong_id {
 public:
  using rep = Rep; ///< the integer below
  constexpr strong_id() = default;
  /// From a plain integer.
  constexpr explicit strong_id(Rep value) : value_{value} {}
  /// The plain integer.
  [[nodiscard]] constexpr Rep value() const { return value_; }
  /// The one after it.
  [[nodiscard]] constexpr strong_id next() const { return strong_id{static_cast<Rep>(value_ + 1)}; }
  friend constexpr auto operator<=>(strong_id, strong_id) = default;

 private:
  Rep value_{};
};

/// Position of a record in its partition, from 0; negative values are not positions.
using offset_id = strong_id<struct offset_tag, std::int64_t>;

/// Number of a partition within its topic, from 0.
using partition_id = strong_id<struct partition_tag, std::int32_t>;

/// One ownership of one partition by this process. Never reused within a
/// process, so an acknowledgement of an earlier ownership is told from a current one.
using assignment_epoch = strong_id<struct assignment_epoch_tag, std::uint64_t>;

/// Place of a record in the order in which one assignment epoch received it,
/// from 0, without gaps (offsets may have gaps: compaction, transaction markers).
using slot_id = strong_id<struct slot_tag, std::uint64_t>;

/// The ordering domain of a record, as a keyed 64-bit hash of (topic,
/// partition, tenant, key). Two keys that collide share their order, which is
/// safe: it only makes one wait for the other.
using lane_id = strong_id<struct lane_tag, std::uint64_t>;

/// A topic and one of its partitions.
struct topic_partition {
  std::string topic;      ///< its name
  partition_id partition; ///< from 0
  friend auto operator<=>(const topic_partition&, const topic_partition&) = default;
};

/// `topic[partition]`, as Kafka's own tools write it in logs.
[[nodiscard]] inline std::string to_string(const topic_partition& tp) {
  return tp.topic + "[" + std::to_string(tp.partition.value()) + "]";
}

} // namespace streamer

/// @cond
template <class Tag, class Rep>
struct std::hash<streamer::strong_id<Tag, Rep>> {
  std::size_t operator()(streamer::strong_id<Tag, Rep> id) const noexcept {
    return std::hash<Rep>{}(id.value());
  }
};

template <>
struct std::hash<streamer::topic_partition> {
  std::size_t operator()(const streamer::topic_partition& tp) const noexcept {
    return std::hash<std::string>{}(tp.topic) * 31 + static_cast<std::size_t>(tp.partition.value());
  }
};
/// @endcond

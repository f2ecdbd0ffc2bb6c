// Which partition a produced record goes to. Pure, std-only.
#pragma once

#include "messages/ids.hpp"

#include <cstdint>
#include <string_view>

namespace streamer {

/// The 32-bit murmur2 hash of Kafka's Java client (seed 0x9747b28c).
[[nodiscard]] std::uint32_t murmur2(std::string_view bytes);

/// Java's `Utils.toPositive`: the sign bit cleared (not the absolute value).
[[nodiscard]] constexpr std::uint32_t to_positive(std::uint32_t hash) { return hash & 0x7FFFFFFFU; }

/// `producer.partition_by = tenant`: murmur2(tenant) + murmur2(key) mod spread, which modulo the
/// topic's partition count is the partition (`outbound_event::partition_seed`). One tenant touches
/// `spread` partitions. Changing the spread or the partition count moves keys. A spread below 1
/// counts as 1.
[[nodiscard]] std::uint32_t tenant_partition_seed(std::string_view tenant, std::string_view key,
                                                  std::int32_t spread);

/// The same for a record without a key, which has no order: `turn` counts the tenant's keyless
/// records, so that they go round the tenant's own partitions.
[[nodiscard]] std::uint32_t tenant_partition_seed(std::string_view tenant, std::uint64_t turn,
                                                  std::int32_t spread);

/// The partition that a seed means. A count below 1 counts as 1.
[[nodiscard]] constexpr partition_id partition_of_seed(std::uint32_t seed,
                                                       std::int32_t partitions) {
  const auto count = partitions < 1 ? 1U : static_cast<std::uint32_t>(partitions);
  return partition_id{static_cast<std::int32_t>(seed % count)};
}

/// `producer.partition_by = key`: the partition that Java's default, and librdkafka's
/// `murmur2_random`, give a record with a key.
[[nodiscard]] partition_id partition_by_key(std::string_view key, std::int32_t partitions);

} // namespace streamer

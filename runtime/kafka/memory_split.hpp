#pragma once

#include "actors/consumer/credit.hpp"

#include <cstddef>
#include <cstdint>

namespace streamer {

/// How consumer.memory_budget_mib is divided. The parts sum to less than the whole: a fetch
/// response is held beside the queue that it overfills, and once more while it is decompressed.
/// Where many partitions have a backlog and slow handlers, the prefetch is exceeded: the library
/// may hold `fetch_lanes::count / fetch_lanes::library_part` times as much.
struct memory_split {
  std::int64_t prefetch_bytes;        ///< payload queued in the client, read but not yet delivered
  std::int64_t prefetch_messages;     ///< the same in messages: each costs about 290 bytes besides
  credit_limits waiting;              ///< the part of both that fetch_lanes takes over
  std::int64_t fetch_bytes;           ///< one fetch response
  std::int64_t partition_fetch_bytes; ///< what one partition puts into a fetch response
  std::int64_t response_bytes;        ///< largest response accepted at all
  std::int64_t outbound_bytes;        ///< what the producer may hold
  std::int64_t credit_bytes;          ///< delivered and unfinished: the credit pool's limit
};

/// Divides `budget_mib` MiB.
[[nodiscard]] memory_split split_memory(std::size_t budget_mib);

} // namespace streamer

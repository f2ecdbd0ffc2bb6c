// How many queues partitions wait in. Internal to runtime/kafka.
#pragma once

#include <cstddef>
#include <cstdint>

namespace streamer {

/// How many of `lanes` fetch_lanes are to be left where Kafka's batches take up to `batch_bytes`
/// each once they are decompressed: the library decompresses a batch as a whole and holds it until
/// its last record is taken, and of every lane one at least has begun. Half as many until those fit
/// into `most_bytes`; at least one.
[[nodiscard]] constexpr std::size_t lanes_that_fit(std::size_t lanes, std::size_t batch_bytes,
                                                   std::int64_t most_bytes) {
  while (lanes > 1 && lanes * batch_bytes > static_cast<std::size_t>(most_bytes)) {
    lanes /= 2;
  }
  return lanes;
}

} // namespace streamer

#pragma once

#include <cstdint>

namespace streamer {

/// Raises the process's soft limit of open files to its hard limit, but not beyond 65,536: Kafka
/// brokers and HTTP clients take a descriptor each, and many systems start with 1,024. Returns the
/// soft limit that holds then. For the start of a process.
std::uint64_t raise_descriptor_limit();

/// The limit that a worker gives itself by that; changes nothing.
[[nodiscard]] std::uint64_t attainable_descriptor_limit();

} // namespace streamer

#include "actors/producer/partition_rule.hpp"

#include <algorithm>
#include <cstddef>

namespace streamer {
namespace {

constexpr std::uint32_t multiplier = 0x5BD1E995U;
constexpr std::uint32_t hash_seed = 0x9747B28CU;

std::uint32_t byte_at(std::string_view bytes, std::size_t index) {
  return static_cast<std::uint8_t>(bytes[index]);
}

std::uint32_t seed_of(std::string_view tenant, std::uint64_t step, std::int32_t spread) {
  const auto width = static_cast<std::uint64_t>(std::max(1, spread));
  return to_positive(murmur2(tenant)) + static_cast<std::uint32_t>(step % width);
}

} // namespace

std::uint32_t murmur2(std::string_view bytes) {
  auto hash = hash_seed ^ static_cast<std::uint32_t>(bytes.size());
  std::size_t at = 0;
  for (; at + 4 <= bytes.size(); at += 4) {
    auto word = byte_at(bytes, at) | byte_at(bytes, at + 1) << 8U | byte_at(bytes, at + 2) << 16U |
                byte_at(bytes, at + 3) << 24U;
    word *= multiplier;
    word ^= word >> 24U;
    word *= multiplier;
    hash *= multiplier;
    hash ^= word;
  }
  std::uint32_t rest = 0;
  for (std::size_t i = bytes.size(); i > at; --i) {
    rest = rest << 8U | byte_at(bytes, i - 1);
  }
  if (at < bytes.size()) {
    hash ^= rest;
    hash *= multiplier;
  }
  hash ^= hash >> 13U;
  hash *= multiplier;
  hash ^= hash >> 15U;
  return hash;
}

std::uint32_t tenant_partition_seed(std::string_view tenant, std::string_view key,
                                    std::int32_t spread) {
  return seed_of(tenant, to_positive(murmur2(key)), spread);
}

std::uint32_t tenant_partition_seed(std::string_view tenant, std::uint64_t turn,
                                    std::int32_t spread) {
  return seed_of(tenant, turn, spread);
}

partition_id partition_by_key(std::string_view key, std::int32_t partitions) {
  return partition_of_seed(to_positive(murmur2(key)), partitions);
}

} // namespace streamer

// Commit metadata with a body of one's own: what a checksum cannot find.
#pragma once

#include "actors/consumer/base64.hpp"
#include "actors/consumer/commit_metadata.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace streamer::test {

/// A text whose scope and checksum are right, around any body. Written after the layout and not by
/// the code under test.
inline std::string sealed_metadata(std::string_view body, const metadata_scope& scope,
                                   std::string_view version = "s2:") {
  const auto fnv = [](std::string_view bytes) {
    std::uint32_t hash = 2'166'136'261U;
    for (const char c : bytes) {
      hash = (hash ^ static_cast<unsigned char>(c)) * 16'777'619U;
    }
    return hash;
  };
  const auto put = [](std::string& out, std::uint32_t value) {
    for (unsigned shift = 0; shift < 32; shift += 8) {
      out.push_back(static_cast<char>(value >> shift & 255U));
    }
  };
  std::string bytes;
  put(bytes, fnv(scope.cluster_id));
  put(bytes, fnv(std::string{scope.topic} + "/" + std::to_string(scope.partition.value())));
  auto base = static_cast<std::uint64_t>(scope.base.value());
  for (; base >= 128; base /= 128) {
    bytes.push_back(static_cast<char>(base % 128 + 128));
  }
  bytes.push_back(static_cast<char>(base));
  bytes += body;
  put(bytes, fnv(bytes));
  return std::string{version} + base64_encode(bytes);
}

} // namespace streamer::test

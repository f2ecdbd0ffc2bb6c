#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

namespace streamer {

/// Names keys to people without showing them: the first 64 bits of HMAC-SHA-256 under a random key
/// of this process, in hexadecimal. Equal keys have equal marks as long as the process lives;
/// nobody can look a key up by its mark, or compare marks of two processes. Immutable, thread-safe.
class key_marker {
 public:
  /// Throws std::runtime_error if the system has no random bytes.
  key_marker();

  [[nodiscard]] std::string operator()(std::string_view key) const;

 private:
  std::array<unsigned char, 32> secret_{};
};

} // namespace streamer

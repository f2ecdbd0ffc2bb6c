#pragma once

#include <cstddef>
#include <iosfwd>
#include <string_view>
#include <vector>

namespace streamer {

/// A password or key. It cannot be printed, logged or formatted; it is read by `reveal()` alone,
/// and its bytes are overwritten when it is destroyed, assigned to or moved from.
class secret {
 public:
  /// An empty secret: not configured.
  secret() = default;

  /// Copies `plain`; the caller remains responsible for its own copy.
  explicit secret(std::string_view plain);

  secret(const secret& other) = default;
  secret(secret&& other) noexcept = default;
  secret& operator=(const secret& other);     ///< overwrites the old text
  secret& operator=(secret&& other) noexcept; ///< overwrites the old text
  ~secret();

  /// True when nothing was configured.
  [[nodiscard]] bool empty() const noexcept;

  /// The plain text. `reveal().data()` is NUL-terminated, so that a C API needs no further copy.
  [[nodiscard]] std::string_view reveal() const noexcept;

  /// Equal contents.
  friend bool operator==(const secret& left, const secret& right) noexcept {
    return left.reveal() == right.reveal();
  }

  /// Deleted, so that a secret in a log statement does not compile.
  friend std::ostream& operator<<(std::ostream& out, const secret& value) = delete;

 private:
  void wipe() noexcept;

  // A vector has no small-buffer storage, so a move leaves no copy of the text behind.
  std::vector<char> bytes_;
};

} // namespace streamer

#pragma once

#include <optional>
#include <string>
#include <utility>

namespace streamer {

/// Either a value or one line that says what failed, with which value, and what to do.
/// The boundary to librdkafka throws nothing.
template <class T>
class [[nodiscard]] result {
 public:
  result(T value) : value_{std::move(value)} {}
  /// A failure with its message.
  [[nodiscard]] static result failure(std::string message) {
    return result{failed{}, std::move(message)};
  }

  [[nodiscard]] bool ok() const { return value_.has_value(); }
  explicit operator bool() const { return ok(); }
  /// Only if `ok()`.
  [[nodiscard]] T& value() & { return *value_; }
  [[nodiscard]] const T& value() const& { return *value_; }
  [[nodiscard]] T&& value() && { return std::move(*value_); }
  /// The message; empty if `ok()`.
  [[nodiscard]] const std::string& error() const { return message_; }

 private:
  struct failed {};
  result(failed, std::string message) : message_{std::move(message)} {}
  std::optional<T> value_;
  std::string message_;
};

} // namespace streamer

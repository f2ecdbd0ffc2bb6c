#pragma once

#include <cstddef>
#include <functional>
#include <string_view>

namespace streamer {

/// For hash maps whose keys are texts: they are looked up by a view, without a copy.
struct text_hash {
  /// Tells the containers so.
  using is_transparent = void;
  /// Of the text's bytes.
  [[nodiscard]] std::size_t operator()(std::string_view text) const noexcept {
    return std::hash<std::string_view>{}(text);
  }
};

} // namespace streamer

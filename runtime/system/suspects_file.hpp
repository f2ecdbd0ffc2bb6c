#pragma once

#include "actors/consumer/suspect_board.hpp"
#include "actors/consumer/suspect_store.hpp"

#include <filesystem>
#include <optional>
#include <span>
#include <string>

namespace streamer {

/// Marks in a file of `runtime.state_dir`, for a worker without a suspects' topic: its own count,
/// shared with workers that have the same folder. Small, and replaced as a whole. Blocks for as
/// long as the disk does.
class suspects_file {
 public:
  explicit suspects_file(std::filesystem::path state_dir) : dir_{std::move(state_dir)} {}

  /// Puts what the file holds on the board; nothing if there is none. Lines that are no marks are
  /// passed over.
  void read(suspect_board& board) const;
  /// Applies changes to the file. One line if it cannot be written.
  [[nodiscard]] std::optional<std::string> write(std::span<const mark_change> changes) const;

 private:
  std::filesystem::path dir_;
};

} // namespace streamer

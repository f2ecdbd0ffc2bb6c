#pragma once

#include "actors/tenant/crash_journal.hpp"

#include <cstddef>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

namespace streamer {

/// A crash journal's file in `runtime.state_dir`, mapped into memory: what is written there is
/// there after the process has been killed. One for each process; it is locked while its process
/// lives, so that those of ended ones are told from it.
class journal_file {
 public:
  /// Makes the folder (mode 0700) if need be, and a file for `slots`, all of its space allocated:
  /// a disk that fills up later cannot end the process. Otherwise one line: what, which, why.
  [[nodiscard]] static std::variant<std::unique_ptr<journal_file>, std::string> create(
      const std::filesystem::path& state_dir, std::size_t slots);

  /// Unmaps and unlocks; the file stays, as after a kill, unless it was removed.
  ~journal_file();
  journal_file(const journal_file&) = delete;
  journal_file& operator=(const journal_file&) = delete;

  /// Zeroes at first.
  [[nodiscard]] std::span<std::byte> memory() const { return {memory_, size_}; }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  /// After a clean end there is nothing to be found.
  void remove() const;

 private:
  journal_file(std::filesystem::path path, int descriptor, std::byte* memory, std::size_t size)
      : path_{std::move(path)}, descriptor_{descriptor}, memory_{memory}, size_{size} {}

  std::filesystem::path path_;
  int descriptor_;
  std::byte* memory_;
  std::size_t size_;
};

/// A journal whose process ended without removing it. This process has its lock, so nobody else
/// takes it over.
class left_journal {
 public:
  left_journal(std::filesystem::path path, int descriptor, journal_contents found)
      : contents{std::move(found)}, path_{std::move(path)}, descriptor_{descriptor} {}
  left_journal(left_journal&& other) noexcept;
  left_journal(const left_journal&) = delete;
  left_journal& operator=(const left_journal&) = delete;
  /// Unlocks; unless it was removed, whoever starts next finds it again.
  ~left_journal();
  void remove() const;
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

  journal_contents contents;

 private:
  std::filesystem::path path_;
  int descriptor_;
};

/// Takes over the journals in a folder whose processes live no more. One that is none of ours is
/// left alone.
[[nodiscard]] std::vector<left_journal> take_over_journals(const std::filesystem::path& state_dir);

} // namespace streamer

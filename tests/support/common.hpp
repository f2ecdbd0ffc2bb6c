// What every test on a real broker needs: names, seeds, directories, waiting, evidence.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

namespace streamer::test {

using std::chrono::milliseconds;
using namespace std::chrono_literals;

/// Built with a sanitizer, which takes memory of its own: that of processes is told, not judged.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool sanitized = true;
#else
inline constexpr bool sanitized = false;
#endif

/// An environment variable; absent when it is not set or empty.
[[nodiscard]] std::optional<std::string> environment(const char* name);

/// Whether a test that cannot run has to fail (CI=true) instead of being skipped.
[[nodiscard]] bool running_in_ci();

/// Skips the running Catch2 test, or fails it where CI=true. Does not return.
[[noreturn]] void skip_or_fail(const std::string& why);

/// A seed, printed so that the run can be repeated: STREAMER_TEST_SEED, or one drawn at random.
[[nodiscard]] std::uint64_t chosen_seed();

/// `prefix` and a part that no other test run of this machine has: for topics and groups.
[[nodiscard]] std::string unique_name(std::string_view prefix);

/// Prints one line `evidence: …`: what a person reads in the log to believe a passed test.
void evidence(const std::string& line);

/// Milliseconds since 1970.
[[nodiscard]] std::int64_t wall_ms();

/// Asks `condition` every `interval` until it holds (true) or the time is up (false).
template <class Condition>
[[nodiscard]] bool wait_until(Condition condition, milliseconds timeout,
                              milliseconds interval = 50ms) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  while (!condition()) {
    if (std::chrono::steady_clock::now() >= deadline) {
      return false;
    }
    std::this_thread::sleep_for(interval);
  }
  return true;
}

/// A directory of one test under the system's temporary directory. Removed at the end, unless the
/// test failed or STREAMER_TEST_KEEP is set: then its path is printed.
class temporary_directory {
 public:
  temporary_directory();
  temporary_directory(const temporary_directory&) = delete;
  temporary_directory& operator=(const temporary_directory&) = delete;
  ~temporary_directory();

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  [[nodiscard]] std::filesystem::path operator/(std::string_view name) const {
    return path_ / name;
  }

 private:
  std::filesystem::path path_;
};

/// The whole content of a file; empty if it does not exist.
[[nodiscard]] std::string read_file(const std::filesystem::path& path);

/// Replaces a file's content.
void write_file(const std::filesystem::path& path, std::string_view content);

} // namespace streamer::test

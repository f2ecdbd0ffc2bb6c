// A wall clock that a test sets while a worker runs; the monotonic clock goes on undisturbed.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

namespace streamer::test {

/// Environment variable of the test worker that names the file with its clock's offset. What the
/// C library tells of the wall clock is shifted by it there, and a wait until a time of the wall
/// clock lasts until that clock says so: as when an operator, or a time service, sets a machine's
/// clock.
inline constexpr const char* clock_variable = "STREAMER_TEST_CLOCK";

/// Sets the clock of the test workers that are started with its environment.
class stepped_clock {
 public:
  /// `file` must not exist yet.
  explicit stepped_clock(std::filesystem::path file);
  ~stepped_clock();
  stepped_clock(const stepped_clock&) = delete;
  stepped_clock& operator=(const stepped_clock&) = delete;

  /// How far the workers' clock is ahead of the machine's, from now on.
  void set(std::chrono::nanoseconds ahead);
  [[nodiscard]] std::map<std::string, std::string> environment() const {
    return {{clock_variable, file_.string()}};
  }

 private:
  std::filesystem::path file_;
  std::int64_t* ahead_ = nullptr; // mapped
};

} // namespace streamer::test

// How much memory processes hold over their lives.
#pragma once

#include <sys/types.h>

#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

namespace streamer::test {

/// The highest sample of the second half of a life against that of the first, whose first fifth is
/// left out: it is for warming up.
struct growth {
  double before_mib = 0;
  double by_mib = 0; ///< 0: it did not grow
};
/// Absent for fewer than 60 samples. Pure.
[[nodiscard]] std::optional<growth> grown_in_second_half(const std::vector<double>& samples);

/// Samples the resident memory of processes once a second, on a thread of its own.
class memory_watch {
 public:
  memory_watch();
  memory_watch(const memory_watch&) = delete;
  memory_watch& operator=(const memory_watch&) = delete;
  ~memory_watch();

  void begin(pid_t id);
  /// Ends the sampling of a process, also of one that has died, and returns its samples in MiB.
  [[nodiscard]] std::vector<double> end(pid_t id);

 private:
  void serve();

  std::mutex mutex_;
  std::condition_variable wake_;
  std::map<pid_t, std::vector<double>> samples_;
  bool stopping_ = false;
  std::thread thread_;
};

} // namespace streamer::test

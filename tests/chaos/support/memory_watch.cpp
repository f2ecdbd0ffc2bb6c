#include "tests/chaos/support/memory_watch.hpp"

#include <algorithm>
#include <chrono>
#include <fstream>
#include <string>
#include <utility>

namespace streamer::test {
namespace {

constexpr std::size_t least_samples = 60;

// Absent for a process that is gone.
std::optional<double> resident_mib(pid_t id) {
  std::ifstream status{"/proc/" + std::to_string(id) + "/status"};
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmRSS:")) {
      return std::stod(line.substr(6)) / 1024;
    }
  }
  return std::nullopt;
}

} // namespace

std::optional<growth> grown_in_second_half(const std::vector<double>& samples) {
  if (samples.size() < least_samples) {
    return std::nullopt;
  }
  const auto warm = samples.begin() + static_cast<std::ptrdiff_t>(samples.size() / 5);
  const auto middle = warm + (samples.end() - warm) / 2;
  const auto before = *std::max_element(warm, middle);
  return growth{before, std::max(0.0, *std::max_element(middle, samples.end()) - before)};
}

memory_watch::memory_watch() : thread_{[this] { serve(); }} {}

memory_watch::~memory_watch() {
  {
    const std::lock_guard lock{mutex_};
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void memory_watch::begin(pid_t id) {
  const std::lock_guard lock{mutex_};
  samples_[id].clear();
}

std::vector<double> memory_watch::end(pid_t id) {
  const std::lock_guard lock{mutex_};
  auto found = samples_.extract(id);
  return found ? std::move(found.mapped()) : std::vector<double>{};
}

void memory_watch::serve() {
  std::unique_lock lock{mutex_};
  while (!wake_.wait_for(lock, std::chrono::seconds{1}, [this] { return stopping_; })) {
    for (auto& [id, samples] : samples_) {
      if (const auto now = resident_mib(id)) {
        samples.push_back(*now);
      }
    }
  }
}

} // namespace streamer::test

#include "tests/support/stepped_clock.hpp"

#include "tests/support/common.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <stdexcept>
#include <utility>

namespace streamer::test {

stepped_clock::stepped_clock(std::filesystem::path file) : file_{std::move(file)} {
  write_file(file_, std::string(sizeof(*ahead_), '\0'));
  const int descriptor = ::open(file_.c_str(), O_RDWR | O_CLOEXEC);
  void* const memory =
      ::mmap(nullptr, sizeof(*ahead_), PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
  ::close(descriptor);
  if (memory == MAP_FAILED) {
    throw std::runtime_error{"cannot map " + file_.string()};
  }
  ahead_ = static_cast<std::int64_t*>(memory);
}

stepped_clock::~stepped_clock() { ::munmap(ahead_, sizeof(*ahead_)); }

void stepped_clock::set(std::chrono::nanoseconds ahead) {
  std::atomic_ref{*ahead_}.store(ahead.count());
}

} // namespace streamer::test

// The wall clock of the test worker, which a test may set: see stepped_clock.hpp. What the program
// itself defines comes before the C library's, also for the libraries that it uses.
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstdlib>

#include "tests/support/stepped_clock.hpp"

namespace {

constexpr std::int64_t second_ns = 1'000'000'000;

// Null where no test sets the clock.
std::int64_t* map_ahead() {
  const char* const file = std::getenv(streamer::test::clock_variable);
  const int descriptor = file == nullptr ? -1 : ::open(file, O_RDWR | O_CLOEXEC);
  if (descriptor < 0) {
    return nullptr;
  }
  void* const memory =
      ::mmap(nullptr, sizeof(std::int64_t), PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
  ::close(descriptor);
  return memory == MAP_FAILED ? nullptr : static_cast<std::int64_t*>(memory);
}

std::int64_t ahead_ns() {
  static std::int64_t* const mapped = map_ahead();
  return mapped == nullptr ? 0 : std::atomic_ref{*mapped}.load(std::memory_order_relaxed);
}

template <class Function>
Function* original(const char* name) {
  return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

int real_time(clockid_t clock, timespec* at) {
  static auto* const get = original<int(clockid_t, timespec*)>("clock_gettime");
  return get(clock, at);
}

std::int64_t now_ns(clockid_t clock) {
  timespec at{};
  real_time(clock, &at);
  return at.tv_sec * second_ns + at.tv_nsec;
}

std::int64_t wall_ns() { return now_ns(CLOCK_REALTIME) + ahead_ns(); }

timespec as_timespec(std::int64_t ns) { return {ns / second_ns, ns % second_ns}; }

// As the kernel does it: a clock that is set back makes those wait longer that wait for its time.
int wait_by_wall_clock(pthread_cond_t* condition, pthread_mutex_t* mutex, const timespec* until) {
  const auto deadline = until->tv_sec * second_ns + until->tv_nsec;
  for (;;) {
    const auto rest = deadline - wall_ns();
    if (rest <= 0) {
      return ETIMEDOUT;
    }
    const auto steady = as_timespec(now_ns(CLOCK_MONOTONIC) + rest);
    if (const int result = ::pthread_cond_clockwait(condition, mutex, CLOCK_MONOTONIC, &steady);
        result != ETIMEDOUT) {
      return result;
    }
  }
}

} // namespace

extern "C" {

int clock_gettime(clockid_t clock, timespec* at) noexcept {
  const int result = real_time(clock, at);
  if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) {
    *at = as_timespec(at->tv_sec * second_ns + at->tv_nsec + ahead_ns());
  }
  return result;
}

int gettimeofday(timeval* at, void* /*zone*/) noexcept {
  const auto ns = wall_ns();
  at->tv_sec = ns / second_ns;
  at->tv_usec = ns % second_ns / 1'000;
  return 0;
}

time_t time(time_t* at) noexcept {
  const time_t seconds = wall_ns() / second_ns;
  if (at != nullptr) {
    *at = seconds;
  }
  return seconds;
}

int timespec_get(timespec* at, int base) noexcept {
  if (base != TIME_UTC) {
    return 0;
  }
  *at = as_timespec(wall_ns());
  return base;
}

int pthread_cond_timedwait(pthread_cond_t* condition, pthread_mutex_t* mutex,
                           const timespec* until) {
  return wait_by_wall_clock(condition, mutex, until);
}

} // extern "C"

#include "runtime/kafka/steady_waits.hpp"

#include <pthread.h>
#include <threads.h>
#include <time.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>

#include "messages/planted_bugs.hpp"

namespace streamer {

void wait_steadily() noexcept {}

} // namespace streamer

// ThreadSanitizer knows neither C11's threads nor its mutexes, so librdkafka is built for it with
// functions of these names that use POSIX's: scripts/lib/recipes.sh.
#if !defined(__SANITIZE_THREAD__)

namespace streamer {
namespace {

constexpr std::int64_t nanoseconds_a_second = 1'000'000'000;

std::int64_t nanoseconds_of(const timespec& at) {
  return at.tv_sec * nanoseconds_a_second + at.tv_nsec;
}

std::int64_t clock_now(clockid_t clock) {
  timespec at{};
  ::clock_gettime(clock, &at);
  return nanoseconds_of(at);
}

} // namespace
} // namespace streamer

// The C library's types are these under other names.
static_assert(sizeof(cnd_t) == sizeof(pthread_cond_t) && sizeof(mtx_t) == sizeof(pthread_mutex_t));

extern "C" int cnd_timedwait(cnd_t* condition, mtx_t* mutex, const timespec* until) {
  using namespace streamer;
  auto* const waits_for = reinterpret_cast<pthread_cond_t*>(condition);
  auto* const guard = reinterpret_cast<pthread_mutex_t*>(mutex);
  int result = 0;
  if (planted("waits_by_the_wall_clock")) {
    result = ::pthread_cond_timedwait(waits_for, guard, until);
  } else {
    const auto rest = std::max<std::int64_t>(0, nanoseconds_of(*until) - clock_now(CLOCK_REALTIME));
    const auto deadline = clock_now(CLOCK_MONOTONIC) + rest;
    const timespec steady{deadline / nanoseconds_a_second, deadline % nanoseconds_a_second};
    result = ::pthread_cond_clockwait(waits_for, guard, CLOCK_MONOTONIC, &steady);
  }
  return result == 0 ? thrd_success : result == ETIMEDOUT ? thrd_timedout : thrd_error;
}

#endif

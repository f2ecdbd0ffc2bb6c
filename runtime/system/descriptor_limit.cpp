#include "runtime/system/descriptor_limit.hpp"

#include <sys/resource.h>

#include <algorithm>

namespace streamer {
namespace {

constexpr rlim_t enough = 65'536;

} // namespace

std::uint64_t raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) {
    return 0;
  }
  const auto wanted = std::min(limit.rlim_max, enough);
  if (limit.rlim_cur < wanted) {
    auto raised = limit;
    raised.rlim_cur = wanted;
    if (setrlimit(RLIMIT_NOFILE, &raised) == 0) {
      return wanted;
    }
  }
  return limit.rlim_cur;
}

std::uint64_t attainable_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) {
    return 0;
  }
  return std::max(limit.rlim_cur, std::min(limit.rlim_max, enough));
}

} // namespace streamer

#include "actors/consumer/credit.hpp"

#include <algorithm>

namespace streamer {

// A consumer thread that is woken for every single record spends its time
// waking up: it is woken once a tenth of the window is free, and at least one
// record and one byte of it, or a small window would never let it sleep.
bool credit_pool::worth_waking() const {
  const auto enough_free = [](std::int64_t held, std::int64_t limit) {
    return held <= limit - std::max<std::int64_t>(1, limit / 10);
  };
  return enough_free(records_.load(), limits_.records) && enough_free(bytes_.load(), limits_.bytes);
}

void credit_pool::give(std::int64_t records, std::int64_t bytes) {
  records_.fetch_sub(records);
  bytes_.fetch_sub(bytes);
  if (starved_.load() && worth_waking() && starved_.exchange(false) && wake_) {
    wake_();
  }
}

// The flag is raised before the second look: whoever gives credit after that
// look sees the flag, whoever gave it before is seen by the look.
bool credit_pool::starve() {
  starved_.store(true);
  if (worth_waking()) {
    starved_.store(false);
    return false;
  }
  return true;
}

} // namespace streamer

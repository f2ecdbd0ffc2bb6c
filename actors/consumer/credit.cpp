#include "actors/consumer/credit.hpp"

namespace streamer {

// A consumer thread that is woken for every single record spends its time
// waking up: it is woken once a tenth of the window is free.
bool credit_pool::worth_waking() const {
  const auto records = records_.load();
  const auto bytes = bytes_.load();
  return records <= limits_.records - limits_.records / 10 &&
         bytes <= limits_.bytes - limits_.bytes / 10;
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

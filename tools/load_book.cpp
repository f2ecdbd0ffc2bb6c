#include "tools/load_book.hpp"

#include <cmath>

#include "tools/load_test/random.hpp"

namespace streamer::tools {
namespace {

// As HdrHistogram's own plots: eight points for each tenth that remains, until a point would stand
// for less than one latency.
std::vector<latency_percentile> curve_of(const latency_recorder& recorder) {
  constexpr int steps = 8;
  constexpr int most = 7 * steps;
  std::vector<latency_percentile> curve;
  if (recorder.count() == 0) return curve;
  for (int step = 0; step <= most; ++step) {
    const auto left = std::pow(10.0, -static_cast<double>(step) / steps);
    if (left * static_cast<double>(recorder.count()) < 1) break;
    const auto percent = 100 * (1 - left);
    curve.push_back({percent, recorder.percentile(percent).count()});
  }
  curve.push_back({100, recorder.highest().count()});
  return curve;
}

latency_summary summary_of(const latency_recorder& recorder) {
  return {recorder.count(),
          recorder.percentile(50).count(),
          recorder.percentile(90).count(),
          recorder.percentile(99).count(),
          recorder.percentile(99.9).count(),
          recorder.highest().count(),
          curve_of(recorder)};
}

} // namespace

load_book::load_book(std::uint32_t lanes) : run_{fresh_seed()}, ledger_{lanes} {}

void load_book::start() {
  const std::lock_guard lock{mutex_};
  begun_ = clock::now();
}

std::int64_t load_book::elapsed_us() const {
  const std::lock_guard lock{mutex_};
  return since_start();
}

std::int64_t load_book::since_start() const {
  return std::chrono::duration_cast<std::chrono::microseconds>(clock::now() - begun_).count();
}

load_mark load_book::next(std::uint32_t lane, std::int64_t intended_us) {
  const std::lock_guard lock{mutex_};
  return {run_, lane, ledger_.next(lane), intended_us};
}

void load_book::submitted(const marks& batch) {
  const std::lock_guard lock{mutex_};
  open_.push_back(batch);
  over_time_.sent(since_start(), batch->size());
}

void load_book::settled(const marks& batch, const std::vector<delivery_result>& results) {
  const std::lock_guard lock{mutex_};
  if (std::erase(open_, batch) == 0) return; // given up before
  const auto now = since_start();
  for (std::size_t i = 0; i < batch->size(); ++i) {
    const auto& mark = (*batch)[i];
    if (i < results.size() && results[i].state == delivery_state::acknowledged) {
      delivery_.record(latency_recorder::microseconds{now - mark.intended_us});
      over_time_.acknowledged(now, now - mark.intended_us);
    } else {
      ledger_.refused(mark.lane, mark.sequence);
    }
  }
}

void load_book::give_up() {
  const std::lock_guard lock{mutex_};
  for (const auto& batch : open_) {
    for (const auto& mark : *batch)
      ledger_.refused(mark.lane, mark.sequence);
  }
  open_.clear();
}

void load_book::arrived(const record_ref& record) {
  const auto mark = mark_of(record);
  const std::lock_guard lock{mutex_};
  if (!mark || mark->run != run_) return;
  ++arrivals_;
  ledger_.arrived(mark->lane, mark->sequence);
  const auto now = since_start();
  end_to_end_.record(latency_recorder::microseconds{now - mark->intended_us});
  over_time_.processed(now, now - mark->intended_us);
}

std::int64_t load_book::outstanding() const {
  const std::lock_guard lock{mutex_};
  return ledger_.outstanding();
}

std::uint64_t load_book::arrivals() const {
  const std::lock_guard lock{mutex_};
  return arrivals_;
}

verdict load_book::judge() const {
  const std::lock_guard lock{mutex_};
  return ledger_.judge();
}

latency_summary load_book::delivery() const {
  const std::lock_guard lock{mutex_};
  return summary_of(delivery_);
}

std::int64_t load_book::delivery_p99_us() const {
  const std::lock_guard lock{mutex_};
  return delivery_.percentile(99).count();
}

latency_summary load_book::end_to_end() const {
  const std::lock_guard lock{mutex_};
  return summary_of(end_to_end_);
}

timeline load_book::over_time() const {
  const std::lock_guard lock{mutex_};
  return over_time_;
}

} // namespace streamer::tools

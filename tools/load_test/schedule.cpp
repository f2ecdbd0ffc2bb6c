#include "tools/load_test/schedule.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace streamer::tools {
namespace {

constexpr double most_seconds = 86'400;

std::optional<std::chrono::microseconds> parse_seconds(std::string_view text) {
  double seconds = 0;
  const auto* end = text.data() + text.size();
  const auto [stopped, error] =
      std::from_chars(text.data(), end, seconds, std::chars_format::fixed);
  if (error != std::errc{} || stopped != end || !(seconds >= 0) || seconds > most_seconds) {
    return std::nullopt;
  }
  return std::chrono::microseconds{std::llround(seconds * 1e6)};
}

} // namespace

std::optional<burst_pattern> parse_burst(std::string_view text) {
  const auto colon = text.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const auto on = parse_seconds(text.substr(0, colon));
  const auto off = parse_seconds(text.substr(colon + 1));
  if (!on || !off || on->count() == 0) return std::nullopt;
  return burst_pattern{*on, *off};
}

send_schedule::send_schedule(double rate, std::chrono::microseconds duration,
                             std::optional<burst_pattern> burst)
    : interval_us_{1e6 / rate}, burst_{burst}, total_{before(duration.count())} {}

std::int64_t send_schedule::intended_us(std::uint64_t index) const {
  const auto running = static_cast<std::int64_t>(static_cast<double>(index) * interval_us_);
  if (!burst_) return running;
  return running + running / burst_->on.count() * burst_->off.count();
}

std::uint64_t send_schedule::due(std::int64_t elapsed_us) const {
  return elapsed_us < 0 ? 0 : std::min(total_, before(elapsed_us + 1));
}

/// Events whose intended time lies before `elapsed_us`.
std::uint64_t send_schedule::before(std::int64_t elapsed_us) const {
  auto running = elapsed_us;
  if (burst_) {
    const auto on = burst_->on.count();
    const auto cycle = on + burst_->off.count();
    running = elapsed_us / cycle * on + std::min(elapsed_us % cycle, on);
  }
  // The estimate can be off by one either way, as products of decimals are.
  auto count = static_cast<std::uint64_t>(
      std::max(0.0, std::ceil(static_cast<double>(running) / interval_us_)));
  while (count > 0 && intended_us(count - 1) >= elapsed_us)
    --count;
  while (intended_us(count) < elapsed_us)
    ++count;
  return count;
}

} // namespace streamer::tools

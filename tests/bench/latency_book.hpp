// Latencies from the intended send time, which a record has in its value.
#pragma once

#include <hdr/hdr_histogram.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>

namespace streamer::bench {

/// Where in a value the intended send time stands: behind the record's number. Steady clock, ns:
/// one machine, one clock.
inline constexpr std::size_t intended_at = 8;

struct mark {
  std::uint64_t number = 0;
  std::int64_t intended_ns = 0;
};

[[nodiscard]] inline mark mark_of(std::string_view value) {
  mark read;
  if (value.size() >= intended_at + sizeof read.intended_ns) {
    std::memcpy(&read.number, value.data(), sizeof read.number);
    std::memcpy(&read.intended_ns, value.data() + intended_at, sizeof read.intended_ns);
  }
  return read;
}

/// Not thread-safe.
class latency_book {
 public:
  latency_book() {
    hdr_histogram* made = nullptr;
    // 1 µs to 100 s, three digits
    hdr_init(1, 100'000'000, 3, &made);
    histogram_.reset(made);
  }

  void add(std::int64_t intended_ns, std::chrono::steady_clock::time_point now) {
    const auto ns = now.time_since_epoch().count() - intended_ns;
    hdr_record_value(histogram_.get(), ns > 1'000 ? ns / 1'000 : 1);
  }
  void merge(const latency_book& other) { hdr_add(histogram_.get(), other.histogram_.get()); }

  /// `p50_us=… p99_us=… p999_us=… max_us=… curve=PERCENT:US,…`
  [[nodiscard]] std::string text() const {
    const auto at = [this](double percent) {
      return std::to_string(hdr_value_at_percentile(histogram_.get(), percent));
    };
    auto told = "measured=" + std::to_string(histogram_->total_count) + " p50_us=" + at(50) +
                " p99_us=" + at(99) + " p999_us=" + at(99.9) + " max_us=" + at(100) + " curve=";
    for (const auto* const percent : {"0", "10", "25", "50", "75", "90", "95", "99", "99.5", "99.9",
                                      "99.95", "99.99", "99.999"}) {
      told += std::string{percent} + ":" + at(std::strtod(percent, nullptr)) + ",";
    }
    told.pop_back();
    return told;
  }

 private:
  struct closer {
    void operator()(hdr_histogram* histogram) const { hdr_close(histogram); }
  };
  std::unique_ptr<hdr_histogram, closer> histogram_;
};

} // namespace streamer::bench

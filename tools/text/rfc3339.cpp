#include "tools/text/rfc3339.hpp"

#include <chrono>

#include "runtime/logging/format.hpp"

namespace streamer::tools {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Takes a text apart from the front; anything unexpected makes it invalid for good.
class scanner {
 public:
  explicit scanner(std::string_view text) : rest_{text} {}

  [[nodiscard]] bool valid() const { return valid_; }
  [[nodiscard]] bool at_end() const { return rest_.empty(); }

  int digits(std::size_t count) {
    int number = 0;
    for (std::size_t i = 0; i < count; ++i) {
      if (rest_.empty() || !is_digit(rest_.front())) {
        valid_ = false;
        return 0;
      }
      number = number * 10 + (rest_.front() - '0');
      rest_.remove_prefix(1);
    }
    return number;
  }

  bool take(char wanted) {
    if (rest_.empty() || rest_.front() != wanted) return false;
    rest_.remove_prefix(1);
    return true;
  }

  void need(char wanted) { valid_ = take(wanted) && valid_; }

  int fraction_as_ms() {
    int ms = 0;
    int weight = 100;
    std::size_t digits_seen = 0;
    for (; !rest_.empty() && is_digit(rest_.front()); ++digits_seen, weight /= 10) {
      ms += (rest_.front() - '0') * weight;
      rest_.remove_prefix(1);
    }
    valid_ = valid_ && digits_seen > 0;
    return ms;
  }

 private:
  std::string_view rest_;
  bool valid_ = true;
};

} // namespace

std::optional<std::int64_t> parse_rfc3339(std::string_view text) {
  using namespace std::chrono;
  scanner in{text};
  const year year_value{in.digits(4)};
  in.need('-');
  const month month_value{static_cast<unsigned>(in.digits(2))};
  in.need('-');
  const day day_value{static_cast<unsigned>(in.digits(2))};
  if (!in.take('t')) in.need('T');
  const int hour = in.digits(2);
  in.need(':');
  const int minute = in.digits(2);
  in.need(':');
  const int second = in.digits(2);
  const int ms = in.take('.') ? in.fraction_as_ms() : 0;
  int offset_minutes = 0;
  if (!in.take('Z') && !in.take('z')) {
    const bool east = in.take('+');
    if (!east) in.need('-');
    const int offset_hour = in.digits(2);
    in.need(':');
    const int offset_minute = in.digits(2);
    if (offset_hour > 23 || offset_minute > 59) return std::nullopt;
    offset_minutes = (east ? 1 : -1) * (offset_hour * 60 + offset_minute);
  }
  const year_month_day date{year_value, month_value, day_value};
  if (!in.valid() || !in.at_end() || !date.ok() || hour > 23 || minute > 59 || second > 59) {
    return std::nullopt;
  }
  const auto time = sys_days{date} + hours{hour} + minutes{minute - offset_minutes} +
                    seconds{second} + milliseconds{ms};
  const auto since_1970 = duration_cast<milliseconds>(time.time_since_epoch()).count();
  if (since_1970 < 0) return std::nullopt;
  return since_1970;
}

std::string format_rfc3339(std::int64_t ms) {
  return format_time(std::chrono::system_clock::time_point{std::chrono::milliseconds{ms}});
}

} // namespace streamer::tools

#pragma once

#include <memory>
#include <mutex>
#include <utility>

namespace streamer {

/// A value that may be replaced while others read it. Copies share it. Thread-safe; a read takes a
/// lock for as long as the value takes to be copied, so not one for each record.
template <class T>
class live_value {
 public:
  live_value() : live_value{T{}} {}
  live_value(T value) : cell_{std::make_shared<cell>()} { cell_->value = std::move(value); }

  [[nodiscard]] T get() const {
    const std::lock_guard lock{cell_->mutex};
    return cell_->value;
  }
  void set(T value) const {
    const std::lock_guard lock{cell_->mutex};
    std::swap(cell_->value, value);
  }

 private:
  struct cell {
    std::mutex mutex;
    T value{};
  };
  std::shared_ptr<cell> cell_;
};

} // namespace streamer

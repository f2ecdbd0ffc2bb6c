#include "tools/produce/event_output.hpp"

#include <utility>

namespace streamer::tools {
namespace {

constexpr std::chrono::milliseconds wake_interval{50};

} // namespace

publisher::publisher(event_output& output, send_window window)
    : output_{output}, window_{window}, book_{std::make_shared<book>()} {}

bool publisher::send(event_batch batch, const std::function<bool()>& cancelled,
                     results_fn on_results) {
  const auto count = batch.size();
  std::size_t bytes = 0;
  for (const auto& event : batch)
    bytes += event.charged_bytes();
  {
    std::unique_lock lock{book_->mutex};
    // A batch larger than the window goes alone.
    const auto has_room = [&] {
      const auto open = book_->totals.open();
      return open == 0 ||
             (open + count <= window_.events && book_->open_bytes + bytes <= window_.bytes);
    };
    while (!book_->changed.wait_for(lock, wake_interval, has_room)) {
      if (cancelled()) return false;
    }
    book_->totals.submitted += count;
    book_->open_bytes += bytes;
  }
  output_.submit(std::make_shared<const event_batch>(std::move(batch)),
                 [kept = book_, bytes,
                  on_results = std::move(on_results)](const std::vector<delivery_result>& results) {
                   kept->settle(results, bytes, on_results);
                 });
  return true;
}

delivery_totals publisher::finish(std::chrono::milliseconds budget) {
  (void)output_.flush(budget); // the totals say it too, and by what error
  return totals();
}

delivery_totals publisher::totals() const {
  const std::lock_guard lock{book_->mutex};
  return book_->totals;
}

bool publisher::any_refused() const {
  const std::lock_guard lock{book_->mutex};
  return book_->totals.refused > 0;
}

void publisher::book::settle(const std::vector<delivery_result>& results, std::size_t bytes,
                             const results_fn& on_results) {
  const std::lock_guard lock{mutex};
  open_bytes -= bytes;
  if (on_results) on_results(results);
  for (const auto& result : results) {
    if (result.state == delivery_state::acknowledged) {
      ++totals.acknowledged;
    } else {
      ++totals.refused;
      ++totals.errors[result.error_name];
    }
  }
  changed.notify_all();
}

} // namespace streamer::tools

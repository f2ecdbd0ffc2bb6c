// Where commands hand events over, and how they keep count of what became of them.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "messages/event.hpp"

namespace streamer::tools {

/// The producer as commands see it. Events of one partition are written in the order of submission.
class event_output {
 public:
  using answer_fn = std::function<void(std::vector<delivery_result>)>;

  virtual ~event_output() = default;
  /// Returns at once. `answer` is called once, on any thread, with one result for each event.
  virtual void submit(event_batch_ptr batch, answer_fn answer) = 0;
  /// Waits until everything submitted is settled, at most `budget`; the number of events that are
  /// not. Blocks.
  virtual std::size_t flush(std::chrono::milliseconds budget) = 0;
};

/// What became of the events.
struct delivery_totals {
  std::uint64_t submitted = 0;
  std::uint64_t acknowledged = 0;
  std::uint64_t refused = 0;
  std::map<std::string, std::uint64_t> errors; ///< refusals by the error's name

  [[nodiscard]] std::uint64_t open() const { return submitted - acknowledged - refused; }
};

/// Most that may be unsettled at a time.
struct send_window {
  std::size_t events = 10'000;
  std::size_t bytes = std::size_t{32} << 20U;
};

/// Hands batches over with no more than a window of them unsettled, so that memory stays bounded
/// when the broker is slower than the source. One thread sends; answers may come on any, also after
/// this object has ended.
class publisher {
 public:
  using results_fn = std::function<void(const std::vector<delivery_result>&)>;

  publisher(event_output& output, send_window window);
  publisher(const publisher&) = delete;
  publisher& operator=(const publisher&) = delete;

  /// Waits for room, then submits. False, and nothing submitted, if `cancelled` became true while
  /// there was none. `on_results` is called, one call at a time, before the totals change; it must
  /// own what it uses.
  [[nodiscard]] bool send(event_batch batch, const std::function<bool()>& cancelled,
                          results_fn on_results = {});

  /// Waits until everything is settled, at most `budget`.
  delivery_totals finish(std::chrono::milliseconds budget);

  [[nodiscard]] delivery_totals totals() const;
  [[nodiscard]] bool any_refused() const;

 private:
  /// Shared with the answers that are still to come.
  struct book {
    std::mutex mutex;
    std::condition_variable changed;
    delivery_totals totals;
    std::size_t open_bytes = 0;

    void settle(const std::vector<delivery_result>& results, std::size_t bytes,
                const results_fn& on_results);
  };

  event_output& output_;
  send_window window_;
  std::shared_ptr<book> book_;
};

} // namespace streamer::tools

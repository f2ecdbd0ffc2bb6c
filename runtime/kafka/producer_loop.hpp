// The thread behind producer_client. Internal to runtime/kafka.
#pragma once

#include "actors/producer/event_sink.hpp"
#include "config/settings.hpp"
#include "runtime/kafka/client_health.hpp"
#include "runtime/kafka/credential_watch.hpp"
#include "runtime/kafka/delivery_book.hpp"
#include "runtime/kafka/inbox.hpp"
#include "runtime/kafka/producer_client.hpp"
#include "runtime/kafka/producing_client.hpp"
#include "runtime/logging/log.hpp"

#include <atomic>
#include <chrono>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace streamer {

/// Owns the client and the book of what was submitted. Functions whose comment does not say
/// otherwise run on its thread.
class producer_loop {
 public:
  using clock = std::chrono::steady_clock;

  producer_loop(const settings& config, producer_mode mode, producer_limits limits,
                sink_events& events, log_handle log);
  ~producer_loop();
  producer_loop(const producer_loop&) = delete;
  producer_loop& operator=(const producer_loop&) = delete;

  /// Builds the client and starts the thread. Returns the failure's line, or empty text.
  [[nodiscard]] std::string open();
  /// Any thread.
  void submit(std::uint64_t request, event_batch_ptr batch);
  /// Any thread but the loop's own; blocks.
  bool close(std::chrono::milliseconds budget);
  /// Any thread.
  [[nodiscard]] producer_status status() const;

 private:
  struct submission {
    std::uint64_t request;
    event_batch_ptr batch;
  };

  void thread_main();
  void take_submissions();
  void hand_over();
  void settle(delivery_book::slot& which, delivery_result result);
  void on_report(delivery_book::slot& which, const rd_kafka_message_t& message);
  void hand_over_alone();
  void take_reports();
  void rebuild();
  void look_at_credentials(clock::time_point now);
  void advance_renewal(clock::time_point now);
  void replace_client(std::unique_ptr<producing_client> next);
  [[nodiscard]] bool busy() const;
  [[nodiscard]] const settings& config() const { return credentials_.config(); }
  void fail(std::string reason);
  void serve_client();
  void give_up();
  void wait();
  void refuse(std::uint64_t request, const event_batch& batch) const;

  credential_watch credentials_;
  const producer_mode mode_;
  const producer_limits limits_;
  sink_events& events_;
  log_handle log_;
  client_health health_;
  wakeup reports_;
  inbox<submission> inbox_;
  std::unique_ptr<producing_client> client_; ///< null: none could be built any more
  /// For records that were refused for the size of a batch; built when first needed.
  std::unique_ptr<producing_client> single_;
  std::deque<delivery_book::slot*> alone_; ///< to be handed to it, in order
  /// With new certificates; takes over when everything handed over is settled, or at the deadline.
  std::unique_ptr<producing_client> next_;
  clock::time_point renew_by_{};
  delivery_book book_;
  std::vector<submission> taken_;
  bool full_ = false; ///< the client's queue: submission waits for reports
  int fruitless_ = 0; ///< clients built since the last acknowledgement
  clock::time_point asked_at_{};
  std::thread thread_;

  std::mutex close_mutex_;
  bool closed_ = false; ///< guarded by close_mutex_
  std::atomic<bool> closing_{false};
  std::atomic<std::int64_t> close_by_ns_{0};
  std::atomic<bool> given_up_{false};

  std::atomic<std::uint64_t> acknowledged_{0};
  std::atomic<std::uint64_t> refused_{0};
  std::atomic<std::uint64_t> queue_full_{0};
  std::atomic<std::uint64_t> rebuilt_{0};
  std::atomic<std::uint64_t> waiting_{0};
};

} // namespace streamer

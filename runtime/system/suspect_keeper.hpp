#pragma once

#include "actors/consumer/suspect_board.hpp"
#include "actors/consumer/suspect_store.hpp"
#include "config/settings.hpp"
#include "runtime/kafka/suspects_topic.hpp"
#include "runtime/logging/log.hpp"
#include "runtime/system/suspects_file.hpp"
#include "runtime/telemetry/handles.hpp"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

namespace streamer {

/// Keeps the marks of suspects on a thread of its own: in the group's topic, or, where that cannot
/// be had, in a file, which it says once. A change that nobody waits for is tried until it is
/// written.
class suspect_keeper final : public suspect_store {
 public:
  /// `shared` is set to whether marks are in the topic.
  suspect_keeper(const settings& config, std::shared_ptr<suspect_board> board, gauge_ref shared,
                 const log_handle& log);
  /// Gives what is not written yet another second and a half.
  ~suspect_keeper() override;
  suspect_keeper(const suspect_keeper&) = delete;
  suspect_keeper& operator=(const suspect_keeper&) = delete;

  std::uint64_t refresh() override;
  [[nodiscard]] std::uint64_t read_until() const override { return read_.load(); }
  void write(std::vector<mark_change> changes, std::function<void(bool)> done) override;

  /// A suspect that ran alone in a process whose own word it is that it crashed.
  struct crash_alone {
    record_place place;
    std::string process;
  };
  /// Makes suspects of records, unless they are some already, and counts crashes of which the group
  /// knows no more than that the record ran alone. Blocks until that is written. False if it was
  /// not by then: this process alone knows them.
  [[nodiscard]] bool publish(const std::vector<record_place>& places,
                             const std::vector<crash_alone>& crashes,
                             std::chrono::milliseconds timeout);

 private:
  using clock = std::chrono::steady_clock;
  struct request {
    std::vector<mark_change> changes;
    std::function<void(bool)> done; // empty: nobody waits
  };

  void serve();
  bool read_once();
  bool write_once(std::vector<request> requests);
  [[nodiscard]] bool put_down(const std::vector<mark_change>& changes);
  void fall_back(const suspects_answer& why);
  void put_on_board(const std::vector<mark_change>& changes);
  [[nodiscard]] bool out_of_time() const;

  log_handle log_;
  std::shared_ptr<suspect_board> board_;
  gauge_ref shared_;
  suspects_file file_;
  bool file_refused_ = false;
  bool file_used_ = false;              // by an earlier run, which had no topic
  std::optional<suspects_topic> topic_; // absent once it has been refused
  std::map<record_place, std::optional<suspect_mark>> unwritten_; // nobody waits for these

  std::mutex mutex_; // of what follows
  std::condition_variable changed_;
  std::condition_variable read_changed_;
  std::vector<request> requests_;
  std::uint64_t asked_ = 0;
  bool stopping_ = false;
  std::atomic<std::uint64_t> read_{0};
  std::atomic<clock::rep> stop_by_{0};
  std::thread thread_;
};

} // namespace streamer

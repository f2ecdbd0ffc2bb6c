// What handlers did, attempt by attempt.
#pragma once

#include "messages/handler.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace streamer::test {

enum class step : std::uint8_t {
  began,
  succeeded,
  skipped,
  failed,
  late, ///< an outcome that was not taken any more
};

/// One thing that happened to one attempt.
struct attempt_note {
  topic_partition tp;
  offset_id offset;
  std::string key;
  std::string tenant;
  std::uint32_t number = 0;
  step what = step::began;
  std::size_t events = 0; ///< emitted by it
};

/// Keeps notes in the order in which they come. Thread-safe.
class journal {
 public:
  void note(const record_view& record, step what, std::size_t events = 0);
  [[nodiscard]] std::vector<attempt_note> notes() const;

  /// How often this happened to a record.
  [[nodiscard]] std::size_t count(step what, const topic_partition& tp, offset_id offset) const;
  /// How often this happened to any record.
  [[nodiscard]] std::size_t count(step what) const;
  /// How often this happened to any record of a tenant.
  [[nodiscard]] std::size_t count_tenant(step what, const std::string& tenant) const;
  /// Whether a handler has succeeded with the record or skipped it.
  [[nodiscard]] bool handled(const topic_partition& tp, offset_id offset) const;
  /// Events that its successful attempt emitted.
  [[nodiscard]] std::size_t events_of(const topic_partition& tp, offset_id offset) const;
  /// Offsets of the attempts that began, in order.
  [[nodiscard]] std::vector<std::int64_t> begun(const topic_partition& tp) const;

  /// Called before a `began` is noted. For one thread only.
  std::function<void(const record_view&)> on_began;

 private:
  mutable std::mutex mutex_;
  std::vector<attempt_note> notes_;
};

/// Header of emitted events that names the record and the number of the event, for example
/// `events[0]/17/0`.
inline constexpr const char* emitted_from = "test-from";

/// The value of that header.
[[nodiscard]] std::string emission_name(const topic_partition& tp, offset_id offset,
                                        std::size_t index);

/// The function with its attempts noted and its events named.
[[nodiscard]] record_function noted(std::shared_ptr<journal> notes, record_function run);

/// An asynchronous handler whose deliveries wait until a test says what becomes of them.
class held_handler final : public async_handler {
 public:
  explicit held_handler(std::shared_ptr<journal> notes) : notes_{std::move(notes)} {}

  void handle(std::span<delivery> batch) override;

  /// What to do at once instead of holding; nothing: hold this one too.
  std::function<std::optional<outcome>(const record_view&)> at_once;

  [[nodiscard]] std::size_t held() const;
  [[nodiscard]] std::size_t biggest_batch() const;
  /// How many calls of `handle` there were.
  [[nodiscard]] std::size_t calls() const;
  /// Offsets that wait, oldest first.
  [[nodiscard]] std::vector<std::int64_t> offsets() const;
  /// Takes the oldest delivery of an offset out; empty if there is none.
  [[nodiscard]] std::optional<delivery> take(std::int64_t offset);
  /// Takes all deliveries out.
  [[nodiscard]] std::vector<delivery> take_all();
  /// Completes the oldest delivery of an offset. False: there is none, or it came too late.
  bool complete(std::int64_t offset, outcome result = outcome::success());
  /// Completes all; the number of outcomes that were taken.
  std::size_t complete_all(const outcome& result = outcome::success());
  /// Gives a delivery its outcome, and notes it.
  bool finish(delivery& d, outcome result);

 private:
  std::shared_ptr<journal> notes_;
  mutable std::mutex mutex_;
  std::vector<delivery> held_;
  std::size_t biggest_batch_ = 0;
  std::size_t calls_ = 0;
};

} // namespace streamer::test

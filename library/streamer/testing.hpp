#pragma once

/// @file
/// Calls a handler without a broker, for tests of handlers.

#include "messages/handler.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <semaphore>
#include <string>
#include <utility>
#include <vector>

namespace streamer::testing {

/// A record to call a handler with. An absent key or value is null.
struct sample {
  std::optional<std::string> key;         ///< absent: null
  std::optional<std::string> value;       ///< absent: null
  std::vector<owned_header> headers = {}; ///< in order
  std::string tenant = "default";         ///< as `tenants.from` would find it
  std::uint32_t attempt = 1;              ///< from 1
  std::string topic = "events";           ///< its topic
  std::int32_t partition = 0;             ///< from 0
  std::int64_t offset = 0;                ///< from 0
  std::int64_t timestamp_ms = -1;         ///< ms since 1970
};

/// What the handler made of it.
struct verdict {
  /// Success, skip, retry or reject.
  outcome given;
  /// What a worker would send: empty unless the outcome is success.
  std::vector<outbound_event> sent;
};

/// The record that a handler would see.
[[nodiscard]] inline record_ref record_of(const sample& with) {
  const auto bytes = [](const std::optional<std::string>& text) {
    return text ? bytes_ref{text->data(), text->size()} : bytes_ref{};
  };
  record fields;
  fields.offset = offset_id{with.offset};
  fields.timestamp_ms = with.timestamp_ms;
  fields.kind = timestamp_kind::create_time;
  fields.key = bytes(with.key);
  fields.value = bytes(with.value);
  return {std::make_shared<detached_records>(with.topic, partition_id{with.partition}, fields,
                                             with.headers),
          0};
}

/// Calls `handler` as a worker does: an exception that escapes is retry, a `permanent_error` is
/// reject, and what was emitted counts only with success.
[[nodiscard]] inline verdict call(const record_function& handler, const sample& with) {
  const auto stored = record_of(with);
  emitter out;
  verdict result;
  result.given = call_guarded(handler, record_view{stored, with.tenant, with.attempt}, out);
  if (result.given.kind == outcome_kind::success) {
    result.sent = std::move(out.events());
  }
  return result;
}

/// Calls an asynchronous handler with one batch and waits for its outcomes, in the batch's order. A
/// record without one when `patience` is over is fenced, as by a worker's timeout: retry.
[[nodiscard]] inline std::vector<verdict> call(
    async_handler& handler, const std::vector<sample>& batch,
    std::chrono::milliseconds patience = std::chrono::seconds{10}) {
  // Handlers may come back late: what they touch then lives as long as they hold it.
  const auto done = std::make_shared<std::counting_semaphore<>>(0);
  const auto queue = std::make_shared<completion_queue>([done] { done->release(); });
  const auto counters = std::make_shared<fence_counters>();
  std::vector<std::shared_ptr<attempt>> attempts;
  std::vector<delivery> deliveries;
  for (const auto& one : batch) {
    attempts.push_back(std::make_shared<attempt>(record_of(one),
                                                 std::make_shared<const std::string>(one.tenant),
                                                 one.attempt, attempts.size(), queue, counters));
    deliveries.emplace_back(attempts.back());
  }
  std::vector<verdict> verdicts(batch.size());
  for (auto& one : verdicts) {
    one.given = {outcome_kind::retry, failure_class::timeout, "no outcome", {}};
  }
  handler.handle(deliveries);
  deliveries.clear();
  const auto deadline = std::chrono::steady_clock::now() + patience;
  for (std::size_t ended = 0; ended < batch.size() && done->try_acquire_until(deadline);) {
    for (const auto& one : queue->take()) {
      auto& told = verdicts[static_cast<std::size_t>(one->token())];
      told.given = one->result();
      if (told.given.kind == outcome_kind::success) told.sent = std::move(one->events());
      ++ended;
    }
  }
  for (const auto& one : attempts) {
    one->fence();
  }
  return verdicts;
}

} // namespace streamer::testing

#pragma once

/// @file
/// Calls a handler without a broker, for tests of handlers.

#include "messages/handler.hpp"

#include <cstdint>
#include <memory>
#include <optional>
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

/// Calls `handler` as a worker does: an exception that escapes is retry, a `permanent_error` is
/// reject, and what was emitted counts only with success.
[[nodiscard]] inline verdict call(const record_function& handler, const sample& with) {
  const auto bytes = [](const std::optional<std::string>& text) {
    return text ? bytes_ref{text->data(), text->size()} : bytes_ref{};
  };
  record fields;
  fields.offset = offset_id{with.offset};
  fields.timestamp_ms = with.timestamp_ms;
  fields.kind = timestamp_kind::create_time;
  fields.key = bytes(with.key);
  fields.value = bytes(with.value);
  const record_ref stored{std::make_shared<detached_record>(
                              with.topic, partition_id{with.partition}, fields, with.headers),
                          0};
  emitter out;
  verdict result;
  result.given = call_guarded(handler, record_view{stored, with.tenant, with.attempt}, out);
  if (result.given.kind == outcome_kind::success) {
    result.sent = std::move(out.events());
  }
  return result;
}

} // namespace streamer::testing

// A dead letter as it lies in a DLQ topic.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "actors/dlq/dead_letter_record.hpp"
#include "messages/record.hpp"
#include "tools/dlq/dead_letter.hpp"

namespace streamer::tools::fixture {

inline owned_header header(std::string_view name, std::string value) {
  return {std::string{name}, std::move(value)};
}

inline record_ref stored(std::vector<owned_header> headers, std::optional<std::string> key = "k",
                         std::optional<std::string> value = "v") {
  record fields;
  fields.offset = offset_id{42};
  fields.timestamp_ms = 1000;
  if (key) fields.key = bytes_ref{*key};
  if (value) fields.value = bytes_ref{*value};
  return {
      std::make_shared<detached_records>("events.dlq", partition_id{2}, fields, std::move(headers)),
      0};
}

/// The record as the worker of group `workers` dead-letters it.
inline record_ref dead_lettered(const record_ref& original, const dialect_set& dialects = {},
                                dead_letter_reason reason = dead_letter_reason::timeout) {
  dead_letter_facts facts;
  facts.reason = reason;
  facts.tenant = "acme";
  facts.group = "workers";
  facts.attempts = 3;
  facts.message = "too slow";
  const auto event = make_dead_letter(original, facts, "events.dlq", 8192, dialects);
  record fields = original.get();
  fields.offset = offset_id{42};
  return {std::make_shared<detached_records>("events.dlq", partition_id{2}, fields, event.headers),
          0};
}

inline record_ref original(std::vector<owned_header> headers = {}) {
  record fields;
  fields.offset = offset_id{1'234};
  fields.timestamp_ms = 1'000;
  fields.kind = timestamp_kind::create_time;
  fields.key = bytes_ref{std::string_view{"k\0k", 3}};
  fields.value = bytes_ref{std::string_view{"\xff\xfe", 2}};
  return {std::make_shared<detached_records>("events", partition_id{7}, fields, std::move(headers)),
          0};
}

} // namespace streamer::tools::fixture

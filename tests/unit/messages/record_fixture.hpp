#pragma once

#include "messages/record.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace streamer::fixture {

/// A record to be built: null key and value unless they are given.
struct record_parts {
  std::string topic = "orders";
  std::int32_t partition = 0;
  std::int64_t offset = 0;
  std::optional<std::string> key = std::nullopt;
  std::optional<std::string> value = std::nullopt;
  std::vector<owned_header> headers = {};
  std::int64_t timestamp_ms = -1;
  timestamp_kind kind = timestamp_kind::not_available;
};

/// One record in a batch of its own.
inline record_ref make_record(const record_parts& parts) {
  const auto bytes = [](const std::optional<std::string>& text) {
    return text ? bytes_ref{text->data(), text->size()} : bytes_ref{};
  };
  record fields;
  fields.offset = offset_id{parts.offset};
  fields.timestamp_ms = parts.timestamp_ms;
  fields.kind = parts.kind;
  fields.key = bytes(parts.key);
  fields.value = bytes(parts.value);
  return {std::make_shared<detached_records>(parts.topic, partition_id{parts.partition}, fields,
                                             parts.headers),
          0};
}

/// A header with a value.
inline owned_header header(std::string name, std::string value) {
  return {std::move(name), std::move(value), false};
}

/// A header whose value is null.
inline owned_header null_header(std::string name) { return {std::move(name), {}, true}; }

} // namespace streamer::fixture

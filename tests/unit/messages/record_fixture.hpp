#pragma once

#include "messages/record.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
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

/// A batch as a client library gives it: views into memory of its own, `count` records. Record i
/// has offset 100 + i, key `key-i`, value `value-i` (made up to `value_bytes` with `x`), and a
/// header `n` with its key; those with even numbers have a second header, without a value.
class borrowed_batch final : public record_batch {
 public:
  explicit borrowed_batch(std::size_t count, std::size_t value_bytes = 0) {
    topic_ = "orders";
    lane_ = "orders.redrive";
    partition_ = partition_id{5};
    for (std::size_t i = 0; i < count; ++i) {
      memory_.push_back("key-" + std::to_string(i));
      auto& value = memory_.emplace_back("value-" + std::to_string(i));
      value.resize(std::max(value.size(), value_bytes), 'x');
    }
    for (std::size_t i = 0; i < count; ++i) {
      record r;
      r.offset = offset_id{100 + static_cast<std::int64_t>(i)};
      r.key = bytes_ref{std::string_view{memory_[2 * i]}};
      r.value = bytes_ref{std::string_view{memory_[2 * i + 1]}};
      r.timestamp_ms = 1'700'000'000'000 + static_cast<std::int64_t>(i);
      r.kind = timestamp_kind::log_append_time;
      r.leader_epoch = 9;
      r.native = this;
      records_.push_back(r);
    }
  }
  [[nodiscard]] bytes_ref last_header(std::size_t index, const char* name) const override {
    return std::string_view{name} == "n" ? bytes_ref{std::string_view{memory_[2 * index]}}
                                         : bytes_ref{};
  }
  [[nodiscard]] std::vector<header_ref> headers(std::size_t index) const override {
    std::vector<header_ref> all{{"n", last_header(index, "n")}};
    if (index % 2 == 0) {
      all.push_back({"empty", {}});
    }
    return all;
  }

 private:
  std::vector<std::string> memory_;
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

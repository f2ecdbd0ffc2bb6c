// Records in memory, as a Kafka client would hand them over.
#pragma once

#include "messages/record.hpp"

#include <algorithm>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace streamer::test {

/// What a test says of one record; an absent key or value is null.
struct record_spec {
  std::optional<std::string> key;
  std::optional<std::string> value = std::string{};
  std::vector<owned_header> headers = {};
  std::int64_t timestamp_ms = -1;
  /// Told of every header that is looked up by name.
  std::function<void(std::string_view)> on_lookup = {};
};

/// A record with its place in the log.
struct stored_record {
  offset_id offset;
  record_spec spec;
};

/// A batch with bytes of its own.
class memory_batch final : public record_batch {
 public:
  memory_batch(const topic_partition& tp, std::vector<stored_record> stored)
      : stored_{std::move(stored)} {
    topic_ = tp.topic;
    partition_ = tp.partition;
    for (const auto& s : stored_) {
      record r;
      r.offset = s.offset;
      r.timestamp_ms = s.spec.timestamp_ms;
      r.key = bytes_of(s.spec.key);
      r.value = bytes_of(s.spec.value);
      r.kind = timestamp_kind::create_time;
      records_.push_back(r);
    }
  }

  [[nodiscard]] bytes_ref last_header(std::size_t index, const char* name) const override {
    const auto& all = stored_.at(index).spec.headers;
    if (stored_.at(index).spec.on_lookup) {
      stored_.at(index).spec.on_lookup(name);
    }
    const auto found =
        std::find_if(all.rbegin(), all.rend(), [&](const auto& h) { return h.name == name; });
    return found == all.rend() ? bytes_ref{} : value_of(*found);
  }

  [[nodiscard]] std::vector<header_ref> headers(std::size_t index) const override {
    std::vector<header_ref> all;
    for (const auto& h : stored_.at(index).spec.headers) {
      all.push_back({h.name, value_of(h)});
    }
    return all;
  }

 private:
  static bytes_ref bytes_of(const std::optional<std::string>& text) {
    return text ? bytes_ref{text->data(), text->size()} : bytes_ref{};
  }
  static bytes_ref value_of(const owned_header& h) {
    return h.value_is_null ? bytes_ref{} : bytes_ref{h.value.data(), h.value.size()};
  }

  std::vector<stored_record> stored_;
};

} // namespace streamer::test

#include "runtime/kafka/kafka_batch.hpp"

#include <cstdint>
#include <utility>

namespace streamer {
namespace {

timestamp_kind kind_of(rd_kafka_timestamp_type_t type) {
  switch (type) {
    case RD_KAFKA_TIMESTAMP_CREATE_TIME: return timestamp_kind::create_time;
    case RD_KAFKA_TIMESTAMP_LOG_APPEND_TIME: return timestamp_kind::log_append_time;
    case RD_KAFKA_TIMESTAMP_NOT_AVAILABLE: break;
  }
  return timestamp_kind::not_available;
}

rd_kafka_message_t* message_of(const record& r) {
  return static_cast<rd_kafka_message_t*>(r.native);
}

} // namespace

kafka_batch::kafka_batch(std::shared_ptr<const void> client, const std::string& topic,
                         partition_id partition, const std::string& lane_source)
    : client_{std::move(client)} {
  topic_ = lane_source.empty() ? topic : lane_source;
  lane_ = lane_source.empty() ? std::string{} : topic;
  partition_ = partition;
}

kafka_batch::~kafka_batch() {
  for (std::size_t i = 0; i < records_.size(); ++i) {
    if (i + prefetch_distance < records_.size()) {
      prefetch(records_[i + prefetch_distance]);
    }
    rd_kafka_message_destroy(message_of(records_[i]));
  }
}

void kafka_batch::reserve(std::size_t more) { records_.reserve(records_.size() + more); }

void kafka_batch::add(rd_kafka_message_t& message) {
  rd_kafka_timestamp_type_t type = RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;
  auto& r = records_.emplace_back();
  r.timestamp_ms = rd_kafka_message_timestamp(&message, &type);
  r.offset = offset_id{message.offset};
  r.key = bytes_ref{message.key, message.key_len};
  r.value = bytes_ref{message.payload, message.len};
  r.leader_epoch = rd_kafka_message_leader_epoch(&message);
  r.kind = kind_of(type);
  r.native = &message;
  charged_ += static_cast<std::int64_t>(message.key_len + message.len + bookkeeping_bytes);
}

bool kafka_batch::follow(batch_extent& extent) const {
  bool too_large = false;
  for (const auto& r : records_) {
    const auto first = r.key.is_null() ? r.value.view() : r.key.view();
    const auto last = r.value.is_null() ? r.key.view() : r.value.view();
    extent.note(reinterpret_cast<std::uintptr_t>(first.data()),
                reinterpret_cast<std::uintptr_t>(last.data()) + last.size());
    too_large = extent.grew_too_large() || too_large;
  }
  return too_large;
}

// The library parses headers when they are first asked for and keeps the result in the message. A
// late attempt may still read those of a record that is being copied. At intake, where the headers
// of every record are looked at, nobody else has the batch yet.
rd_kafka_headers_t* kafka_batch::parsed_headers(std::size_t index) const {
  std::unique_lock lock{parsing_, std::defer_lock};
  if (shared_) {
    lock.lock();
  }
  rd_kafka_headers_t* parsed = nullptr;
  return rd_kafka_message_headers(message_of(records_[index]), &parsed) ==
                 RD_KAFKA_RESP_ERR_NO_ERROR
             ? parsed
             : nullptr;
}

bytes_ref kafka_batch::last_header(std::size_t index, const char* name) const {
  const auto* parsed = parsed_headers(index);
  const void* value = nullptr;
  std::size_t size = 0;
  if (parsed == nullptr ||
      rd_kafka_header_get_last(parsed, name, &value, &size) != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return {};
  }
  return {value, size};
}

std::vector<header_ref> kafka_batch::headers(std::size_t index) const {
  std::vector<header_ref> all;
  const auto* parsed = parsed_headers(index);
  if (parsed == nullptr) {
    return all;
  }
  all.reserve(rd_kafka_header_cnt(parsed));
  const char* name = nullptr;
  const void* value = nullptr;
  std::size_t size = 0;
  while (rd_kafka_header_get_all(parsed, all.size(), &name, &value, &size) ==
         RD_KAFKA_RESP_ERR_NO_ERROR) {
    all.push_back({name, bytes_ref{value, size}});
  }
  return all;
}

void kafka_batch::share() const {
  if (!shared_) { // of a batch that is taken in part by part, the first parts are being read
    shared_ = true;
  }
}

void kafka_batch::forget_headers(std::size_t index) const {
  rd_kafka_headers_t* parsed = nullptr;
  if (rd_kafka_message_detach_headers(message_of(records_[index]), &parsed) ==
      RD_KAFKA_RESP_ERR_NO_ERROR) {
    rd_kafka_headers_destroy(parsed);
  }
}

} // namespace streamer

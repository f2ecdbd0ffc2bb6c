#pragma once

#include "messages/ids.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace streamer {

/// Bytes that may be absent: Kafka tells a null key or value from an empty one.
/// A view; whoever hands it out says how long it lives.
class bytes_ref {
 public:
  constexpr bytes_ref() = default;
  /// These bytes; null if `data` is.
  constexpr bytes_ref(const void* data, std::size_t size)
      : data_{static_cast<const char*>(data)}, size_{size} {}
  /// The bytes of a text.
  constexpr explicit bytes_ref(std::string_view text) : data_{text.data()}, size_{text.size()} {}
  /// Absent, not empty.
  [[nodiscard]] constexpr bool is_null() const { return data_ == nullptr; }
  /// In bytes; 0 for null.
  [[nodiscard]] constexpr std::size_t size() const { return size_; }
  /// The bytes; empty for null.
  [[nodiscard]] constexpr std::string_view view() const {
    return data_ == nullptr ? std::string_view{} : std::string_view{data_, size_};
  }

 private:
  const char* data_ = nullptr;
  std::size_t size_ = 0;
};

/// One header of a record. Names may repeat; values may be null.
struct header_ref {
  std::string_view name; ///< may repeat
  bytes_ref value;       ///< may be null
};

/// What a record's timestamp means (Kafka's message.timestamp.type).
enum class timestamp_kind : std::uint8_t { not_available, create_time, log_append_time };

/// One record as received. A view into its `record_batch`.
struct record {
  offset_id offset;               ///< in its partition
  std::int64_t timestamp_ms = -1; ///< ms since 1970, may be -1, wrong or in the future
  bytes_ref key;                  ///< may be null
  bytes_ref value;                ///< null: a tombstone
  std::int32_t leader_epoch = -1; ///< -1: unknown
  timestamp_kind kind = timestamp_kind::not_available; ///< what timestamp_ms means
  void* native = nullptr; ///< the client library's message, for the batch's own use
};

/// How many records ahead to prefetch: times the work on one it should exceed a memory access.
inline constexpr std::size_t prefetch_distance = 4;
/// In bytes, as processors of servers have it.
inline constexpr std::size_t cache_line = 64;

/// Begins to bring a value into the cache, as much as a small one has.
inline void prefetch_value(const record& r) noexcept {
  const auto value = r.value.view();
  for (std::size_t at = 0; at < value.size() && at < 4 * cache_line; at += cache_line) {
    __builtin_prefetch(value.data() + at);
  }
}

/// Begins to bring what is read of a record at intake into the cache. It was written by another
/// thread, perhaps long ago: a loop over records would spend most of its time waiting for them.
inline void prefetch(const record& r) noexcept {
  if (const auto* const native = static_cast<const char*>(r.native); native != nullptr) {
    __builtin_prefetch(native);
    __builtin_prefetch(native + cache_line);
    __builtin_prefetch(native + 2 * cache_line);
  }
  __builtin_prefetch(r.key.view().data());
  // Kafka writes the headers behind the value.
  const auto value = r.value.view();
  __builtin_prefetch(value.data() + value.size());
}

/// Records of one partition as one poll returned them, in offset order. Keeps the fetched memory
/// alive until its last holder lets go. Immutable, except that headers are parsed when they are
/// first asked for; from `share` on any thread may ask.
class record_batch {
 public:
  record_batch() = default;
  record_batch(const record_batch&) = delete;
  record_batch& operator=(const record_batch&) = delete;
  virtual ~record_batch() = default;

  /// The topic that the records count as: for handlers, tenants and the DLQ. That of a redrive
  /// lane's records is the topic which the lane serves.
  [[nodiscard]] const std::string& topic() const { return topic_; }
  /// The topic that they lie in, where `partition` and the offsets are.
  [[nodiscard]] const std::string& stored_topic() const { return from_lane() ? lane_ : topic_; }
  /// They come from a redrive lane.
  [[nodiscard]] bool from_lane() const { return !lane_.empty(); }
  [[nodiscard]] partition_id partition() const { return partition_; }
  [[nodiscard]] std::span<const record> records() const { return records_; }
  /// Approximate memory in bytes that record `index` accounts for: key, value and bookkeeping.
  [[nodiscard]] std::size_t charged_bytes(std::size_t index) const {
    const auto& r = records_[index];
    return r.key.size() + r.value.size() + bookkeeping_bytes;
  }

  /// The last header called `name`; null if there is none or its value is null.
  [[nodiscard]] virtual bytes_ref last_header(std::size_t index, const char* name) const = 0;
  /// All headers, in order, duplicates included. Views valid as long as the batch.
  [[nodiscard]] virtual std::vector<header_ref> headers(std::size_t index) const = 0;
  /// Lets go of what is kept of a record's parsed headers, which no credit accounts for: views of
  /// them end. They are parsed again when they are asked for again. Only
  /// before the record is handed out.
  virtual void forget_headers(std::size_t) const {}
  /// Says, before a record of it is handed out, that from now on several threads may read it. Again
  /// it says nothing.
  virtual void share() const {}

  /// Measured overhead of a queued message in librdkafka.
  static constexpr std::size_t bookkeeping_bytes = 290;

 protected:
  std::string topic_;
  std::string lane_; ///< name of the redrive lane; empty: no lane
  partition_id partition_;
  std::vector<record> records_;
};

/// A batch that its records keep alive.
using record_batch_ptr = std::shared_ptr<const record_batch>;

/// One record and what keeps it alive.
struct record_ref {
  /// Keeps its bytes alive.
  record_batch_ptr batch;
  /// In the batch.
  std::uint32_t index = 0;
  /// The record.
  [[nodiscard]] const record& get() const { return batch->records()[index]; }
  /// All.
  [[nodiscard]] std::vector<header_ref> headers() const { return batch->headers(index); }
  /// The last one of this name; null: none.
  [[nodiscard]] bytes_ref header(const char* name) const { return batch->last_header(index, name); }
};

/// A header with bytes of its own; `value` is absent for a null value.
struct owned_header {
  std::string name;           ///< may repeat
  std::string value;          ///< of its own
  bool value_is_null = false; ///< null, not empty
  friend bool operator==(const owned_header&, const owned_header&) = default;
};

/// Records with bytes of their own. What waits long is detached, so that it does not hold a whole
/// fetch response. Immutable, headers included: any thread at any time.
class detached_records final : public record_batch {
 public:
  /// Copies the records `indexes` of a batch, in this order.
  detached_records(const record_batch& source, std::span<const std::uint32_t> indexes);
  /// Builds one record from parts (tests, and readers of stored records). `lane`: the redrive lane
  /// that it lies in, if any.
  detached_records(std::string topic, partition_id partition, record fields,
                   const std::vector<owned_header>& headers, std::string lane = {});

  [[nodiscard]] bytes_ref last_header(std::size_t index, const char* name) const override;
  [[nodiscard]] std::vector<header_ref> headers(std::size_t index) const override;

 private:
  [[nodiscard]] std::span<const header_ref> headers_of(std::size_t index) const;
  void add(const record& fields, std::span<const header_ref> headers);

  std::string bytes_; ///< of keys, values and headers; never grows beyond what is reserved
  std::vector<header_ref> headers_;         ///< of all records
  std::vector<std::size_t> headers_before_; ///< by record: how many are of earlier ones
};

/// The same record with bytes of its own.
[[nodiscard]] record_ref detach(const record_ref& source);

} // namespace streamer

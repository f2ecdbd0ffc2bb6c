// Received records as the client library holds them. Internal to runtime/kafka.
#pragma once

#include "messages/record.hpp"
#include "runtime/kafka/batch_extent.hpp"
#include "runtime/kafka/handles.hpp"

#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>

namespace streamer {

/// Records of one partition from one poll. Owns the library's messages and destroys them, on
/// whichever thread lets go last. Keeps the client alive that they belong to: a client cannot be
/// destroyed while it has messages outstanding.
class kafka_batch final : public record_batch {
 public:
  /// `lane_source`: of a redrive lane, the topic that it serves; empty: `topic` is no lane.
  kafka_batch(std::shared_ptr<const void> client, const std::string& topic, partition_id partition,
              const std::string& lane_source = {});
  ~kafka_batch() override;

  /// Makes room for `more` further records.
  void reserve(std::size_t more);
  /// Takes over one message without an error; offsets must rise.
  void add(rd_kafka_message_t& message);

  /// Shows the records to the partition's `extent`; whether one of Kafka's batches was found to be
  /// too large.
  bool follow(batch_extent& extent) const;

  /// Memory that all records account for, in bytes.
  [[nodiscard]] std::int64_t charged() const { return charged_; }

  [[nodiscard]] bytes_ref last_header(std::size_t index, const char* name) const override;
  [[nodiscard]] std::vector<header_ref> headers(std::size_t index) const override;
  void forget_headers(std::size_t index) const override;
  void share() const override;

 private:
  [[nodiscard]] rd_kafka_headers_t* parsed_headers(std::size_t index) const;

  mutable bool shared_ = false; ///< written once, before the batch's first reader hands it out
  mutable std::mutex parsing_;
  std::shared_ptr<const void> client_;
  std::int64_t charged_ = 0;
};

} // namespace streamer

#pragma once

#include "actors/dlq/header_dialects.hpp"
#include "messages/event.hpp"
#include "messages/ids.hpp"
#include "messages/outcome.hpp"
#include "messages/record.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace streamer {

/// What is known of a record that goes to the DLQ, beside the record itself.
struct dead_letter_facts {
  dead_letter_reason reason = dead_letter_reason::handler_rejected;
  std::string_view tenant;
  std::string_view group;
  std::uint32_t attempts = 0;
  std::int64_t first_failed_ms = 0; ///< ms since 1970
  std::string_view message;         ///< untrusted
  std::string_view exception;
};

/// Header names of the `dlq` dialect (KIP-1191) and streamer's own.
namespace dlq_header {
inline constexpr std::string_view topic = "__dlq.errors.topic";
inline constexpr std::string_view partition = "__dlq.errors.partition";
inline constexpr std::string_view offset = "__dlq.errors.offset";
inline constexpr std::string_view group = "__dlq.errors.group";
inline constexpr std::string_view delivery_count = "__dlq.errors.delivery.count";
inline constexpr std::string_view message = "__dlq.errors.message";
inline constexpr std::string_view reason = "streamer.dlq.reason";
inline constexpr std::string_view exception = "streamer.dlq.exception";
inline constexpr std::string_view tenant = "streamer.tenant";
inline constexpr std::string_view first_failed_at = "streamer.first-failed-at";
inline constexpr std::string_view original_timestamp = "streamer.original-timestamp";
inline constexpr std::string_view original_timestamp_type = "streamer.original-timestamp-type";
inline constexpr std::string_view redrive_count = "streamer.redrive-count";
/// On records of a redrive lane alone: see origin_of.
inline constexpr std::string_view redriven_from = "streamer.redriven-from";
} // namespace dlq_header

/// Name of the DLQ topic of a source topic: `{topic}` in the pattern is replaced.
[[nodiscard]] std::string dlq_topic_for(std::string_view pattern, std::string_view topic);

/// Whether a header is one that this program adds to dead letters, with these dialects on.
[[nodiscard]] bool is_error_header(std::string_view name, const dialect_set& dialects);

/// The count in `streamer.redrive-count`; 0 where there is none. Anybody can write that header.
[[nodiscard]] std::uint32_t redrive_count_of(const record_ref& record);

/// The record as it is written to the DLQ: key, value and headers byte for byte,
/// save this program's earlier error headers, which are replaced and never
/// stacked; partition = source partition modulo the DLQ's count; timestamp = now.
/// Added text is cut so that all that is added stays within `max_header_bytes`.
/// A record of a redrive lane is told by where it was before (`origin_of`).
[[nodiscard]] outbound_event make_dead_letter(const record_ref& record,
                                              const dead_letter_facts& facts, std::string topic,
                                              std::size_t max_header_bytes,
                                              const dialect_set& dialects = {});

/// The same without the original's key, value and headers, for a record that the
/// DLQ refuses for its size: where to find it, and why (`too_large`).
[[nodiscard]] outbound_event make_pointer_record(const record_ref& record, dead_letter_facts facts,
                                                 std::string topic, std::size_t max_header_bytes,
                                                 const dialect_set& dialects = {});

} // namespace streamer

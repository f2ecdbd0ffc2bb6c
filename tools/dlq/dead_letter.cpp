#include "tools/dlq/dead_letter.hpp"

#include <string_view>

#include "actors/dlq/dead_letter_record.hpp"
#include "tools/text/numbers.hpp"

namespace streamer::tools {
namespace {

std::string text_of(const record_ref& record, std::string_view name) {
  return std::string{record.header(std::string{name}.c_str()).view()};
}

std::optional<std::int64_t> number_of(const record_ref& record, std::string_view name) {
  return parse_number(text_of(record, name));
}

void read_own(dead_letter& letter, const record_ref& record) {
  letter.reason = text_of(record, dlq_header::reason);
  letter.tenant = text_of(record, dlq_header::tenant);
  letter.source_topic = text_of(record, dlq_header::topic);
  if (const auto partition = number_of(record, dlq_header::partition);
      partition && *partition <= INT32_MAX) {
    letter.source_partition = static_cast<std::int32_t>(*partition);
  }
  letter.source_offset = number_of(record, dlq_header::offset);
  letter.group = text_of(record, dlq_header::group);
  letter.attempts = number_of(record, dlq_header::delivery_count);
  letter.message = text_of(record, dlq_header::message);
  letter.exception = text_of(record, dlq_header::exception);
  letter.first_failed_at = text_of(record, dlq_header::first_failed_at);
  letter.original_timestamp_ms = number_of(record, dlq_header::original_timestamp).value_or(-1);
  letter.original_timestamp_kind =
      timestamp_kind_of(text_of(record, dlq_header::original_timestamp_type));
  if (!letter.source_topic.empty() || !letter.reason.empty()) {
    letter.dialect = header_dialect::dlq;
  }
}

/// Fills what is still empty: a dead letter may speak several dialects.
void read_other(dead_letter& letter, header_dialect dialect, dialect_facts facts) {
  if (!letter.dialect) letter.dialect = dialect;
  if (letter.source_topic.empty() && facts.place) {
    auto& place = *facts.place;
    letter.source_topic = std::move(place.tp.topic);
    if (place.tp.partition.value() >= 0) letter.source_partition = place.tp.partition.value();
    if (place.offset.value() >= 0) letter.source_offset = place.offset.value();
    if (letter.original_timestamp_ms < 0) {
      letter.original_timestamp_ms = place.timestamp_ms;
      letter.original_timestamp_kind = place.kind;
    }
  }
  const auto fill = [](std::string& into, std::string& from) {
    if (into.empty()) into = std::move(from);
  };
  fill(letter.group, facts.group);
  fill(letter.exception, facts.exception);
  fill(letter.message, facts.message);
}

} // namespace

dead_letter read_dead_letter(const record_ref& record) {
  dead_letter letter;
  letter.at = {record.batch->topic(), record.batch->partition()};
  letter.offset = record.get().offset;
  letter.timestamp_ms = record.get().timestamp_ms;
  letter.redrive_count = redrive_count_of(record);
  read_own(letter, record);
  // A dead letter of this program in another dialect alone has no place of its own words.
  if (!letter.source_topic.empty()) return letter;
  for (const auto dialect :
       {header_dialect::streams, header_dialect::spring, header_dialect::connect}) {
    if (auto facts = read_dialect(record, dialect)) {
      read_other(letter, dialect, std::move(*facts));
      break;
    }
  }
  return letter;
}

std::optional<record_origin> dead_letter::place() const {
  if (source_topic.empty() || !source_partition || !source_offset) return std::nullopt;
  return record_origin{{source_topic, partition_id{*source_partition}},
                       offset_id{*source_offset},
                       original_timestamp_ms,
                       original_timestamp_kind};
}

std::string source_of(const dead_letter& letter) {
  if (letter.source_topic.empty()) return {};
  auto source = letter.source_topic;
  if (letter.source_partition) source += "[" + std::to_string(*letter.source_partition) + "]";
  if (letter.source_offset) source += "@" + std::to_string(*letter.source_offset);
  return source;
}

bool dlq_filter::takes(const dead_letter& letter, const record_ref& record) const {
  if (tenant && letter.tenant != *tenant) return false;
  if (reason && letter.reason != *reason) return false;
  if (since_ms && letter.timestamp_ms < *since_ms) return false;
  if (error && letter.message.find(*error) == std::string::npos &&
      letter.exception.find(*error) == std::string::npos) {
    return false;
  }
  if (!key) return true;
  const auto own = record.get().key;
  return !own.is_null() && own.view() == *key;
}

} // namespace streamer::tools

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

} // namespace

dead_letter read_dead_letter(const record_ref& record) {
  dead_letter letter;
  letter.at = {record.batch->topic(), record.batch->partition()};
  letter.offset = record.get().offset;
  letter.timestamp_ms = record.get().timestamp_ms;
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
  letter.redrive_count = number_of(record, dlq_header::redrive_count).value_or(0);
  return letter;
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

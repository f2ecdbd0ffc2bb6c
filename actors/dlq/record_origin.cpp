#include "actors/dlq/record_origin.hpp"

#include "actors/dlq/dead_letter_record.hpp"

#include <array>
#include <charconv>

namespace streamer {
namespace {

constexpr std::size_t longest_topic = 249;

template <class Number>
std::optional<Number> number_in(std::string_view text) {
  Number value{};
  const auto* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  return error == std::errc{} && stop == end ? std::optional{value} : std::nullopt;
}

} // namespace

std::string_view name_of(timestamp_kind kind) {
  switch (kind) {
    case timestamp_kind::create_time: return "CreateTime";
    case timestamp_kind::log_append_time: return "LogAppendTime";
    case timestamp_kind::not_available: break;
  }
  return "NoTimestampType";
}

timestamp_kind timestamp_kind_of(std::string_view name) {
  for (const auto kind : {timestamp_kind::create_time, timestamp_kind::log_append_time}) {
    if (name == name_of(kind)) {
      return kind;
    }
  }
  return timestamp_kind::not_available;
}

std::string encode_origin(const record_origin& place) {
  return place.tp.topic + '/' + std::to_string(place.tp.partition.value()) + '/' +
         std::to_string(place.offset.value()) + '/' + std::to_string(place.timestamp_ms) + '/' +
         std::string{name_of(place.kind)};
}

std::optional<record_origin> decode_origin(std::string_view text) {
  std::array<std::string_view, 5> parts;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const auto slash = i + 1 < parts.size() ? text.find('/') : text.size();
    if (slash == text.npos) {
      return std::nullopt;
    }
    parts[i] = text.substr(0, slash);
    text.remove_prefix(std::min(slash + 1, text.size()));
  }
  const auto partition = number_in<std::int32_t>(parts[1]);
  const auto offset = number_in<std::int64_t>(parts[2]);
  const auto timestamp = number_in<std::int64_t>(parts[3]);
  if (parts[0].empty() || parts[0].size() > longest_topic || !partition || *partition < 0 ||
      !offset || *offset < 0 || !timestamp || *timestamp < -1) {
    return std::nullopt;
  }
  return record_origin{{std::string{parts[0]}, partition_id{*partition}},
                       offset_id{*offset},
                       *timestamp,
                       timestamp_kind_of(parts[4])};
}

record_origin origin_of(const record_ref& record) {
  const auto& batch = *record.batch;
  if (batch.from_lane()) {
    auto redriven = decode_origin(record.header(dlq_header::redriven_from.data()).view());
    if (redriven && redriven->tp.topic == batch.topic()) {
      return *redriven;
    }
  }
  const auto& r = record.get();
  return {{batch.stored_topic(), batch.partition()}, r.offset, r.timestamp_ms, r.kind};
}

} // namespace streamer

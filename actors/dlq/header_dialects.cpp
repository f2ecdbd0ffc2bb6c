#include "actors/dlq/header_dialects.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace streamer {
namespace {

using cut_rule = dialect_header::cut_rule;

/// Names of a dialect's headers; empty: it has none for that.
struct dialect_names {
  header_dialect dialect;
  std::string_view in_settings;
  std::string_view prefix; ///< of all names, those that are not written here too
  std::string_view topic;
  std::string_view partition;
  std::string_view offset;
  std::string_view timestamp;
  std::string_view timestamp_type;
  std::string_view group;
  std::string_view exception;
  std::string_view message;
  bool binary_numbers;
};

constexpr std::array dialects{
    dialect_names{header_dialect::dlq, "dlq", "__dlq.errors.", "__dlq.errors.topic",
                  "__dlq.errors.partition", "__dlq.errors.offset", "", "", "__dlq.errors.group", "",
                  "__dlq.errors.message", false},
    dialect_names{header_dialect::streams, "streams", "__streams.errors.", "__streams.errors.topic",
                  "__streams.errors.partition", "__streams.errors.offset", "", "", "",
                  "__streams.errors.exception", "__streams.errors.message", false},
    dialect_names{header_dialect::spring, "spring", "kafka_dlt-", "kafka_dlt-original-topic",
                  "kafka_dlt-original-partition", "kafka_dlt-original-offset",
                  "kafka_dlt-original-timestamp", "kafka_dlt-original-timestamp-type",
                  "kafka_dlt-original-consumer-group", "kafka_dlt-exception-fqcn",
                  "kafka_dlt-exception-message", true},
    dialect_names{header_dialect::connect, "connect", "__connect.errors.", "__connect.errors.topic",
                  "__connect.errors.partition", "__connect.errors.offset", "", "",
                  "__connect.errors.connector.name", "__connect.errors.exception.class.name",
                  "__connect.errors.exception.message", false},
};

// Spring's own wrapper is the exception there; what was thrown is its cause.
constexpr std::string_view spring_cause = "kafka_dlt-exception-cause-fqcn";
// Connect says in which of its stages a record failed: for a handler that is the task's put.
constexpr std::string_view connect_stage = "__connect.errors.stage";

const dialect_names& names_of(header_dialect dialect) {
  return *std::ranges::find(dialects, dialect, &dialect_names::dialect);
}

template <class Number>
std::string big_endian(Number number) {
  std::string bytes(sizeof(Number), '\0');
  auto rest = static_cast<std::uint64_t>(number);
  for (auto at = bytes.rbegin(); at != bytes.rend(); ++at) {
    *at = static_cast<char>(rest & 255U);
    rest >>= 8U;
  }
  return bytes;
}

template <class Number>
std::string number_text(Number number, bool binary) {
  return binary ? big_endian(number) : std::to_string(number);
}

template <class Number>
std::optional<Number> read_number(std::string_view bytes, bool binary) {
  if (!binary) {
    Number value{};
    const auto* const end = bytes.data() + bytes.size();
    const auto [stop, error] = std::from_chars(bytes.data(), end, value);
    return error == std::errc{} && stop == end ? std::optional{value} : std::nullopt;
  }
  if (bytes.size() != sizeof(Number)) {
    return std::nullopt;
  }
  std::uint64_t value = 0;
  for (const char c : bytes) {
    value = value << 8U | static_cast<unsigned char>(c);
  }
  return static_cast<Number>(value);
}

using header_list = std::vector<header_ref>;

std::optional<std::string_view> first_of(const header_list& headers, std::string_view name) {
  const auto found = std::ranges::find(headers, name, &header_ref::name);
  return name.empty() || found == headers.end() ? std::nullopt : std::optional{found->value.view()};
}

std::string text_of(const header_list& headers, std::string_view name) {
  return std::string{first_of(headers, name).value_or("")};
}

std::optional<record_origin> read_place(const header_list& headers, const dialect_names& names) {
  const auto topic = first_of(headers, names.topic);
  if (!topic || topic->empty()) {
    return std::nullopt;
  }
  const bool binary = names.binary_numbers;
  const auto partition =
      read_number<std::int32_t>(first_of(headers, names.partition).value_or(""), binary);
  const auto offset =
      read_number<std::int64_t>(first_of(headers, names.offset).value_or(""), binary);
  const auto timestamp =
      read_number<std::int64_t>(first_of(headers, names.timestamp).value_or(""), binary);
  return record_origin{{std::string{*topic}, partition_id{partition.value_or(-1)}},
                       offset_id{offset.value_or(-1)},
                       timestamp.value_or(-1),
                       timestamp_kind_of(first_of(headers, names.timestamp_type).value_or(""))};
}

} // namespace

std::string_view to_string(header_dialect dialect) { return names_of(dialect).in_settings; }

bool dialect_set::has(header_dialect dialect) const {
  switch (dialect) {
    case header_dialect::dlq: return dlq;
    case header_dialect::streams: return streams;
    case header_dialect::spring: return spring;
    case header_dialect::connect: return connect;
  }
  return false;
}

dialect_set dialects_named(const std::vector<std::string>& names) {
  const auto named = [&](header_dialect dialect) {
    return std::ranges::find(names, to_string(dialect)) != names.end();
  };
  return {named(header_dialect::dlq), named(header_dialect::streams), named(header_dialect::spring),
          named(header_dialect::connect)};
}

std::vector<dialect_header> write_dialect(header_dialect dialect, const dialect_facts& facts) {
  const auto& names = names_of(dialect);
  const auto& place = *facts.place;
  const bool binary = names.binary_numbers;
  std::vector<dialect_header> headers;
  const auto add = [&](std::string_view name, std::string value, cut_rule cut) {
    if (!name.empty()) {
      headers.push_back({name, std::move(value), cut});
    }
  };
  add(names.topic, place.tp.topic, cut_rule::whole);
  add(names.partition, number_text(place.tp.partition.value(), binary), cut_rule::whole);
  add(names.offset, number_text(place.offset.value(), binary), cut_rule::whole);
  add(names.timestamp, number_text(place.timestamp_ms, binary), cut_rule::whole);
  add(names.timestamp_type, std::string{name_of(place.kind)}, cut_rule::whole);
  if (dialect == header_dialect::connect) {
    add(connect_stage, "TASK_PUT", cut_rule::whole);
  }
  add(names.group, facts.group, cut_rule::name);
  add(names.exception, facts.exception, cut_rule::name);
  add(names.message, facts.message, cut_rule::message);
  return headers;
}

bool is_of_dialect(std::string_view name, header_dialect dialect) {
  return name.starts_with(names_of(dialect).prefix);
}

std::optional<dialect_facts> read_dialect(const record_ref& record, header_dialect dialect) {
  const auto headers = record.headers();
  const bool speaks = std::ranges::any_of(
      headers, [&](const header_ref& header) { return is_of_dialect(header.name, dialect); });
  if (!speaks) {
    return std::nullopt;
  }
  const auto& names = names_of(dialect);
  auto exception = text_of(headers, names.exception);
  if (auto cause = text_of(headers, spring_cause);
      dialect == header_dialect::spring && !cause.empty()) {
    exception = std::move(cause);
  }
  return dialect_facts{read_place(headers, names), text_of(headers, names.group),
                       std::move(exception), text_of(headers, names.message)};
}

} // namespace streamer

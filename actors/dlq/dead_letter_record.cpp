#include "actors/dlq/dead_letter_record.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <ctime>

namespace streamer {
namespace {

constexpr std::array own_names{dlq_header::topic,
                               dlq_header::partition,
                               dlq_header::offset,
                               dlq_header::group,
                               dlq_header::delivery_count,
                               dlq_header::message,
                               dlq_header::reason,
                               dlq_header::exception,
                               dlq_header::tenant,
                               dlq_header::first_failed_at,
                               dlq_header::original_timestamp,
                               dlq_header::original_timestamp_type,
                               dlq_header::redrive_count};

bool is_own(std::string_view name) {
  return std::find(own_names.begin(), own_names.end(), name) != own_names.end();
}

std::string_view kind_name(timestamp_kind kind) {
  switch (kind) {
    case timestamp_kind::create_time: return "CreateTime";
    case timestamp_kind::log_append_time: return "LogAppendTime";
    case timestamp_kind::not_available: break;
  }
  return "NoTimestampType";
}

// RFC 3339 in UTC with milliseconds.
std::string rfc3339(std::int64_t ms) {
  const auto seconds = static_cast<std::time_t>(ms / 1000);
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  std::array<char, 40> text{};
  const auto length = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &utc);
  auto fraction = std::to_string(ms % 1000 + 1000);
  fraction[0] = '.';
  return std::string{text.data(), length} + fraction + "Z";
}

// Cuts at a character boundary of UTF-8, so that a reader is not left with half a character.
std::string_view cut(std::string_view text, std::size_t limit) {
  if (text.size() <= limit) {
    return text;
  }
  while (limit > 0 && (static_cast<unsigned char>(text[limit]) & 0xC0U) == 0x80U) {
    --limit;
  }
  return text.substr(0, limit);
}

// Anybody can write this header: what is no count must not take the room of the rest.
std::string_view redrive_count_of(const record_ref& record) {
  constexpr std::size_t most_digits = 9;
  const auto text = record.header(dlq_header::redrive_count.data()).view();
  const bool is_count =
      !text.empty() && text.size() <= most_digits &&
      std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
  return is_count ? text : std::string_view{"0"};
}

void add(std::vector<owned_header>& headers, std::string_view name, std::string_view value) {
  headers.push_back({std::string{name}, std::string{value}, false});
}

std::vector<owned_header> error_headers(const record_ref& record, const dead_letter_facts& facts,
                                        std::size_t max_bytes) {
  std::vector<owned_header> h;
  const auto& r = record.get();
  std::size_t used = 0;
  const auto add_capped = [&](std::string_view name, std::string_view value) {
    if (used + name.size() >= max_bytes) {
      return;
    }
    const auto kept = cut(value, max_bytes - used - name.size());
    add(h, name, kept);
    used += name.size() + kept.size();
  };
  // What has a meaning only as a whole is left out where it does not fit.
  const auto add_whole = [&](std::string_view name, std::string_view value) {
    if (used + name.size() + value.size() <= max_bytes) {
      add(h, name, value);
      used += name.size() + value.size();
    }
  };
  add_whole(dlq_header::topic, record.batch->topic());
  add_whole(dlq_header::partition, std::to_string(record.batch->partition().value()));
  add_whole(dlq_header::offset, std::to_string(r.offset.value()));
  add_whole(dlq_header::delivery_count, std::to_string(facts.attempts));
  add_whole(dlq_header::reason, to_string(facts.reason));
  add_whole(dlq_header::first_failed_at, rfc3339(facts.first_failed_ms));
  add_whole(dlq_header::original_timestamp, std::to_string(r.timestamp_ms));
  add_whole(dlq_header::original_timestamp_type, kind_name(r.kind));
  add_whole(dlq_header::redrive_count, redrive_count_of(record));
  // What may be long, or a stranger has a say in, comes last, so that it is what gets cut.
  add_capped(dlq_header::group, facts.group);
  add_capped(dlq_header::tenant, facts.tenant);
  add_capped(dlq_header::exception, facts.exception);
  add_capped(dlq_header::message, facts.message);
  return h;
}

outbound_event addressed(const record_ref& record, std::string topic) {
  outbound_event event;
  event.topic = std::move(topic);
  event.partition_seed = static_cast<std::uint32_t>(record.batch->partition().value());
  return event;
}

} // namespace

std::string dlq_topic_for(std::string_view pattern, std::string_view topic) {
  constexpr std::string_view placeholder = "{topic}";
  std::string name{pattern};
  for (auto at = name.find(placeholder); at != std::string::npos;
       at = name.find(placeholder, at + topic.size())) {
    name.replace(at, placeholder.size(), topic);
  }
  return name;
}

outbound_event make_dead_letter(const record_ref& record, const dead_letter_facts& facts,
                                std::string topic, std::size_t max_header_bytes) {
  auto event = addressed(record, std::move(topic));
  event.keep_alive = record;
  for (const auto& h : record.headers()) {
    if (!is_own(h.name)) {
      event.headers.push_back(
          {std::string{h.name}, std::string{h.value.view()}, h.value.is_null()});
    }
  }
  auto added = error_headers(record, facts, max_header_bytes);
  std::move(added.begin(), added.end(), std::back_inserter(event.headers));
  return event;
}

outbound_event make_pointer_record(const record_ref& record, dead_letter_facts facts,
                                   std::string topic, std::size_t max_header_bytes) {
  auto event = addressed(record, std::move(topic));
  facts.reason = dead_letter_reason::too_large;
  event.headers = error_headers(record, facts, max_header_bytes);
  return event;
}

} // namespace streamer

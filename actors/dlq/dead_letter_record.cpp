#include "actors/dlq/dead_letter_record.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <ctime>
#include <iterator>

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
                               dlq_header::redrive_count,
                               dlq_header::redriven_from};

constexpr std::array others{header_dialect::streams, header_dialect::spring,
                            header_dialect::connect};

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

/// Adds headers within a limit on the bytes of all of them.
class capped_headers {
 public:
  explicit capped_headers(std::size_t most) : most_{most} {}

  /// What has a meaning only as a whole is left out where it does not fit.
  void whole(std::string_view name, std::string_view value) {
    if (used_ + name.size() + value.size() <= most_) {
      add(name, value);
    }
  }
  /// Cuts the text where it does not fit, as one of `sharers` that have the room left between them.
  void capped(std::string_view name, std::string_view value, std::size_t sharers = 1) {
    const auto room = (most_ - used_) / sharers;
    if (name.size() < room) {
      add(name, cut(value, room - name.size()));
    }
  }
  [[nodiscard]] std::vector<owned_header> take() && { return std::move(headers_); }

 private:
  void add(std::string_view name, std::string_view value) {
    headers_.push_back({std::string{name}, std::string{value}, false});
    used_ += name.size() + value.size();
  }

  std::size_t most_;
  std::size_t used_ = 0;
  std::vector<owned_header> headers_;
};

std::vector<dialect_header> headers_of_others(const record_origin& place,
                                              const dead_letter_facts& facts,
                                              const dialect_set& dialects) {
  dialect_facts said;
  said.place = place;
  said.group = facts.group;
  // A rejection has no exception, and readers of these dialects look for a class.
  said.exception = facts.exception.empty() ? to_string(facts.reason) : facts.exception;
  said.message = facts.message;
  std::vector<dialect_header> all;
  for (const auto dialect : others) {
    if (dialects.has(dialect)) {
      auto more = write_dialect(dialect, said);
      std::ranges::move(more, std::back_inserter(all));
    }
  }
  return all;
}

std::vector<owned_header> error_headers(const record_ref& record, const dead_letter_facts& facts,
                                        std::size_t max_bytes, const dialect_set& dialects) {
  using cut_rule = dialect_header::cut_rule;
  const auto place = origin_of(record);
  const auto others_say = headers_of_others(place, facts, dialects);
  capped_headers h{max_bytes};
  if (dialects.dlq) {
    h.whole(dlq_header::topic, place.tp.topic);
    h.whole(dlq_header::partition, std::to_string(place.tp.partition.value()));
    h.whole(dlq_header::offset, std::to_string(place.offset.value()));
    h.whole(dlq_header::delivery_count, std::to_string(facts.attempts));
  }
  h.whole(dlq_header::reason, to_string(facts.reason));
  h.whole(dlq_header::first_failed_at, rfc3339(facts.first_failed_ms));
  h.whole(dlq_header::original_timestamp, std::to_string(place.timestamp_ms));
  h.whole(dlq_header::original_timestamp_type, name_of(place.kind));
  h.whole(dlq_header::redrive_count, std::to_string(redrive_count_of(record)));
  for (const auto& header : others_say) {
    if (header.cut == cut_rule::whole) {
      h.whole(header.name, header.value);
    }
  }
  // What may be long, or a stranger has a say in, comes last, so that it is what gets cut.
  if (dialects.dlq) {
    h.capped(dlq_header::group, facts.group);
  }
  h.capped(dlq_header::tenant, facts.tenant);
  h.capped(dlq_header::exception, facts.exception);
  for (const auto& header : others_say) {
    if (header.cut == cut_rule::name) {
      h.capped(header.name, header.value);
    }
  }
  auto messages = static_cast<std::size_t>(
      std::ranges::count(others_say, cut_rule::message, &dialect_header::cut));
  if (dialects.dlq) {
    h.capped(dlq_header::message, facts.message, messages + 1);
  }
  for (const auto& header : others_say) {
    if (header.cut == cut_rule::message) {
      h.capped(header.name, header.value, messages--);
    }
  }
  return std::move(h).take();
}

outbound_event addressed(const record_ref& record, std::string topic) {
  outbound_event event;
  event.topic = std::move(topic);
  event.partition_seed = static_cast<std::uint32_t>(origin_of(record).tp.partition.value());
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

bool is_error_header(std::string_view name, const dialect_set& dialects) {
  return std::ranges::find(own_names, name) != own_names.end() ||
         std::ranges::any_of(others, [&](header_dialect dialect) {
           return dialects.has(dialect) && is_of_dialect(name, dialect);
         });
}

std::uint32_t redrive_count_of(const record_ref& record) {
  constexpr std::size_t most_digits = 9;
  const auto text = record.header(dlq_header::redrive_count.data()).view();
  std::uint32_t count = 0;
  const bool digits = std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
  if (digits && text.size() <= most_digits) {
    std::from_chars(text.data(), text.data() + text.size(), count);
  }
  return count;
}

outbound_event make_dead_letter(const record_ref& record, const dead_letter_facts& facts,
                                std::string topic, std::size_t max_header_bytes,
                                const dialect_set& dialects) {
  auto event = addressed(record, std::move(topic));
  event.keep_alive = record;
  for (const auto& h : record.headers()) {
    if (!is_error_header(h.name, dialects)) {
      event.headers.push_back(
          {std::string{h.name}, std::string{h.value.view()}, h.value.is_null()});
    }
  }
  auto added = error_headers(record, facts, max_header_bytes, dialects);
  std::move(added.begin(), added.end(), std::back_inserter(event.headers));
  return event;
}

outbound_event make_pointer_record(const record_ref& record, dead_letter_facts facts,
                                   std::string topic, std::size_t max_header_bytes,
                                   const dialect_set& dialects) {
  auto event = addressed(record, std::move(topic));
  facts.reason = dead_letter_reason::too_large;
  event.headers = error_headers(record, facts, max_header_bytes, dialects);
  return event;
}

} // namespace streamer

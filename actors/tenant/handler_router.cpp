#include "actors/tenant/handler_router.hpp"

#include <algorithm>

namespace streamer {

handler_router::handler_router(const std::vector<handler_settings>& entries) {
  for (const auto& settings : entries) {
    entry e;
    e.event_type = settings.event_type == "*" ? std::string{} : settings.event_type;
    if (settings.topic.starts_with('^')) {
      e.topic_pattern.emplace(settings.topic);
    } else {
      e.topic = settings.topic;
    }
    e.headers.assign(settings.header.begin(), settings.header.end());
    reads_event_type_ = reads_event_type_ || !e.event_type.empty();
    entries_.push_back(std::move(e));
  }
}

handler_router::route handler_router::select(const record_ref& record,
                                             std::optional<event_encoding> known) const {
  event_facts facts;
  if (reads_event_type_) {
    facts = read_facts(record);
  } else {
    // The type does not matter, but an unreadable event must not reach a handler.
    facts.encoding = known ? *known : detect_encoding(record);
    if (facts.encoding == event_encoding::structured ||
        facts.encoding == event_encoding::undecodable) {
      facts = read_facts(record);
    }
  }
  if (facts.encoding == event_encoding::undecodable) {
    return {std::nullopt, std::move(facts.problem)};
  }
  const auto found = std::find_if(entries_.begin(), entries_.end(),
                                  [&](const entry& e) { return matches(e, record, facts); });
  if (found == entries_.end()) {
    return {};
  }
  return {static_cast<std::size_t>(found - entries_.begin()), {}};
}

bool handler_router::matches(const entry& e, const record_ref& record, const event_facts& facts) {
  const auto& topic = record.batch->topic();
  if (!e.topic.empty() && e.topic != topic) {
    return false;
  }
  if (e.topic_pattern && !std::regex_search(topic, *e.topic_pattern)) {
    return false;
  }
  if (!e.event_type.empty() && !glob_matches(e.event_type, facts.type)) {
    return false;
  }
  return std::all_of(e.headers.begin(), e.headers.end(), [&](const auto& wanted) {
    const auto value = record.header(wanted.first.c_str());
    return !value.is_null() && glob_matches(wanted.second, value.view());
  });
}

} // namespace streamer

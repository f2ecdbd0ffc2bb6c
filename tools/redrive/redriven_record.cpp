#include "tools/redrive/redriven_record.hpp"

#include "actors/consumer/redrive_lane.hpp"
#include "actors/dlq/dead_letter_record.hpp"

namespace streamer::tools {

std::string_view to_string(left_because why) {
  switch (why) {
    case left_because::other_group: return "of other groups, which redrive them";
    case left_because::too_often: return "redriven too often already; see --max-redrives";
    case left_because::only_pointer:
      return "pointers: the record was too large for the DLQ and is in the source topic alone";
    case left_because::no_source: return "do not say which topic they are of";
    case left_because::foreign_topic: return "of topics that are not in consumer.topics";
    case left_because::place_unknown:
      return "do not say their offset in the source, which --if-newer needs";
  }
  return "left";
}

bool is_of_other_group(const dead_letter& letter, const std::string& group) {
  return letter.dialect == header_dialect::dlq && !letter.group.empty() && letter.group != group;
}

std::variant<std::string, left_because> source_topic_of(const dead_letter& letter,
                                                        const redrive_rule& rule) {
  if (is_of_other_group(letter, rule.group)) return left_because::other_group;
  if (letter.is_pointer()) return left_because::only_pointer;
  if (letter.redrive_count >= rule.max_redrives) return left_because::too_often;
  auto topic = letter.source_topic.empty() ? rule.only_topic : letter.source_topic;
  if (topic.empty()) return left_because::no_source;
  if (auto source = lane_source(topic, rule.group); source && !rule.is_input(topic)) {
    topic = std::move(*source);
  }
  if (!rule.is_input(topic)) return left_because::foreign_topic;
  if (rule.needs_place && !letter.source_offset) return left_because::place_unknown;
  return topic;
}

outbound_event make_redriven(const record_ref& stored, const dead_letter& letter,
                             const redrive_form& form) {
  outbound_event event;
  event.topic = form.topic;
  event.keep_alive = stored;
  if (letter.source_partition) {
    event.partition_seed = static_cast<std::uint32_t>(*letter.source_partition);
  }
  auto added = form.dialects;
  added.streams = added.streams || letter.dialect == header_dialect::streams;
  added.spring = added.spring || letter.dialect == header_dialect::spring;
  added.connect = added.connect || letter.dialect == header_dialect::connect;
  for (const auto& header : stored.headers()) {
    if (!is_error_header(header.name, added)) {
      event.headers.push_back(
          {std::string{header.name}, std::string{header.value.view()}, header.value.is_null()});
    }
  }
  const auto add = [&](std::string_view name, std::string value) {
    event.headers.push_back({std::string{name}, std::move(value), false});
  };
  add(dlq_header::redrive_count, std::to_string(letter.redrive_count + 1));
  if (const auto place = letter.place(); place && form.to_lane) {
    add(dlq_header::redriven_from, encode_origin(*place));
  }
  return event;
}

} // namespace streamer::tools

#include "config/bounds.hpp"
#include "config/checks.hpp"

namespace streamer::config_impl {
namespace {

std::string entry_name(std::size_t index) { return "handlers[" + std::to_string(index) + ']'; }

bool takes_everything(const handler_settings& handler) {
  return (handler.event_type.empty() || handler.event_type == "*") && handler.topic.empty() &&
         handler.header.empty();
}

bool same_selectors(const handler_settings& left, const handler_settings& right) {
  return left.event_type == right.event_type && left.topic == right.topic &&
         left.header == right.header;
}

void check_reachable(checklist& check, std::size_t index) {
  const auto& handlers = check.values().handlers;
  for (std::size_t earlier = 0; earlier < index; ++earlier) {
    bool hidden =
        takes_everything(handlers[earlier]) || same_selectors(handlers[earlier], handlers[index]);
    if (!hidden) continue;
    check.require(false, entry_name(index),
                  "is never reached: " + entry_name(earlier) + " (" +
                      to_string(check.where().of(entry_name(earlier))) +
                      ") takes all that it selects",
                  "put it before that one, or narrow that one's selectors");
    return;
  }
}

void check_topic(checklist& check, std::size_t index) {
  const auto& topic = check.values().handlers[index].topic;
  bool fits = topic.empty() || (topic.starts_with('^') ? is_regex(topic) : is_topic_name(topic));
  check.require(fits, entry_name(index) + ".topic",
                "is neither a topic's name nor a regular expression with a leading `^`",
                "use " + topic_or_pattern().text);
}

void check_backoff(checklist& check, const retry_settings& retry, const std::string& prefix) {
  // Named by the key that the person set; an inherited pair is reported once, under [retry].
  std::string key = prefix + "initial_backoff_ms";
  if (!check.where().is_explicit(key) && check.where().is_explicit(prefix + "max_backoff_ms"))
    key = prefix + "max_backoff_ms";
  check.require(retry.initial_backoff <= retry.max_backoff, key,
                "leaves initial_backoff_ms (" + std::to_string(retry.initial_backoff.count()) +
                    ") above max_backoff_ms (" + std::to_string(retry.max_backoff.count()) + ')',
                "swap them or change one");
}

/// A handler that writes into a topic that this group reads feeds itself.
void check_loop(checklist& check, std::size_t index) {
  const auto& handler = check.values().handlers[index];
  auto to = handler.options.find("to");
  if (handler.kind != "forward" || to == handler.options.end()) return;
  for (const auto& topic : check.values().consumer.topics) {
    bool selected = handler.topic.empty() || handler.topic == topic;
    check.require(topic != to->second || !selected, entry_name(index) + ".to",
                  "is a topic that this handler reads: its output would be its input, for ever",
                  "forward to a topic that is not in consumer.topics");
  }
}

} // namespace

void check_handlers(checklist& check) {
  check_backoff(check, check.values().retry, "retry.");
  const auto& handlers = check.values().handlers;
  for (std::size_t index = 0; index < handlers.size(); ++index) {
    check_reachable(check, index);
    check_topic(check, index);
    check_loop(check, index);
    if (handlers[index].retry != check.values().retry)
      check_backoff(check, handlers[index].retry, entry_name(index) + ".retry.");
  }
}

} // namespace streamer::config_impl

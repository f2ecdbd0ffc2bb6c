// redrive_run: sending what is planned. redrive_run.cpp: the plan.
#include <algorithm>

#include "tools/produce/settled.hpp"
#include "tools/producer_output.hpp"
#include "tools/redrive/transform_line.hpp"
#include "tools/redrive_run.hpp"

namespace streamer::tools {
namespace {

// What an interrupted run may send again: one batch, which is remembered before the next is sent.
constexpr std::size_t batch_letters = 200;
constexpr std::size_t redrive_batch_bytes = std::size_t{4} << 20U;
// Letters that wait for an earlier one of their key, which was dead-lettered after them.
constexpr std::size_t most_held_bytes = std::size_t{256} << 20U;

std::size_t bytes_of(const record_ref& record) { return record.batch->charged_bytes(0); }

} // namespace

std::optional<std::string> redrive_run::send() {
  if (auto problem = see_to_targets()) return problem;
  if (!options_.transform.empty()) {
    auto child = transform_child::start(options_.transform,
                                        std::chrono::milliseconds{options_.transform_timeout_ms});
    if (!child) return child.error();
    transform_ = std::move(child).value();
  }
  auto output = open_producer_output(config_, log_);
  if (!output) return output.error();
  output_ = std::move(output).value();
  began_ = std::chrono::steady_clock::now();
  for (auto& planned : parts_) {
    if (planned.letters.empty()) continue;
    if (auto problem = send_part(planned)) return problem;
    if (stop_.requested()) return "stopped";
  }
  return std::nullopt;
}

std::optional<std::string> redrive_run::see_to_targets() {
  for (const auto& [names, count] : targets()) {
    const auto& [topic, target] = names;
    const auto there = admin_->topic(target);
    if (!there) return there.error();
    if (there.value()) continue;
    if (target == topic) return "the source topic '" + topic + "' does not exist any more";
    if (auto problem = create_lane(topic, target)) return problem;
  }
  return std::nullopt;
}

// With the source's partitions a key's records lie in the lane as they did there; with its limits,
// what fits there fits here, for as long.
std::optional<std::string> redrive_run::create_lane(const std::string& topic,
                                                    const std::string& lane) {
  const auto facts = admin_->topic_facts_of({topic});
  if (!facts) return facts.error();
  const auto found = facts.value().find(topic);
  if (found == facts.value().end() || found->second.is != topic_facts::state::found) {
    return "the lane '" + lane + "' cannot be created: its source topic '" + topic +
           "' cannot be described; use --to-source, or create the lane yourself";
  }
  new_topic wanted{lane,
                   found->second.partitions,
                   config_.topics.replication_factor,
                   {{"cleanup.policy", "delete"}}};
  if (const auto& config = found->second.config) {
    for (const auto* name : {"max.message.bytes", "retention.ms"}) {
      if (const auto value = config->find(name); value != config->end()) {
        wanted.properties[name] = value->second;
      }
    }
  }
  const auto created = admin_->create_topics({&wanted, 1});
  if (!created) return created.error();
  for (const auto& made : created.value()) {
    if (made.ended == creation_result::state::refused) {
      return "cannot create the lane '" + lane + "': " + made.error;
    }
  }
  return std::nullopt;
}

std::optional<std::string> redrive_run::send_part(planned_part& planned) {
  const auto steps = plan_steps(planned.letters);
  order_buffer<read_letter> buffer;
  std::vector<read_letter> ready;
  std::size_t at = 0;
  std::optional<std::string> problem;
  // Only what was planned is sent: the rest of the partition is skipped by its offsets.
  letter_choice any;
  any.all = true;
  auto range = planned.part;
  range.range.from = std::max(range.range.from, steps.front().at);
  range.range.to = std::min(range.range.to, steps.back().at.next());
  auto scanned = scan_part(
      *reader_, range, any, stop_, [&](const record_ref& record, const dead_letter& letter) {
        while (at < steps.size() && steps[at].at < letter.offset)
          ++at;
        if (at == steps.size()) return read_next::stop;
        if (steps[at].at != letter.offset) return read_next::go_on;
        buffer.take(steps[at], {record, letter, &sources_[planned.sources[at]]}, bytes_of(record),
                    ready);
        ++at;
        if (buffer.held_bytes() > most_held_bytes) {
          problem = "more dead letters of " + to_string(planned.part.range.tp) +
                    " are out of order than fit into memory; take them in parts, by --key";
          return read_next::stop;
        }
        problem = send_ready(planned.part, ready, false);
        return problem || stop_.requested() ? read_next::stop : read_next::go_on;
      });
  if (problem) return problem;
  if (scanned) return scanned;
  if (stop_.requested()) return std::nullopt;
  buffer.finish(ready);
  return send_ready(planned.part, ready, true);
}

std::optional<std::string> redrive_run::send_ready(dlq_part& part, std::vector<read_letter>& ready,
                                                   bool all) {
  // At a rate, a quarter of a second's.
  const auto most = options_.rate <= 0
                        ? batch_letters
                        : static_cast<std::size_t>(std::clamp(options_.rate / 4, 1.0,
                                                              static_cast<double>(batch_letters)));
  std::size_t first = 0;
  while (first < ready.size()) {
    std::size_t bytes = 0;
    auto last = first;
    while (last < ready.size() && last - first < most && bytes < redrive_batch_bytes)
      bytes += bytes_of(ready[last++].record);
    const bool full = last - first == most || bytes >= redrive_batch_bytes;
    if ((!full && !all) || stop_.requested()) break;
    const std::vector<read_letter> batch(ready.begin() + static_cast<std::ptrdiff_t>(first),
                                         ready.begin() + static_cast<std::ptrdiff_t>(last));
    if (auto problem = send_batch(part, batch)) return problem;
    first = last;
  }
  ready.erase(ready.begin(), ready.begin() + static_cast<std::ptrdiff_t>(first));
  return std::nullopt;
}

std::optional<std::string> redrive_run::send_batch(dlq_part& part,
                                                   const std::vector<read_letter>& batch) {
  event_batch events;
  std::optional<std::string> problem;
  for (const auto& read : batch) {
    auto event = event_of(read);
    if (!event) {
      problem = event.error();
      break;
    }
    events.push_back(std::move(event).value());
  }
  if (events.empty()) return problem;
  const auto answers = settled(*output_, std::move(events));
  for (std::size_t i = 0; i < answers.size(); ++i) {
    if (answers[i].state == delivery_state::acknowledged) {
      part.resolved.add(batch[i].letter.offset);
      ++totals_.sent;
    } else if (!problem) {
      problem = batch[i].from->target + " does not take " + to_string(part.range.tp) + "@" +
                std::to_string(batch[i].letter.offset.value()) + ": " + answers[i].error_name;
    }
  }
  if (auto unsaved = store_->save(part.range.tp, part.resolved)) {
    return *unsaved + "; up to " + std::to_string(answers.size()) +
           " dead letters were sent that are not remembered";
  }
  keep_pace();
  return problem;
}

result<outbound_event> redrive_run::event_of(const read_letter& read) {
  using answer = result<outbound_event>;
  auto event =
      make_redriven(read.record, read.letter, {read.from->target, !options_.to_source, dialects_});
  if (!transform_) return event;
  const auto line = transform_->ask(transform_request(event, read.letter));
  if (!line) return answer::failure(line.error());
  if (const auto problem = apply_answer(event, line.value())) {
    return answer::failure("the --transform command " + *problem);
  }
  return event;
}

void redrive_run::keep_pace() {
  if (options_.rate <= 0) return;
  const std::chrono::duration<double> due{static_cast<double>(totals_.sent) / options_.rate};
  const auto left = began_ + due - std::chrono::steady_clock::now();
  if (left.count() > 0) stop_.wait_for(std::chrono::ceil<std::chrono::milliseconds>(left));
}

} // namespace streamer::tools

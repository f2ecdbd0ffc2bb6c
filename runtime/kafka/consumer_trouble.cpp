// consumer_loop: errors of partitions, of the group and of the clients.
#include "runtime/kafka/consumer_loop.hpp"

#include "messages/planted_bugs.hpp"
#include "runtime/kafka/error_map.hpp"

#include <algorithm>
#include <utility>

namespace streamer {
namespace {

using std::chrono::seconds;

constexpr seconds reread_delay{1};
constexpr seconds range_timeout{2};
constexpr seconds line_interval{30};
constexpr std::size_t most_lines = 200;

std::string_view advice(rd_kafka_resp_err_t code) {
  switch (code) {
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_ID:
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
      return "the topic does not exist: create it (streamer topics create) or correct "
             "consumer.topics";
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
      return "this user may not read the topic: grant READ and DESCRIBE on it";
    case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
      return "this user may not use the group: grant READ on consumer.group_id";
    case RD_KAFKA_RESP_ERR__MAX_POLL_EXCEEDED:
      return "the consumer thread was stopped for longer than consumer.max_poll_interval_ms";
    case RD_KAFKA_RESP_ERR__BAD_MSG:
      return "a record batch is damaged; the partition waits and reads it again";
    case RD_KAFKA_RESP_ERR__BAD_COMPRESSION:
      return "a record batch is damaged, or is larger when it is decompressed than half of "
             "consumer.memory_budget_mib, which may be raised; the partition waits and reads it "
             "again";
    default: return "passes by itself or is repeated";
  }
}

// After these the library goes on behind the damaged batch: its records would be skipped.
bool skips_records(rd_kafka_resp_err_t code) {
  return code == RD_KAFKA_RESP_ERR__BAD_MSG || code == RD_KAFKA_RESP_ERR__BAD_COMPRESSION ||
         code == RD_KAFKA_RESP_ERR__NOT_IMPLEMENTED || code == RD_KAFKA_RESP_ERR__UNDERFLOW ||
         code == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE;
}

} // namespace

void consumer_loop::take_error(const rd_kafka_message_t& message) {
  const std::string_view topic =
      message.rkt == nullptr ? std::string_view{} : rd_kafka_topic_name(message.rkt);
  auto* const r = message.rkt == nullptr
                      ? nullptr
                      : routes_.find(message.rkt, rd_kafka_topic_name(message.rkt),
                                     partition_id{message.partition});
  if (r == nullptr || !r->fetching) {
    if (message.err != RD_KAFKA_RESP_ERR__PARTITION_EOF &&
        message.err != RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET) {
      log_sometimes("fetch_error", message.err, topic, rd_kafka_message_errstr(&message),
                    partition_id{message.partition});
    }
    return;
  }
  flush(*r);
  if (message.err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
    if (message.offset >= r->order.next()) {
      r->order.go_on_at(message.offset);
      events_.on_end_reached(r->epoch, offset_id{message.offset});
    }
    return;
  }
  const std::string reason = rd_kafka_message_errstr(&message);
  if (message.err == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET) {
    out_of_range(*r, reason);
    return;
  }
  log_sometimes("fetch_error", message.err, topic, reason, r->tp.partition);
  if (skips_records(message.err)) {
    read_again_later(*r);
  }
}

void consumer_loop::read_again_later(route& of) {
  fetcher_->remove({of.tp});
  of.fetching = false;
  rereads_[of.epoch] = clock::now() + reread_delay;
}

void consumer_loop::advance_rereads(time_point now) {
  std::vector<route*> due;
  for (auto it = rereads_.begin(); it != rereads_.end();) {
    if (now < it->second) {
      ++it;
      continue;
    }
    if (auto* const found = routes_.find(it->first)) {
      due.push_back(found);
    }
    it = rereads_.erase(it);
  }
  update_fetching(due);
}

// The client has stopped reading the partition and says so whenever a start offset cannot be used;
// the log's range tells whether the offset is outside it or the broker was at fault.
void consumer_loop::out_of_range(route& of, std::string_view reason) {
  const auto begin = start_of(of);
  const auto range = fetcher_->ask_range(of.tp, range_timeout);
  if (!range || begin.offset < 0 ||
      (begin.offset >= range->first && begin.offset <= range->second)) {
    log_sometimes("fetch_error", RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET, of.tp.topic, reason,
                  of.tp.partition);
    read_again_later(of);
    return;
  }
  ++draft_.out_of_range;
  const auto [low, high] = *range;
  // A lane that was tidied away is made anew by the next redrive, and then all of it is new.
  const bool lane_anew = !of.lane_source.empty() && begin.offset > high;
  if (settings_.on_out_of_range == out_of_range_kind::stop && !lane_anew &&
      !planted("skip_on_out_of_range")) {
    fetcher_->remove({of.tp});
    of.fetching = false;
    of.paused = true;
    fail(1, to_string(of.tp) + ": offset " + std::to_string(begin.offset) +
                " is to be read next, but the log holds " + std::to_string(low) + " to " +
                std::to_string(high) +
                "; move the group with 'streamer process seek', or set consumer.on_out_of_range "
                "to earliest or latest");
    return;
  }
  const bool from_low = lane_anew || settings_.on_out_of_range == out_of_range_kind::earliest;
  const auto target = from_low ? low : high;
  const auto skipped = std::max<std::int64_t>(target - begin.offset, 0);
  draft_.skipped_records += static_cast<std::uint64_t>(skipped);
  log_.warn("offsets_skipped", "the next offset is not in the log; going on elsewhere",
            {{"partition", to_string(of.tp)},
             {"from_offset", begin.offset},
             {"to_offset", target},
             {"skipped", skipped},
             {"low", low},
             {"high", high}});
  if (target < begin.offset) {
    begin_anew(of, target);
    return;
  }
  fetcher_->remove({of.tp});
  of.order = read_order{target};
  of.leader_epoch = -1;
  fetcher_->add({start_of(of)});
}

// The log is another than the one that was read before: its offsets say nothing about it. Under a
// new epoch nobody takes its records for those that are done.
void consumer_loop::begin_anew(route& of, std::int64_t at) {
  const auto tp = of.tp;
  const auto epoch = of.epoch;
  std::erase(touched_, &of);
  drop({epoch});
  events_.on_lost({epoch});
  committed_position from;
  from.offset = offset_id{at};
  auto& r = routes_.add(tp, std::move(from), lane_source_of(tp.topic));
  r.stopped = stopped_.contains(tp);
  events_.on_assigned({{r.tp, r.epoch, r.committed, member_->cluster_id(), r.in_hand}});
}

// Records behind it may be finished, and even committed; they are processed once more, and so is
// what the ownership that ends here has not finished.
void consumer_loop::out_of_order(route& of, std::int64_t offset) {
  const auto tp = of.tp;
  const auto epoch = of.epoch;
  const offset_id from{of.order.gap_begin()};
  log_.error("records_out_of_order",
             "a record came after those behind it; going back, so that none is left out",
             {{"partition", to_string(tp)},
              {"offset", offset},
              {"next_offset", of.order.next()},
              {"from_offset", from.value()}});
  std::erase(touched_, &of);
  drop({epoch});
  events_.on_lost({epoch});
  const auto at = passed_over_.try_emplace(tp, from).first;
  at->second = std::min(at->second, from);
  want_offsets({tp});
}

void consumer_loop::read_again(assignment_epoch epoch) {
  auto* const found = routes_.find(epoch);
  if (found == nullptr || !found->fetching) {
    return;
  }
  ++draft_.fetch_restarts;
  fetcher_->remove({found->tp});
  fetcher_->add({start_of(*found)});
  ask_ends(clock::now());
}

// ------------------------------------------------------------------ topics that change

void consumer_loop::ask_topics() {
  std::set<std::string> names;
  for (const auto& [epoch, owned] : routes_.all()) {
    names.insert(owned->tp.topic);
  }
  // A topic that was deleted has no partitions here any more, and its end is to be told.
  for (const auto& [name, known] : topics_) {
    if (!known.gone) {
      names.insert(name);
    }
  }
  if (!names.empty()) {
    fetcher_->ask_topics({names.begin(), names.end()});
  }
}

void consumer_loop::note_topics(std::vector<topic_answer> topics, time_point now) {
  for (auto& topic : topics) {
    const auto [place, fresh] = topics_.try_emplace(topic.name);
    auto& known = place->second;
    if (!topic.exists) {
      if (!fresh && !std::exchange(known.gone, true)) {
        ++draft_.topics_deleted;
        log_.error("topic_deleted",
                   "an input topic was deleted while it was read: its unread records are lost",
                   {{"topic", topic.name}});
      }
      known.gone = true;
      continue;
    }
    const bool another = !fresh && !known.id.empty() && known.id != topic.id;
    if (another) {
      ++draft_.topics_recreated;
      log_.error("topic_recreated",
                 "an input topic was deleted and created anew: its offsets begin again",
                 {{"topic", topic.name}});
    } else if (!fresh && !known.gone && topic.partitions > known.partitions) {
      ++draft_.topics_grown;
      log_.warn(
          "partitions_added",
          "an input topic was given partitions: keys change places, and with them their order",
          {{"topic", topic.name}, {"before", known.partitions}, {"partitions", topic.partitions}});
    }
    const auto seen_before = known.seen;
    known = {std::move(topic.id), topic.partitions, false, now};
    if (another) {
      on_recreated(topic.name, seen_before);
    }
  }
}

// An ownership that began after the old topic was last seen may have begun with the new one: its
// offsets are left alone.
void consumer_loop::on_recreated(const std::string& topic, time_point seen_before) {
  std::vector<route*> of_the_old;
  for (const auto& [epoch, owned] : routes_.all()) {
    if (owned->tp.topic == topic && owned->since < seen_before && !owned->leaving &&
        !owned->released && !owned->restarting && !owned->moving) {
      of_the_old.push_back(owned.get());
    }
  }
  bool answers = true;
  for (auto* const r : of_the_old) {
    const bool lane = !r->lane_source.empty();
    if (settings_.on_out_of_range == out_of_range_kind::stop && !lane) {
      fail(1, to_string(r->tp) +
                  ": its topic was deleted and created anew; set the group's offsets with "
                  "'streamer process seek', or set consumer.on_out_of_range to earliest or latest");
      return;
    }
    // A broker that does not answer is asked once: this thread also serves the group.
    const auto range = answers ? fetcher_->ask_range(r->tp, range_timeout) : std::nullopt;
    answers = range.has_value();
    const auto [low, high] = range.value_or(std::pair<std::int64_t, std::int64_t>{0, 0});
    const bool from_low = lane || settings_.on_out_of_range == out_of_range_kind::earliest;
    begin_anew(*r, from_low ? low : high);
  }
}

void consumer_loop::on_group_error(rd_kafka_resp_err_t code, std::string_view reason) {
  // A lane is there when the first redrive has made it. The library says which topic is missing in
  // its text alone.
  const bool of_lane = std::ranges::any_of(lanes_, [&](const std::string& lane) {
    return reason.find(' ' + lane + ':') != reason.npos;
  });
  if (of_lane && code == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART) {
    return;
  }
  log_sometimes("group_error", code, "", reason);
}

void consumer_loop::check_fatal() {
  if (failed_) {
    return;
  }
  auto reason = member_->fatal() ? fatal_reason(member_->client()) : std::string{};
  if (reason.empty() && fetcher_->health().fatal()) {
    reason = fetcher_->fatal();
  }
  if (reason.find("_INSTANCE_ID") != std::string::npos) {
    fail(3, "another process is member of group '" + settings_.group_id +
                "' with the same consumer.group_instance_id = \"" + settings_.group_instance_id +
                "\"; give each worker one of its own (" + reason + ")");
  } else if (!reason.empty()) {
    fail(3, "the Kafka client cannot go on: " + reason);
  }
}

void consumer_loop::fail(int exit_code, std::string what) {
  intake_ = false;
  if (std::exchange(failed_, true)) {
    return;
  }
  log_.error("consumer_failed", what, {{"exit_code", exit_code}});
  events_.on_failed({exit_code, std::move(what)});
}

void consumer_loop::log_sometimes(std::string_view event, rd_kafka_resp_err_t code,
                                  std::string_view topic, std::string_view reason,
                                  partition_id partition) {
  auto key = std::string{error_name(code)} + ' ' + std::string{topic} + ' ' +
             std::to_string(partition.value());
  if (lines_.size() >= most_lines && !lines_.contains(key)) {
    lines_.clear();
  }
  auto& line = lines_.try_emplace(std::move(key), line_interval).first->second;
  if (const auto suppressed = line.pass(clock::now())) {
    log_.warn(event, advice(code),
              {{"error", error_name(code)},
               {"topic", topic},
               {"partition", partition.value()},
               {"reason", reason},
               {"suppressed", *suppressed}});
  }
}

} // namespace streamer

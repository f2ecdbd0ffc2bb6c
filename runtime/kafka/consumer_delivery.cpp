// consumer_loop: which partitions are read, and the way of their records.
#include "runtime/kafka/consumer_loop.hpp"

#include "messages/planted_bugs.hpp"
#include "runtime/kafka/lane_rule.hpp"

#include <algorithm>
#include <utility>

namespace streamer {
namespace {

// After a partition was added; see fetch_client::ask_offsets.
constexpr std::chrono::milliseconds nudge_delay{20};

} // namespace

void consumer_loop::start(const std::vector<assignment_epoch>& epochs) {
  std::vector<route*> changed;
  std::vector<topic_partition> unread;
  for (const auto epoch : epochs) {
    if (auto* const found = routes_.find(epoch)) {
      found->started = true;
      changed.push_back(found);
      if (found->stopped) {
        unread.push_back(found->tp);
      }
    }
  }
  update_fetching(changed);
  if (!unread.empty()) {
    // Its lag is told all the same.
    fetcher_->ask_offsets(log_end::low, unread);
    nudge_at_ = clock::now() + nudge_delay;
  }
}

void consumer_loop::pause(assignment_epoch epoch) {
  if (auto* const found = routes_.find(epoch)) {
    found->paused = true;
    update_fetching({found});
  }
}

void consumer_loop::resume(assignment_epoch epoch) {
  if (auto* const found = routes_.find(epoch)) {
    if (planted("double_resume")) {
      // The first resume fetches them, the second throws them away.
      found->order = read_order{found->order.next() + 100};
    }
    found->paused = false;
    update_fetching({found});
  }
}

// The library's own pause and resume are not used: what is paused is not read at all, and read
// again from the offset that is next, which is known here and nowhere better.
void consumer_loop::update_fetching(const std::vector<route*>& changed) {
  std::vector<fetch_start> starts;
  std::vector<topic_partition> stops;
  for (auto* const r : changed) {
    if (r->wanted() == r->fetching) {
      continue;
    }
    r->fetching = r->wanted();
    if (r->fetching) {
      starts.push_back(start_of(*r));
    } else {
      stops.push_back(r->tp);
    }
  }
  if (!stops.empty()) {
    fetcher_->remove(stops);
  }
  if (!starts.empty()) {
    fetcher_->add(starts);
    nudge_at_ = clock::now() + nudge_delay;
  }
}

fetch_start consumer_loop::start_of(const route& of) const {
  if (of.order.next() >= 0) {
    return {of.tp, of.order.next(), of.leader_epoch, of.in_hand};
  }
  if (of.committed.offset) {
    return {of.tp, of.committed.offset->value(), of.committed.leader_epoch, of.in_hand};
  }
  // What a redrive has put into a lane before this group first saw it must not be passed over.
  return {of.tp,
          !of.lane_source.empty() || settings_.auto_offset_reset == offset_reset_kind::earliest
              ? RD_KAFKA_OFFSET_BEGINNING
              : RD_KAFKA_OFFSET_END,
          -1, of.in_hand};
}

// Returns whether more is waiting. With next to no credit left it is better to sleep until there is
// a worthwhile amount than to go round for single records.
bool consumer_loop::read() {
  if (!intake_) {
    return false;
  }
  auto& lanes = fetcher_->lanes();
  lanes.refill();
  const auto least = std::clamp<std::int64_t>(credit_.limits().records / 20, 1, 500);
  if (credit_.available() < least && credit_.starve()) {
    return false;
  }
  if (credit_.available() <= 0) {
    return false;
  }
  const auto messages =
      lanes.poll(pace_.plan({credit_.held_records(), credit_.held_bytes()}, lanes.used()));
  pace_.note(static_cast<std::int64_t>(messages.size()), clock::now());
  deliver(messages);
  narrow_lanes();
  return lanes.has_more();
}

// Forty partitions with batches of 8 MB would hold 400 MiB otherwise, and 64 MiB of it would be at
// work.
void consumer_loop::narrow_lanes() {
  auto& lanes = fetcher_->lanes();
  const auto left = lanes_that_fit(lanes.open(), largest_batch_, credit_.limits().bytes);
  if (left == lanes.open()) {
    return;
  }
  log_.info("fetch_lanes_narrowed",
            "batches are large: fewer partitions are fetched beside each other, to save memory",
            {{"batch_bytes_at_least", largest_batch_}, {"lanes", left}});
  std::vector<topic_partition> homeless;
  std::vector<route*> moved;
  for (auto& tp : lanes.narrow(left)) {
    if (auto* const found = routes_.find(tp); found != nullptr && found->fetching) {
      found->fetching = false;
      moved.push_back(found);
      homeless.push_back(std::move(tp));
    }
  }
  if (!moved.empty()) {
    fetcher_->remove(homeless);
    update_fetching(moved);
  }
}

// One fetch brings the records of a partition side by side, so they are handled in runs.
void consumer_loop::deliver(std::span<rd_kafka_message_t*> messages) {
  std::size_t at = 0;
  while (at < messages.size()) {
    const auto* const first = messages[at];
    if (first->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
      const message_ptr owned{messages[at]};
      take_error(*owned);
      ++at;
      continue;
    }
    auto last = at + 1;
    while (last < messages.size() && messages[last]->err == RD_KAFKA_RESP_ERR_NO_ERROR &&
           messages[last]->rkt == first->rkt && messages[last]->partition == first->partition) {
      ++last;
    }
    const auto run = messages.subspan(at, last - at);
    auto* const to =
        routes_.find(first->rkt, rd_kafka_topic_name(first->rkt), partition_id{first->partition});
    if (to != nullptr && to->fetching) {
      append(*to, run);
    } else {
      draft_.stale_records += run.size();
      std::ranges::for_each(run, rd_kafka_message_destroy);
    }
    at = last;
  }
  flush_all();
}

void consumer_loop::append(route& to, std::span<rd_kafka_message_t*> run) {
  if (to.building == nullptr) {
    to.building = std::make_shared<kafka_batch>(fetcher_->lease(), to.tp.topic, to.tp.partition,
                                                to.lane_source);
    touched_.push_back(&to);
  }
  to.building->reserve(run.size());
  for (std::size_t i = 0; i < run.size(); ++i) {
    auto* const message = run[i];
    switch (to.order.note(message->offset)) {
      case read_order::verdict::next: to.building->add(*message); break;
      case read_order::verdict::again:
        ++draft_.stale_records;
        rd_kafka_message_destroy(message);
        break;
      case read_order::verdict::passed_over: {
        const auto offset = message->offset;
        std::ranges::for_each(run.subspan(i), rd_kafka_message_destroy);
        out_of_order(to, offset);
        return;
      }
    }
  }
}

void consumer_loop::flush(route& of) {
  const auto batch = std::exchange(of.building, nullptr);
  if (batch == nullptr || batch->records().empty()) {
    return;
  }
  of.leader_epoch = batch->records().back().leader_epoch;
  if (batch->follow(of.extent)) {
    name_large_batch(of, *batch);
  }
  largest_batch_ = std::max(largest_batch_, of.extent.size());
  const auto count = static_cast<std::int64_t>(batch->records().size());
  credit_.take(count, batch->charged());
  of.in_hand->fetch_add(count, std::memory_order_relaxed);
  records_.fetch_add(static_cast<std::uint64_t>(count), std::memory_order_relaxed);
  bytes_.fetch_add(static_cast<std::uint64_t>(batch->charged()), std::memory_order_relaxed);
  events_.on_records(of.epoch, batch);
}

// The client has decompressed it as a whole before anybody could say no.
void consumer_loop::name_large_batch(const route& of, const kafka_batch& batch) {
  ++draft_.large_batches[of.tp];
  log_.warn("batch_too_large",
            "a batch takes more memory than the budget provides for; let its producer send smaller "
            "ones, or raise consumer.memory_budget_mib",
            {{"topic", of.tp.topic},
             {"partition", of.tp.partition.value()},
             {"offset", batch.records().front().offset.value()},
             {"bytes_at_least", of.extent.size()}});
}

void consumer_loop::flush_all() {
  for (auto* const r : touched_) {
    flush(*r);
  }
  touched_.clear();
}

void consumer_loop::note_offsets(const offsets_reply& reply) {
  for (const auto& [tp, offset] : reply.offsets) {
    if (auto* const found = routes_.find(tp)) {
      (reply.end == log_end::low ? found->low : found->end) = offset;
    }
  }
}

} // namespace streamer

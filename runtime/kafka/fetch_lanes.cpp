#include "runtime/kafka/fetch_lanes.hpp"

#include "messages/record.hpp"
#include "runtime/kafka/take_over_rule.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace streamer {
namespace {

constexpr auto anything = std::numeric_limits<std::int64_t>::max();

bool is_of(const rd_kafka_message_t& message, const topic_partition& tp) {
  return message.rkt != nullptr && message.partition == tp.partition.value() &&
         tp.topic == rd_kafka_topic_name(message.rkt);
}

std::int64_t charge_of(const rd_kafka_message_t& message) {
  return static_cast<std::int64_t>(message.len + message.key_len + record_batch::bookkeeping_bytes);
}

} // namespace

fetch_lanes::fetch_lanes(rd_kafka_t& client, credit_limits most) : client_{client}, most_{most} {
  for (auto& l : lanes_) {
    const bool last = &l == &lanes_.back();
    l.queue.reset(last ? rd_kafka_queue_get_consumer(&client_) : rd_kafka_queue_new(&client_));
    l.flag = &flag_;
    rd_kafka_queue_cb_event_enable(l.queue.get(), on_event, &l);
  }
}

// The client may live on, for a batch that is still at work.
fetch_lanes::~fetch_lanes() {
  for (const auto& l : lanes_) {
    rd_kafka_queue_cb_event_enable(l.queue.get(), nullptr, nullptr);
    std::ranges::for_each(l.waiting, rd_kafka_message_destroy);
  }
}

// On a thread of the library's, under the queue's lock: when the queue is no longer empty.
void fetch_lanes::on_event(rd_kafka_t*, void* opaque) {
  auto& of = *static_cast<lane*>(opaque);
  if (!of.ready.exchange(true, std::memory_order_acq_rel)) {
    of.flag->raise();
  }
}

void fetch_lanes::add(const topic_partition& tp, in_hand_count in_hand) {
  remove(tp);
  auto* emptiest = &lanes_.front();
  for (auto& l : std::span{lanes_}.first(open_)) {
    emptiest = l.partitions.size() < emptiest->partitions.size() ? &l : emptiest;
  }
  emptiest->partitions.push_back(
      {tp, std::move(in_hand),
       queue_ptr{rd_kafka_queue_get_partition(&client_, tp.topic.c_str(), tp.partition.value())}});
  ++emptiest->unheard;
  // Before the library reads it: what it would put into its own queue first, and only what comes
  // later into this one, would be taken in another order, and be passed over as read before.
  forward(*emptiest);
}

std::vector<topic_partition> fetch_lanes::narrow(std::size_t lanes) {
  std::vector<topic_partition> homeless;
  for (auto& l : std::span{lanes_}.first(open_).subspan(lanes)) {
    for (const auto& m : l.partitions) {
      homeless.push_back(m.tp);
    }
  }
  open_ = lanes;
  return homeless;
}

void fetch_lanes::remove(const topic_partition& tp) {
  for (auto& l : lanes_) {
    std::erase_if(l.partitions, [&](const member& m) {
      l.unheard -= m.tp == tp && !m.heard ? 1U : 0U;
      return m.tp == tp;
    });
    std::erase_if(l.waiting, [&](auto* const message) {
      const bool gone = is_of(*message, tp);
      if (gone) {
        add_to(l, message, -1);
        rd_kafka_message_destroy(message);
      }
      return gone;
    });
  }
}

std::span<rd_kafka_message_t*> fetch_lanes::poll(const read_plan& plan) {
  messages_.clear();
  passed_over_ = false;
  for (auto& l : lanes_) {
    l.in_hand = 0;
    for (const auto& m : l.partitions) {
      l.in_hand += m.in_hand->load(std::memory_order_relaxed);
    }
  }
  const auto enough = size_.bytes - plan.bytes;
  for (std::int64_t taken = 0; taken < plan.most && size_.bytes > enough;) {
    auto* const from = find_next(taken < plan.open ? anything : plan.share);
    if (from == nullptr) {
      break;
    }
    const auto until = taken + std::min(plan.turn, plan.most - taken);
    for (; taken < until && !from->waiting.empty() && size_.bytes > enough; ++taken) {
      auto* const message = from->waiting.front();
      from->waiting.pop_front();
      add_to(*from, message, -1);
      messages_.push_back(message);
      ++from->in_hand;
    }
  }
  return messages_;
}

void fetch_lanes::refill() {
  for (auto& l : lanes_) {
    if (l.unheard > 0) {
      forward(l);
    }
    take_over(l);
  }
}

void fetch_lanes::forward_all() { std::ranges::for_each(lanes_, forward); }

// Where a partition is added soon after it was removed, the library stops the old reading only
// later, and takes the forwarding away with it; nor does it forward to its own queue what anybody
// has ever forwarded. So it is done again until something has come, and now and then after that.
// (librdkafka 2.14, rd_kafka_toppar_fetch_stop.)
void fetch_lanes::forward(lane& of) {
  for (const auto& m : of.partitions) {
    rd_kafka_queue_forward(m.own.get(), of.queue.get());
  }
  of.ready.store(true, std::memory_order_release);
}

// Timeout 0: with any other the call waits until the array is full or the time is up, and that is
// latency for the records it already has.
void fetch_lanes::take_over(lane& from) {
  std::array<rd_kafka_message_t*, taken_at_a_time> taken{};
  while (has_room(from) && from.ready.exchange(false, std::memory_order_acq_rel)) {
    const auto most = static_cast<std::size_t>(records_that_fit(room_of(from), from.large));
    const auto got = rd_kafka_consume_batch_queue(from.queue.get(), 0, taken.data(), most);
    const auto some = std::span{taken}.first(static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    from.large = some.empty() ? from.large : less_large(from.large);
    for (auto* const message : some) {
      from.waiting.push_back(message);
      add_to(from, message, 1);
      from.large = std::max(from.large, charge_of(*message));
      note_heard(from, *message);
    }
    // Another event comes only after it was empty.
    if (some.size() == most) {
      from.ready.store(true, std::memory_order_release);
    }
  }
}

void fetch_lanes::note_heard(lane& of, const rd_kafka_message_t& message) {
  // An error may be of the reading before.
  if (of.unheard == 0 || (message.err != RD_KAFKA_RESP_ERR_NO_ERROR &&
                          message.err != RD_KAFKA_RESP_ERR__PARTITION_EOF)) {
    return;
  }
  const auto found = std::ranges::find_if(
      of.partitions, [&message](const member& m) { return is_of(message, m.tp); });
  if (found != of.partitions.end() && !found->heard) {
    found->heard = true;
    --of.unheard;
  }
}

bool fetch_lanes::has_room(const lane& of) const {
  const auto below = [](const credit_limits& size, const credit_limits& most, std::int64_t parts) {
    return size.records < most.records / parts && size.bytes < most.bytes / parts;
  };
  return below(size_, most_, 1) || below(of.size, most_, count);
}

std::int64_t fetch_lanes::room_of(const lane& of) const {
  return std::max(most_.bytes - size_.bytes,
                  most_.bytes / static_cast<std::int64_t>(count) - of.size.bytes);
}

void fetch_lanes::add_to(lane& of, rd_kafka_message_t* message, int sign) {
  const auto bytes = charge_of(*message);
  for (auto* const size : {&of.size, &size_}) {
    size->records += sign;
    size->bytes += sign * bytes;
  }
}

fetch_lanes::lane* fetch_lanes::find_next(std::int64_t share) {
  lane* least = nullptr;
  for (std::size_t i = 0; i < lanes_.size(); ++i) {
    auto& l = lanes_.at((next_ + i) % lanes_.size());
    if (!l.waiting.empty() && (least == nullptr || l.in_hand < least->in_hand)) {
      least = &l;
    }
  }
  next_ = (next_ + 1) % lanes_.size();
  if (least != nullptr && least->in_hand >= share) {
    passed_over_ = true;
    return nullptr;
  }
  return least;
}

std::optional<std::chrono::milliseconds> fetch_lanes::next_look() const {
  if (passed_over_) {
    return std::chrono::milliseconds{1};
  }
  const bool unheard = std::ranges::any_of(lanes_, [](const lane& l) { return l.unheard > 0; });
  return unheard ? std::optional{std::chrono::milliseconds{10}} : std::nullopt;
}

std::size_t fetch_lanes::used() const {
  return static_cast<std::size_t>(
      std::ranges::count_if(lanes_, [](const lane& l) { return !l.partitions.empty(); }));
}

} // namespace streamer

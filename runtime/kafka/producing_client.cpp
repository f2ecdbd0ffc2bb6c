#include "runtime/kafka/producing_client.hpp"

#include "runtime/kafka/error_map.hpp"
#include "runtime/kafka/memory_split.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <random>
#include <utility>

namespace streamer {
namespace {

// A program that writes to topics named by its input must not collect handles for ever.
constexpr std::size_t most_topics = 1'000;

client_role role_of(producer_mode mode) {
  return mode == producer_mode::ingest ? client_role::ingest : client_role::producer;
}

std::int64_t steady_ns() { return std::chrono::steady_clock::now().time_since_epoch().count(); }

std::string set_limits(rd_kafka_conf_t& conf, const settings& config, const producer_limits& limits,
                       batching batches) {
  // A record that the queue cannot hold even alone would wait for room for ever.
  const auto room = split_memory(config.consumer.memory_budget_mib).outbound_bytes * 9 / 10;
  const auto largest = std::clamp<std::int64_t>(limits.largest_message_bytes, 1'000, room);
  const auto batch = std::clamp<std::int64_t>(limits.largest_batch_bytes, 1'000, largest);
  if (auto failure = set_property(conf, "message.max.bytes", std::to_string(largest).c_str())) {
    return *failure;
  }
  if (batches == batching::one) {
    if (auto failure = set_property(conf, "batch.num.messages", "1")) {
      return *failure;
    }
  }
  if (config.producer.properties.contains("batch.size") ||
      config.kafka.properties.contains("batch.size")) {
    return ""; // the operator's; a batch too large for its topic is sent again record by record
  }
  return set_property(conf, "batch.size", std::to_string(batch).c_str()).value_or("");
}

headers_ptr headers_of(const outbound_event& event) {
  const auto add = [](rd_kafka_headers_t& list, std::string_view name, const bytes_ref& value) {
    rd_kafka_header_add(&list, name.data(), static_cast<ssize_t>(name.size()),
                        value.is_null() ? nullptr : value.view().data(),
                        static_cast<ssize_t>(value.size()));
  };
  const bool with_record = event.keep_alive && event.with_record_headers;
  if (event.headers.empty() && !with_record) {
    return nullptr;
  }
  headers_ptr list{rd_kafka_headers_new(event.headers.size() + (with_record ? 8 : 0))};
  if (with_record) {
    for (const auto& h : event.keep_alive->headers()) {
      add(*list, h.name, h.value);
    }
  }
  for (const auto& h : event.headers) {
    add(*list, h.name, h.value_is_null ? bytes_ref{} : bytes_ref{h.value.data(), h.value.size()});
  }
  return list;
}

rd_kafka_vu_t field(rd_kafka_vtype_t type) {
  rd_kafka_vu_t f{};
  f.vtype = type;
  return f;
}

rd_kafka_vu_t bytes_field(rd_kafka_vtype_t type, const bytes_ref& bytes) {
  auto f = field(type);
  // The library only reads it: without a flag it neither copies nor frees the value.
  f.u.mem.ptr = const_cast<char*>(bytes.is_null() ? nullptr : bytes.view().data());
  f.u.mem.size = bytes.size();
  return f;
}

} // namespace

result<std::unique_ptr<producing_client>> producing_client::create(
    const settings& config, producer_mode mode, const producer_limits& limits,
    client_health& health, const wakeup& reports, batching batches) {
  using outcome = result<std::unique_ptr<producing_client>>;
  auto conf = make_conf(config, role_of(mode));
  if (!conf) {
    return outcome::failure(conf.error());
  }
  if (auto failure = set_limits(*conf.value(), config, limits, batches); !failure.empty()) {
    return outcome::failure(std::move(failure));
  }
  std::unique_ptr<producing_client> made{new producing_client{health}};
  made->keyless_.duration_ns =
      std::max<std::int64_t>(config.producer.linger.count(), 1) * 2'000'000;
  auto* const topic_conf = rd_kafka_conf_get_default_topic_conf(conf.value().get());
  rd_kafka_topic_conf_set_partitioner_cb(topic_conf, partition_of);
  rd_kafka_topic_conf_set_opaque(topic_conf, &made->keyless_);
  rd_kafka_conf_set_events(conf.value().get(), RD_KAFKA_EVENT_DR | RD_KAFKA_EVENT_ERROR);
  auto client = make_client(std::move(conf).value(), role_of(mode), health);
  if (!client) {
    return outcome::failure(client.error());
  }
  made->client_ = std::move(client).value();
  made->queue_.reset(rd_kafka_queue_get_main(made->client_.get()));
  const auto raise = wakeup::raise_bytes();
  rd_kafka_queue_io_event_enable(made->queue_.get(), reports.descriptor(), raise.data(),
                                 raise.size());
  return made;
}

producing_client::~producing_client() {
  if (queue_ != nullptr) {
    rd_kafka_queue_io_event_enable(queue_.get(), -1, nullptr, 0);
  }
  // Handles first, or the client waits for them.
  topics_.clear();
  queue_.reset();
}

// Also sees events without a key: the library's stickiness is switched off. Called with its locks
// held, on this thread or, for a topic that was not known at first, on its own.
std::int32_t producing_client::partition_of(const rd_kafka_topic_t* topic, const void* key,
                                            size_t key_size, std::int32_t count, void* topic_opaque,
                                            void* event_opaque) {
  if (const auto* const which = static_cast<const delivery_book::slot*>(event_opaque)) {
    if (const auto seed = which->event().partition_seed) {
      return static_cast<std::int32_t>(*seed % static_cast<std::uint32_t>(count));
    }
  }
  if (key != nullptr) {
    return rd_kafka_msg_partitioner_murmur2_random(topic, key, key_size, count, nullptr, nullptr);
  }
  auto& choice = *static_cast<keyless_choice*>(topic_opaque);
  const auto now = steady_ns();
  auto seed = choice.seed.load(std::memory_order_relaxed);
  const auto partition = [&] {
    return static_cast<std::int32_t>(seed % static_cast<std::uint32_t>(count));
  };
  if (now >= choice.until_ns.load(std::memory_order_relaxed) ||
      rd_kafka_topic_partition_available(topic, partition()) == 0) {
    seed = static_cast<std::uint32_t>(
        rd_kafka_msg_partitioner_random(topic, nullptr, 0, count, nullptr, nullptr));
    choice.seed.store(seed, std::memory_order_relaxed);
    choice.until_ns.store(now + choice.duration_ns, std::memory_order_relaxed);
  }
  return partition();
}

rd_kafka_topic_t* producing_client::topic(const std::string& name) {
  const auto found = topics_.find(name);
  if (found != topics_.end()) {
    return found->second.get();
  }
  if (topics_.size() >= most_topics) {
    return nullptr;
  }
  topic_ptr handle{rd_kafka_topic_new(client_.get(), name.c_str(), nullptr)};
  auto* const raw = handle.get();
  if (raw != nullptr) {
    topics_.emplace(name, std::move(handle));
  }
  return raw;
}

rd_kafka_resp_err_t producing_client::produce(delivery_book::slot& which) {
  const auto& event = which.event();
  auto* const to =
      topics_.size() < most_topics || topics_.contains(event.topic) ? topic(event.topic) : nullptr;
  std::array<rd_kafka_vu_t, 7> fields{};
  std::size_t count = 0;
  if (to != nullptr) {
    fields[count] = field(RD_KAFKA_VTYPE_RKT);
    fields[count++].u.rkt = to;
  } else {
    fields[count] = field(RD_KAFKA_VTYPE_TOPIC);
    fields[count++].u.cstr = event.topic.c_str();
  }
  fields[count++] = bytes_field(RD_KAFKA_VTYPE_KEY, event.key_bytes());
  fields[count++] = bytes_field(RD_KAFKA_VTYPE_VALUE, event.value_bytes());
  fields[count] = field(RD_KAFKA_VTYPE_OPAQUE);
  fields[count++].u.ptr = &which;
  fields[count] = field(RD_KAFKA_VTYPE_PARTITION);
  fields[count++].u.i32 = event.partition ? event.partition->value() : RD_KAFKA_PARTITION_UA;
  if (event.timestamp_ms != 0) {
    fields[count] = field(RD_KAFKA_VTYPE_TIMESTAMP);
    fields[count++].u.i64 = event.timestamp_ms;
  }
  auto headers = headers_of(event);
  if (headers != nullptr) {
    fields[count] = field(RD_KAFKA_VTYPE_HEADERS);
    fields[count++].u.headers = headers.get();
  }
  const error_ptr error{rd_kafka_produceva(client_.get(), fields.data(), count)};
  if (error == nullptr) {
    static_cast<void>(headers.release()); // the message owns them now
    return RD_KAFKA_RESP_ERR_NO_ERROR;
  }
  const auto code = rd_kafka_error_code(error.get());
  if (code == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC) {
    topics_.erase(event.topic); // a new handle asks the brokers again
  }
  return code;
}

void producing_client::take_reports(const report_function& report) {
  while (const event_ptr event{rd_kafka_queue_poll(queue_.get(), 0)}) {
    switch (rd_kafka_event_type(event.get())) {
      case RD_KAFKA_EVENT_DR:
        while (const auto* message = rd_kafka_event_message_next(event.get())) {
          report(*static_cast<delivery_book::slot*>(message->_private), *message);
        }
        break;
      case RD_KAFKA_EVENT_ERROR:
        health_.on_error(rd_kafka_event_error_is_fatal(event.get()) != 0
                             ? RD_KAFKA_RESP_ERR__FATAL
                             : rd_kafka_event_error(event.get()),
                         rd_kafka_event_error_string(event.get()));
        break;
      default: break;
    }
  }
}

void producing_client::purge() {
  rd_kafka_purge(client_.get(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT |
                                    RD_KAFKA_PURGE_F_NON_BLOCKING);
}

void producing_client::ask_brokers() {
  if (brokers_answer(*client_)) {
    health_.answered();
  }
}

bool producing_client::fatal() const {
  return rd_kafka_fatal_error(client_.get(), nullptr, 0) != RD_KAFKA_RESP_ERR_NO_ERROR;
}

} // namespace streamer

#include "tests/support/ledger_producer.hpp"

#include <array>
#include <catch2/catch_test_macros.hpp>
#include <memory>
#include <random>
#include <stdexcept>

namespace streamer::test {
namespace {

void require_no_error(rd_kafka_error_t* raw, const std::string& what) {
  const error_ptr error{raw};
  if (error) {
    FAIL(what << ": " << rd_kafka_error_string(error.get()));
  }
}

rd_kafka_headers_t* native_headers(const std::vector<header>& headers) {
  auto* result = rd_kafka_headers_new(headers.size());
  for (const auto& h : headers) {
    const auto size = static_cast<ssize_t>(h.value ? h.value->size() : 0);
    rd_kafka_header_add(result, h.name.data(), static_cast<ssize_t>(h.name.size()),
                        h.value ? h.value->data() : nullptr, size);
  }
  return result;
}

rd_kafka_vu_t bytes_argument(rd_kafka_vtype_t type, const std::optional<std::string>& bytes) {
  rd_kafka_vu_t argument{};
  argument.vtype = type;
  // librdkafka takes no pointer for null, and a pointer for empty.
  argument.u.mem.ptr = bytes ? const_cast<char*>(bytes->data()) : nullptr;
  argument.u.mem.size = bytes ? bytes->size() : 0;
  return argument;
}

rd_kafka_resp_err_t submit(rd_kafka_t* client, const std::string& topic, std::int32_t partition,
                           const sent_record& record, std::size_t index) {
  auto* headers = native_headers(record.headers);
  std::array<rd_kafka_vu_t, 8> arguments{};
  arguments[0].vtype = RD_KAFKA_VTYPE_TOPIC;
  arguments[0].u.cstr = topic.c_str();
  arguments[1].vtype = RD_KAFKA_VTYPE_PARTITION;
  arguments[1].u.i32 = partition;
  arguments[2].vtype = RD_KAFKA_VTYPE_MSGFLAGS;
  arguments[2].u.i = RD_KAFKA_MSG_F_COPY;
  arguments[3] = bytes_argument(RD_KAFKA_VTYPE_KEY, record.key);
  arguments[4] = bytes_argument(RD_KAFKA_VTYPE_VALUE, record.value);
  arguments[5].vtype = RD_KAFKA_VTYPE_HEADERS;
  arguments[5].u.headers = headers;
  arguments[6].vtype = RD_KAFKA_VTYPE_OPAQUE;
  arguments[6].u.ptr = reinterpret_cast<void*>(index);
  arguments[7].vtype = RD_KAFKA_VTYPE_TIMESTAMP;
  arguments[7].u.i64 = record.create_ms;
  const error_ptr error{rd_kafka_produceva(client, arguments.data(), arguments.size())};
  if (!error) {
    return RD_KAFKA_RESP_ERR_NO_ERROR;
  }
  rd_kafka_headers_destroy(headers); // the client's only when it took the record
  return rd_kafka_error_code(error.get());
}

} // namespace

ledger_producer::ledger_producer(const std::string& bootstrap, std::string topic,
                                 const std::string& transactional_id, client_properties properties)
    : topic_{topic}, maker_{std::move(topic)} {
  properties.emplace("enable.idempotence", "true");
  properties.emplace("partitioner", "murmur2_random");
  properties.emplace("linger.ms", "2");
  properties.emplace("compression.type", "lz4");
  if (!transactional_id.empty()) {
    properties.emplace("transactional.id", transactional_id);
  }
  client_ = make_client(RD_KAFKA_PRODUCER, bootstrap, properties, &on_delivered, this);
  if (!transactional_id.empty()) {
    require_no_error(rd_kafka_init_transactions(client_.get(), 30'000), "init transactions");
  }
}

ledger_producer::~ledger_producer() {
  stopping_ = true;
  if (thread_.joinable()) {
    thread_.join();
  }
  rd_kafka_purge(client_.get(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
  rd_kafka_flush(client_.get(), 1000);
}

void ledger_producer::on_delivered(rd_kafka_t*, const rd_kafka_message_t* message, void* self) {
  auto& producer = *static_cast<ledger_producer*>(self);
  const auto index = reinterpret_cast<std::uintptr_t>(message->_private);
  const std::lock_guard lock{producer.mutex_};
  auto& record = producer.ledger_[index];
  record.partition = message->partition;
  record.offset = message->offset;
  if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
    record.state = sent_state::acknowledged;
    producer.acknowledged_.fetch_add(1);
  } else {
    record.state = sent_state::failed;
  }
}

std::size_t ledger_producer::enter(sent_record record) {
  record.sent_ms = wall_ms();
  const std::lock_guard lock{mutex_};
  ledger_.push_back(std::move(record));
  return ledger_.size() - 1;
}

void ledger_producer::produce(std::size_t index, std::int32_t partition) {
  const sent_record* record = nullptr;
  {
    // A deque does not move its elements; only delivery reports write to this one.
    const std::lock_guard lock{mutex_};
    record = &ledger_[index];
  }
  for (;;) {
    const auto code = submit(client_.get(), topic_, partition, *record, index);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
      break;
    }
    if (code != RD_KAFKA_RESP_ERR__QUEUE_FULL) {
      // Not FAIL: this may run on a thread of its own.
      throw std::runtime_error{std::string{"the ledger cannot produce: "} + rd_kafka_err2str(code)};
    }
    rd_kafka_poll(client_.get(), 10);
  }
  rd_kafka_poll(client_.get(), 0);
}

void ledger_producer::send(sent_record record) {
  produce(enter(std::move(record)), RD_KAFKA_PARTITION_UA);
}

void ledger_producer::send_to(std::int32_t partition, sent_record record) {
  produce(enter(std::move(record)), partition);
}

void ledger_producer::flush(milliseconds timeout) {
  require_ok(rd_kafka_flush(client_.get(), static_cast<int>(timeout.count())),
             "the ledger's records are not all acknowledged");
}

void ledger_producer::begin_transaction() {
  require_no_error(rd_kafka_begin_transaction(client_.get()), "begin transaction");
  const std::lock_guard lock{mutex_};
  transaction_begin_ = ledger_.size();
}

void ledger_producer::commit_transaction() {
  require_no_error(rd_kafka_commit_transaction(client_.get(), 30'000), "commit transaction");
}

void ledger_producer::abort_transaction() {
  // Flushed first: aborting drops what has not been sent, and then there is nothing to hide.
  flush();
  require_no_error(rd_kafka_abort_transaction(client_.get(), 30'000), "abort transaction");
  const std::lock_guard lock{mutex_};
  for (auto i = transaction_begin_; i < ledger_.size(); ++i) {
    ledger_[i].state = sent_state::aborted;
  }
}

void ledger_producer::pace(const load& what, std::uint64_t count) {
  using clock = std::chrono::steady_clock;
  std::mt19937_64 random{what.seed};
  const auto begin = clock::now();
  for (std::uint64_t n = 0; n < count && !stopping_; ++n) {
    const auto due = begin + std::chrono::duration_cast<clock::duration>(
                                 std::chrono::duration<double>{static_cast<double>(n) / what.rate});
    while (!stopping_ && clock::now() < due) {
      rd_kafka_poll(client_.get(), 1);
    }
    const auto tenant = "tenant-" + std::to_string(random() % what.tenants);
    const auto key = "key-" + std::to_string(random() % what.keys);
    auto record = maker_.make(tenant, key, what.value_bytes,
                              what.headers ? what.headers(n) : std::vector<header>{});
    record.create_ms = what.create_ms ? what.create_ms(n) : 0;
    send(std::move(record));
  }
}

void ledger_producer::run(const load& what, std::uint64_t count) {
  pace(what, count);
  flush();
}

void ledger_producer::start(const load& what) {
  stopping_ = false;
  thread_ = std::thread{[this, what] {
    try {
      pace(what, UINT64_MAX);
    } catch (...) {
      thread_failure_ = std::current_exception();
    }
  }};
}

void ledger_producer::stop() {
  stopping_ = true;
  if (thread_.joinable()) {
    thread_.join();
  }
  stopping_ = false;
  if (thread_failure_) {
    std::rethrow_exception(thread_failure_);
  }
  flush();
}

std::vector<sent_record> ledger_producer::sent() const {
  const std::lock_guard lock{mutex_};
  return {ledger_.begin(), ledger_.end()};
}

} // namespace streamer::test

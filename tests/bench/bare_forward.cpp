// Consume and produce with librdkafka alone, on one thread: the measure of the worker's `forward`.
//
//   bench_bare_forward BOOTSTRAP TOPIC records=N to=TOPIC [property.name=VALUE …]
//
// Key, value and headers go on as they are, without a copy. A record is done when its output is
// acknowledged, and only then may its offset be committed. The properties are the consumer's; the
// producer has `linger` (ms, 5) and `compression` (lz4).
#include "tests/bench/bare_consumer.hpp"
#include "tests/bench/offset_book.hpp"

namespace streamer::bench {
namespace {

struct forwarding {
  offset_book offsets;
  run_result done;
  std::uint64_t read = 0;
};

void acknowledged(rd_kafka_t*, const rd_kafka_message_t* sent, void* opaque) {
  auto& state = *static_cast<forwarding*>(opaque);
  auto* const source = static_cast<rd_kafka_message_t*>(sent->_private);
  if (sent->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
    fail(std::string{"an output was refused: "} + rd_kafka_err2str(sent->err));
  }
  state.offsets.finished(source->partition, source->offset);
  ++state.done.records;
  rd_kafka_message_destroy(source);
}

rd_kafka_t* make_producer(const arguments& given, forwarding& state) {
  auto* const conf = rd_kafka_conf_new();
  set(conf, "bootstrap.servers", given.bootstrap());
  set(conf, "enable.idempotence", "true");
  set(conf, "partitioner", "murmur2_random");
  set(conf, "linger.ms", given.text("linger", "5"));
  set(conf, "compression.codec", given.text("compression", "lz4"));
  rd_kafka_conf_set_opaque(conf, &state);
  rd_kafka_conf_set_dr_msg_cb(conf, acknowledged);
  return make_client(RD_KAFKA_PRODUCER, conf);
}

// The output takes the source's bytes along, and lets go of them when it is acknowledged.
void forward(rd_kafka_t* producer, const char* to, rd_kafka_message_t* message) {
  rd_kafka_headers_t* headers = nullptr;
  rd_kafka_message_detach_headers(message, &headers);
  std::array<rd_kafka_vu_t, 5> parts{};
  parts[0].vtype = RD_KAFKA_VTYPE_TOPIC;
  parts[0].u.cstr = to;
  parts[1].vtype = RD_KAFKA_VTYPE_KEY;
  parts[1].u.mem = {message->key, message->key_len};
  parts[2].vtype = RD_KAFKA_VTYPE_VALUE;
  parts[2].u.mem = {message->payload, message->len};
  parts[3].vtype = RD_KAFKA_VTYPE_OPAQUE;
  parts[3].u.ptr = message;
  parts[4].vtype = RD_KAFKA_VTYPE_HEADERS;
  parts[4].u.headers = headers;
  for (;;) {
    auto* const error =
        rd_kafka_produceva(producer, parts.data(), headers == nullptr ? 4 : parts.size());
    if (error == nullptr) {
      return;
    }
    const auto why = rd_kafka_error_code(error);
    rd_kafka_error_destroy(error);
    if (why != RD_KAFKA_RESP_ERR__QUEUE_FULL) {
      fail(rd_kafka_err2str(why));
    }
    rd_kafka_poll(producer, 10);
  }
}

int run(const arguments& given) {
  const auto records = given.number("records", 0);
  const auto to = given.text("to", "");
  forwarding state;
  auto* const producer = make_producer(given, state);
  {
    bare_consumer consumer{given};
    auto moved = clock::now();
    while (state.done.records < records && clock::now() - moved < patience) {
      const auto batch = consumer.take(state.read < records ? 10 : 0);
      for (auto* const message : batch) {
        if (is_error(*message)) {
          rd_kafka_message_destroy(message);
          continue;
        }
        if (state.read++ == 0) {
          state.done.begins();
        }
        state.offsets.received(message->partition, message->offset);
        state.done.checksum += checksum_of(*message);
        forward(producer, to.c_str(), message);
        moved = clock::now();
      }
      rd_kafka_poll(producer, batch.empty() ? 1 : 0);
      state.offsets.store(consumer.client(), consumer.topic().c_str());
    }
    state.done.ends();
    print_result(state.done);
  }
  rd_kafka_destroy(producer);
  return state.done.records == records ? 0 : 1;
}

} // namespace
} // namespace streamer::bench

int main(int argc, char** argv) {
  return streamer::bench::run({argc, argv, "records=N to=TOPIC [property.name=VALUE ...]"});
}

// From the intended send time to a plain consumer's hands: the measure of the worker's latency.
//
//   bench_bare_latency BOOTSTRAP TOPIC records=N [skip=N] [property.name=VALUE …]
//
// One poll a record. The first `skip` records by number warm it up: neither their latency nor their
// CPU time counts. Says `ready` once it has its partitions.
#include "tests/bench/bare_consumer.hpp"
#include "tests/bench/latency_book.hpp"

namespace streamer::bench {
namespace {

bool has_partitions(rd_kafka_t* client) {
  rd_kafka_topic_partition_list_t* assigned = nullptr;
  if (rd_kafka_assignment(client, &assigned) != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return false;
  }
  const bool some = assigned->cnt > 0;
  rd_kafka_topic_partition_list_destroy(assigned);
  return some;
}

int run(const arguments& given) {
  const auto records = given.number("records", 0);
  const auto skip = given.number("skip", 0);
  bare_consumer consumer{given};
  latency_book latencies;
  run_result done;
  run_result measured;
  bool ready = false;
  done.last = clock::now();
  while (done.records < records && clock::now() - done.last < patience) {
    auto* const message = rd_kafka_consumer_poll(consumer.client(), 100);
    if (!ready && has_partitions(consumer.client())) {
      ready = true;
      std::puts("ready=1");
      std::fflush(stdout);
    }
    if (message == nullptr) {
      continue;
    }
    if (!is_error(*message)) {
      const auto now = clock::now();
      const auto mark = mark_of({static_cast<const char*>(message->payload), message->len});
      if (done.records == skip) {
        measured.begins();
      }
      if (mark.number >= skip) {
        latencies.add(mark.intended_ns, now);
      }
      done.begins();
      ++done.records;
      done.checksum += checksum_of(*message);
      done.last = now;
      rd_kafka_error_destroy(rd_kafka_offset_store_message(message));
    }
    rd_kafka_message_destroy(message);
  }
  measured.ends();
  measured.records = done.records;
  measured.checksum = done.checksum;
  print_result(measured, latencies.text());
  return done.records == records ? 0 : 1;
}

} // namespace
} // namespace streamer::bench

int main(int argc, char** argv) {
  return streamer::bench::run({argc, argv, "records=N [skip=N] [property.name=VALUE ...]"});
}

// What librdkafka alone can do, on one thread: the measure of the worker where a topic is drained.
//
//   bench_bare_drain BOOTSTRAP TOPIC records=N [property.name=VALUE …]
//
// A batch loop as one would write it by hand: it reads the tenant's header, computes the checksum,
// and commits what is done every second. records=0: until it is killed.
#include "tests/bench/bare_consumer.hpp"

namespace streamer::bench {
namespace {

// Stores what a batch has finished.
void store(const bare_consumer& consumer, std::span<rd_kafka_message_t* const> batch) {
  auto* const offsets = rd_kafka_topic_partition_list_new(12);
  for (const auto* const message : batch) {
    if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
      continue;
    }
    auto* next =
        rd_kafka_topic_partition_list_find(offsets, consumer.topic().c_str(), message->partition);
    if (next == nullptr) {
      next =
          rd_kafka_topic_partition_list_add(offsets, consumer.topic().c_str(), message->partition);
    }
    next->offset = message->offset + 1;
  }
  rd_kafka_offsets_store(consumer.client(), offsets);
  rd_kafka_topic_partition_list_destroy(offsets);
}

int run(const arguments& given) {
  const auto records = given.number("records", 0);
  bare_consumer consumer{given};
  run_result done;
  done.last = clock::now();
  while (records == 0 || (done.records < records && clock::now() - done.last < patience)) {
    const auto batch = consumer.take(10);
    if (batch.empty()) {
      continue;
    }
    for (auto* const message : batch) {
      if (is_error(*message)) {
        continue;
      }
      if (done.records == 0) {
        done.begins();
        print_first(done.first);
      }
      ++done.records;
      done.checksum += checksum_of(*message);
    }
    store(consumer, batch);
    for (auto* const message : batch) {
      rd_kafka_message_destroy(message);
    }
    done.last = clock::now();
  }
  done.last_cpu_s = cpu_seconds();
  print_result(done);
  return done.records == records ? 0 : 1;
}

} // namespace
} // namespace streamer::bench

int main(int argc, char** argv) {
  return streamer::bench::run({argc, argv, "records=N [property.name=VALUE ...]"});
}

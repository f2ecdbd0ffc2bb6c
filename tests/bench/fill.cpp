// Topics for scripts/bench.
//
//   bench_fill BOOTSTRAP TOPIC [records=N] [what the records are: events.hpp] [property.name=VALUE
//   …] bench_fill BOOTSTRAP TOPIC do=create|delete|count
//
// Fills a new topic of `partitions` (12) by key. `mib` instead of `records` bounds the sum of the
// values. `retries` records with keys of their own come before all others; the worker's handler
// `retrying` never gets done with them, and the sum that is told leaves them out.
#include "tests/bench/events.hpp"
#include "tests/bench/run_result.hpp"

namespace streamer::bench {
namespace {

void fill(const arguments& given) {
  const event_plan plan{given};
  event_source events{plan};
  std::uint64_t refused = 0;
  auto* const conf = rd_kafka_conf_new();
  set(conf, "bootstrap.servers", given.bootstrap());
  set(conf, "enable.idempotence", "true");
  set(conf, "partitioner", "murmur2_random");
  set(conf, "linger.ms", "20");
  set_all(conf, given.dotted());
  rd_kafka_conf_set_opaque(conf, &refused);
  rd_kafka_conf_set_dr_msg_cb(conf, [](rd_kafka_t*, const rd_kafka_message_t* m, void* opaque) {
    *static_cast<std::uint64_t*>(opaque) += m->err == RD_KAFKA_RESP_ERR_NO_ERROR ? 0U : 1U;
  });
  auto* const client = make_client(RD_KAFKA_PRODUCER, conf);
  create_topic(client, given.topic().c_str(), static_cast<int>(given.number("partitions", 12)));
  const auto retries = given.number("retries", 0);
  for (std::uint64_t i = 0; i < retries; ++i) {
    auto e = events.next(i);
    e.key = "retry-" + std::to_string(i);
    e.tenant = "tenant-" + std::to_string(i % plan.tenants);
    send(client, given.topic().c_str(), e, i, plan.headers);
  }
  const auto records = given.number("records", 0);
  const auto most_bytes = given.number("mib", 0) << 20U;
  if ((records == 0) == (most_bytes == 0)) {
    fail("one of records and mib says how much");
  }
  run_result sent;
  sent.begins();
  std::uint64_t bytes = 0;
  for (; records > 0 ? sent.records < records : bytes < most_bytes; ++sent.records) {
    const auto& e = events.next(sent.records);
    bytes += e.value.size();
    sent.checksum += checksum(e.value, e.tenant);
    send(client, given.topic().c_str(), e, sent.records, plan.headers);
    if (sent.records % 1000 == 0) {
      rd_kafka_poll(client, 0);
    }
  }
  if (rd_kafka_flush(client, 120'000) != RD_KAFKA_RESP_ERR_NO_ERROR || refused > 0) {
    fail("the broker did not take all records");
  }
  sent.ends();
  print_result(sent);
  rd_kafka_destroy(client);
}

void administer(const arguments& given, const std::string& what) {
  auto* const conf = rd_kafka_conf_new();
  set(conf, "bootstrap.servers", given.bootstrap());
  auto* const client = make_client(RD_KAFKA_PRODUCER, conf);
  if (what == "create") {
    create_topic(client, given.topic().c_str(), static_cast<int>(given.number("partitions", 12)));
  } else if (what == "delete") {
    delete_topic(client, given.topic().c_str());
  } else if (what == "count") {
    std::printf("records=%" PRIu64 "\n", count_records(client, given.topic().c_str()));
  } else {
    fail("do=" + what + ": create, delete and count are possible");
  }
  rd_kafka_destroy(client);
}

} // namespace
} // namespace streamer::bench

int main(int argc, char** argv) {
  const streamer::bench::arguments given{argc, argv, "[records=N] [name=value ...]"};
  const auto what = given.text("do", "fill");
  if (what == "fill") {
    streamer::bench::fill(given);
  } else {
    streamer::bench::administer(given, what);
  }
  return 0;
}

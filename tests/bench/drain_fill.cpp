// Fills a new topic for `scripts/bench drain`.
//
//   drain_fill BOOTSTRAP TOPIC RECORDS one|seven
//   drain_fill BOOTSTRAP TOPIC delete
//
// 12 partitions by key, 8 tenants, 10,000 keys (Zipf 0.99), values of 200 bytes that do not
// compress. `one`: the tenant's header alone; `seven`: the headers of a CloudEvent.
#include "tests/bench/drain_client.hpp"
#include "tests/bench/drain_task.hpp"

#include <algorithm>
#include <cmath>
#include <random>
#include <string_view>
#include <vector>

namespace streamer::bench {
namespace {

constexpr int partitions = 12;
constexpr std::size_t tenants = 8;
constexpr std::size_t keys = 10'000;
constexpr double zipf_skew = 0.99;
constexpr std::size_t value_bytes = 200;
constexpr std::size_t templates = 100'000;
// The same topic at every run.
constexpr std::uint64_t seed = 42;

struct event {
  std::string key;
  std::string tenant;
  std::string value;
};

std::vector<event> make_events(std::mt19937_64& random) {
  std::vector<double> up_to(keys);
  double total = 0;
  for (std::size_t i = 0; i < keys; ++i) {
    total += std::pow(static_cast<double>(i + 1), -zipf_skew);
    up_to[i] = total;
  }
  std::uniform_real_distribution<double> draw{0, total};
  std::vector<event> made(templates);
  for (auto& e : made) {
    const auto key = static_cast<std::size_t>(
        std::lower_bound(up_to.begin(), up_to.end() - 1, draw(random)) - up_to.begin());
    e.key = "key-" + std::to_string(10'000 + key);
    e.tenant = "tenant-" + std::to_string(key % tenants);
    e.value.resize(value_bytes);
    std::ranges::generate(e.value, [&] { return static_cast<char>(random() & 0xffU); });
  }
  return made;
}

/// Creates the topic, or deletes it.
void change_topic(rd_kafka_t* client, const char* name, bool wanted) {
  std::array<char, 256> reason{};
  auto* const queue = rd_kafka_queue_new(client);
  if (wanted) {
    auto* topic = rd_kafka_NewTopic_new(name, partitions, -1, reason.data(), reason.size());
    rd_kafka_CreateTopics(client, &topic, 1, nullptr, queue);
    rd_kafka_NewTopic_destroy(topic);
  } else {
    auto* topic = rd_kafka_DeleteTopic_new(name);
    rd_kafka_DeleteTopics(client, &topic, 1, nullptr, queue);
    rd_kafka_DeleteTopic_destroy(topic);
  }
  auto* const answer = rd_kafka_queue_poll(queue, 30'000);
  if (answer == nullptr || rd_kafka_event_error(answer) != RD_KAFKA_RESP_ERR_NO_ERROR) {
    fail(std::string{name} + ": the broker did not answer");
  }
  std::size_t count = 0;
  const auto* const* results =
      wanted
          ? rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(answer), &count)
          : rd_kafka_DeleteTopics_result_topics(rd_kafka_event_DeleteTopics_result(answer), &count);
  for (std::size_t i = 0; i < count; ++i) {
    if (rd_kafka_topic_result_error(results[i]) != RD_KAFKA_RESP_ERR_NO_ERROR) {
      fail(std::string{name} + ": " + rd_kafka_topic_result_error_string(results[i]));
    }
  }
  rd_kafka_event_destroy(answer);
  rd_kafka_queue_destroy(queue);
}

rd_kafka_headers_t* make_headers(const event& e, std::uint64_t id, bool seven) {
  auto* const headers = rd_kafka_headers_new(7);
  const auto add = [headers](const char* name, const std::string& value) {
    rd_kafka_header_add(headers, name, -1, value.data(), static_cast<ssize_t>(value.size()));
  };
  if (seven) {
    add("ce_specversion", "1.0");
    add("ce_id", "0a1b2c3d-" + std::to_string(1'000'000'000'000ULL + id));
    add("ce_source", "/streamer/bench");
    add("ce_type", "bench.drain");
    add("ce_time", "2026-01-01T00:00:00.000Z");
  }
  add(tenant_header, e.tenant);
  if (seven) {
    add("content-type", "application/json");
  }
  return headers;
}

void send(rd_kafka_t* client, const char* topic, const event& e, std::uint64_t id, bool seven) {
  for (;;) {
    auto* const headers = make_headers(e, id, seven);
    std::array<rd_kafka_vu_t, 5> parts{};
    parts[0].vtype = RD_KAFKA_VTYPE_TOPIC;
    parts[0].u.cstr = topic;
    parts[1].vtype = RD_KAFKA_VTYPE_KEY;
    parts[1].u.mem = {const_cast<char*>(e.key.data()), e.key.size()};
    parts[2].vtype = RD_KAFKA_VTYPE_VALUE;
    parts[2].u.mem = {const_cast<char*>(e.value.data()), e.value.size()};
    parts[3].vtype = RD_KAFKA_VTYPE_HEADERS;
    parts[3].u.headers = headers;
    parts[4].vtype = RD_KAFKA_VTYPE_MSGFLAGS;
    parts[4].u.i = RD_KAFKA_MSG_F_COPY;
    auto* const error = rd_kafka_produceva(client, parts.data(), parts.size());
    const auto sent = error == nullptr ? RD_KAFKA_RESP_ERR_NO_ERROR : rd_kafka_error_code(error);
    rd_kafka_error_destroy(error);
    if (sent == RD_KAFKA_RESP_ERR_NO_ERROR) {
      return;
    }
    rd_kafka_headers_destroy(headers);
    if (sent != RD_KAFKA_RESP_ERR__QUEUE_FULL) {
      fail(rd_kafka_err2str(sent));
    }
    rd_kafka_poll(client, 10);
  }
}

int remove(const char* bootstrap, const char* topic) {
  auto* const conf = rd_kafka_conf_new();
  set(conf, "bootstrap.servers", bootstrap);
  auto* const client = make_client(RD_KAFKA_PRODUCER, conf);
  change_topic(client, topic, false);
  rd_kafka_destroy(client);
  return 0;
}

// The values of the templates, each with a number of its own, so that a record that comes twice
// cannot stand for one that is lost.
int fill(const char* bootstrap, const char* topic, std::uint64_t records, bool seven) {
  std::uint64_t refused = 0;
  auto* const conf = rd_kafka_conf_new();
  set(conf, "bootstrap.servers", bootstrap);
  set(conf, "enable.idempotence", "true");
  set(conf, "partitioner", "murmur2_random");
  set(conf, "linger.ms", "20");
  rd_kafka_conf_set_opaque(conf, &refused);
  rd_kafka_conf_set_dr_msg_cb(conf, [](rd_kafka_t*, const rd_kafka_message_t* m, void* opaque) {
    *static_cast<std::uint64_t*>(opaque) += m->err == RD_KAFKA_RESP_ERR_NO_ERROR ? 0U : 1U;
  });
  auto* const client = make_client(RD_KAFKA_PRODUCER, conf);
  change_topic(client, topic, true);
  std::mt19937_64 random{seed};
  auto events = make_events(random);
  drain_result sent;
  sent.first = clock::now();
  for (std::uint64_t i = 0; i < records; ++i) {
    auto& e = events[random() % events.size()];
    std::memcpy(e.value.data(), &i, sizeof i);
    sent.checksum += checksum(e.value, e.tenant);
    send(client, topic, e, i, seven);
    if (i % 1000 == 0) {
      rd_kafka_poll(client, 0);
    }
  }
  sent.records = records;
  if (rd_kafka_flush(client, 120'000) != RD_KAFKA_RESP_ERR_NO_ERROR || refused > 0) {
    fail("the broker did not take all records");
  }
  sent.last = clock::now();
  print_result(sent);
  rd_kafka_destroy(client);
  return 0;
}

} // namespace
} // namespace streamer::bench

int main(int argc, char** argv) {
  const std::vector<std::string_view> arguments(argv + 1, argv + argc);
  if (arguments.size() == 3 && arguments[2] == "delete") {
    return streamer::bench::remove(argv[1], argv[2]);
  }
  if (arguments.size() != 4 || (arguments[3] != "one" && arguments[3] != "seven")) {
    std::fputs(
        "usage: drain_fill BOOTSTRAP TOPIC RECORDS one|seven\n"
        "       drain_fill BOOTSTRAP TOPIC delete\n",
        stderr);
    return 2;
  }
  return streamer::bench::fill(argv[1], argv[2], std::strtoull(argv[3], nullptr, 10),
                               arguments[3] == "seven");
}

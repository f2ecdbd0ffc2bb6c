// The library, as scripts/lib/patches mends it: what a producer does while it waits for its broker.
#include "runtime/kafka/handles.hpp"
#include "tests/mock/mock_cluster.hpp"

#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>

#include <array>
#include <chrono>
#include <cstdint>
#include <string>

namespace streamer::test {
namespace {

using namespace std::chrono_literals;

struct statistics {
  std::uint64_t wakeups = 0;  ///< of all broker threads, since the client was made
  std::uint64_t requests = 0; ///< sent by them
  std::uint64_t acknowledged = 0;
};

int on_statistics(rd_kafka_t*, char* json, std::size_t length, void* opaque) {
  auto& told = *static_cast<statistics*>(opaque);
  told.wakeups = told.requests = 0;
  const auto page = nlohmann::json::parse(json, json + length);
  for (const auto& broker : page.at("brokers")) {
    told.wakeups += broker.at("wakeups").get<std::uint64_t>();
    told.requests += broker.at("tx").get<std::uint64_t>();
  }
  return 0;
}

void on_delivered(rd_kafka_t*, const rd_kafka_message_t* sent, void* opaque) {
  static_cast<statistics*>(opaque)->acknowledged += sent->err == RD_KAFKA_RESP_ERR_NO_ERROR ? 1 : 0;
}

bool produce(rd_kafka_t& client, const char* topic, std::string value) {
  std::array<rd_kafka_vu_t, 3> parts{};
  parts[0].vtype = RD_KAFKA_VTYPE_TOPIC;
  parts[0].u.cstr = topic;
  parts[1].vtype = RD_KAFKA_VTYPE_VALUE;
  parts[1].u.mem = {value.data(), value.size()};
  parts[2].vtype = RD_KAFKA_VTYPE_MSGFLAGS;
  parts[2].u.i = RD_KAFKA_MSG_F_COPY;
  return !error_ptr{rd_kafka_produceva(&client, parts.data(), parts.size())};
}

client_ptr make_producer(const std::string& bootstrap, statistics& told) {
  auto* const conf = rd_kafka_conf_new();
  const auto set = [conf](const char* name, const char* value) {
    REQUIRE(rd_kafka_conf_set(conf, name, value, nullptr, 0) == RD_KAFKA_CONF_OK);
  };
  set("bootstrap.servers", bootstrap.c_str());
  set("enable.idempotence", "true");
  set("linger.ms", "5");
  set("statistics.interval.ms", "100");
  rd_kafka_conf_set_opaque(conf, &told);
  rd_kafka_conf_set_stats_cb(conf, on_statistics);
  rd_kafka_conf_set_dr_msg_cb(conf, on_delivered);
  return client_ptr{rd_kafka_new(RD_KAFKA_PRODUCER, conf, nullptr, 0)};
}

} // namespace

// Unmended, it goes round hundreds of thousands of times here.
TEST_CASE("a producer's threads sleep while its events wait for those that are on their way") {
  const mock_cluster cluster;
  cluster.create_topic("t", 1);
  REQUIRE(rd_kafka_mock_broker_set_rtt(cluster.handle(), 1, 200) == RD_KAFKA_RESP_ERR_NO_ERROR);
  statistics told;
  const auto producer = make_producer(cluster.bootstrap(), told);
  REQUIRE(producer);
  constexpr std::uint64_t events = 2'000;
  for (std::uint64_t i = 0; i < events; ++i) {
    REQUIRE(produce(*producer, "t", "x"));
    rd_kafka_poll(producer.get(), 1);
  }
  REQUIRE(rd_kafka_flush(producer.get(), 60'000) == RD_KAFKA_RESP_ERR_NO_ERROR);
  CHECK(told.acknowledged == events);
  const auto give_up = std::chrono::steady_clock::now() + 20s;
  while (told.wakeups == 0 && std::chrono::steady_clock::now() < give_up) {
    rd_kafka_poll(producer.get(), 100);
  }
  CHECK(told.requests > 3);
  CHECK(told.wakeups > 0);
  CHECK(told.wakeups < 10 * events);
}

} // namespace streamer::test

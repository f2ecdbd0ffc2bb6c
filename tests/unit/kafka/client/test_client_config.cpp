#include "runtime/kafka/client_config.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators_range.hpp>

#include <array>
#include <set>
#include <string>

namespace streamer {
namespace {

std::string value_of(const conf_ptr& conf, const char* name) {
  std::array<char, 512> text{};
  auto size = text.size();
  return rd_kafka_conf_get(conf.get(), name, text.data(), &size) == RD_KAFKA_CONF_OK
             ? std::string{text.data()}
             : std::string{"<unknown>"};
}

conf_ptr conf_of(const settings& config, client_role role) {
  auto made = make_conf(config, role);
  INFO(made.error());
  REQUIRE(made);
  return std::move(made).value();
}

} // namespace

TEST_CASE("a consumer never commits by itself, nor resets, nor sees aborted records") {
  for (const auto role : {client_role::consumer, client_role::reader, client_role::fetcher}) {
    const auto conf = conf_of({}, role);
    CHECK(value_of(conf, "enable.auto.commit") == "false");
    CHECK(value_of(conf, "enable.auto.offset.store") == "false");
    CHECK(value_of(conf, "isolation.level") == "read_committed");
    CHECK(value_of(conf, "enable.partition.eof") == "true");
    CHECK(value_of(conf, "fetch.queue.backoff.ms") == "5");
    CHECK(value_of(conf, "allow.auto.create.topics") == "false");
  }
}

TEST_CASE("the classic protocol is cooperative unless the user says otherwise") {
  settings config;
  CHECK(value_of(conf_of(config, client_role::consumer), "partition.assignment.strategy") ==
        "cooperative-sticky");
  config.consumer.properties["partition.assignment.strategy"] = "range";
  CHECK(value_of(conf_of(config, client_role::consumer), "partition.assignment.strategy") ==
        "range");
  config.consumer.session_timeout = milliseconds{12'000};
  CHECK(value_of(conf_of(config, client_role::consumer), "session.timeout.ms") == "12000");
}

TEST_CASE("two heartbeats may be missed, also in a short session") {
  settings config;
  CHECK(value_of(conf_of(config, client_role::consumer), "heartbeat.interval.ms") == "3000");
  config.consumer.session_timeout = milliseconds{3'000};
  CHECK(value_of(conf_of(config, client_role::consumer), "heartbeat.interval.ms") == "1000");
  config.consumer.properties["heartbeat.interval.ms"] = "500";
  CHECK(value_of(conf_of(config, client_role::consumer), "heartbeat.interval.ms") == "500");
}

TEST_CASE("the new protocol takes nothing that is the broker's to say") {
  settings config;
  config.consumer.group_protocol = group_protocol_kind::consumer;
  struct silent final : client_hooks {
    silent() : client_hooks{log_handle{}} {}
  } hooks;
  const auto client = make_client(config, client_role::consumer, hooks);
  INFO(client.error());
  CHECK(client);
}

TEST_CASE("a producer is idempotent, waits for all replicas, and ingest alone gives up") {
  settings config;
  config.producer.delivery_timeout = milliseconds{9'000};
  const auto worker = conf_of(config, client_role::producer);
  CHECK(value_of(worker, "enable.idempotence") == "true");
  CHECK(value_of(worker, "message.timeout.ms") == "0");
  CHECK(value_of(worker, "partitioner") == "murmur2_random");
  CHECK(value_of(worker, "compression.codec") == "lz4");
  CHECK(value_of(conf_of(config, client_role::ingest), "message.timeout.ms") == "9000");
}

TEST_CASE("a user's property is taken, dotted and for its kind of client") {
  settings config;
  config.kafka.properties["socket.timeout.ms"] = "12345";
  config.consumer.properties["fetch.min.bytes"] = "7";
  config.producer.properties["batch.num.messages"] = "77";
  CHECK(value_of(conf_of(config, client_role::consumer), "socket.timeout.ms") == "12345");
  CHECK(value_of(conf_of(config, client_role::consumer), "fetch.min.bytes") == "7");
  CHECK(value_of(conf_of(config, client_role::producer), "batch.num.messages") == "77");
  CHECK(value_of(conf_of(config, client_role::admin), "socket.timeout.ms") == "12345");
}

TEST_CASE("a property that would break a guarantee is refused by name") {
  for (const auto* name : {"enable.auto.commit", "enable.idempotence", "acks", "isolation.level",
                           "auto.offset.reset", "transactional.id", "allow.auto.create.topics"}) {
    settings config;
    config.kafka.properties[name] = "true";
    const auto made = make_conf(config, client_role::consumer);
    REQUIRE_FALSE(made);
    CHECK(made.error().find(std::string{"[kafka.properties]: the property "} + name +
                            " is refused: ") == 0);
    CHECK(made.error().find('\n') == std::string::npos);
  }
}

TEST_CASE("certificates are verified unless insecurity is asked for in so many words") {
  settings config;
  config.kafka.properties["enable.ssl.certificate.verification"] = "false";
  CHECK_FALSE(make_conf(config, client_role::consumer));
  config.kafka.properties = {{"ssl.endpoint.identification.algorithm", "none"}};
  CHECK_FALSE(make_conf(config, client_role::producer));
  config.kafka.allow_insecure = true;
  CHECK(make_conf(config, client_role::producer));
}

TEST_CASE("an unknown property and a bad value are named, a secret's value is not") {
  settings config;
  config.consumer.properties["no.such.property"] = "1";
  CHECK(make_conf(config, client_role::consumer).error() ==
        "[consumer.properties]: librdkafka has no property no.such.property");
  config.consumer.properties = {{"fetch.min.bytes", "many"}};
  CHECK(make_conf(config, client_role::consumer).error().find("fetch.min.bytes") !=
        std::string::npos);
  config.consumer.properties = {{"ssl.key.pem", "hunter2"}};
  config.kafka.properties = {{"ssl.keystore.location", "/nonexistent"}};
  const auto made = make_conf(config, client_role::consumer);
  CHECK(made.error().find("hunter2") == std::string::npos);
}

TEST_CASE("credentials are set for SASL only") {
  settings config;
  config.kafka.sasl_username = "user";
  config.kafka.sasl_password = secret{"hunter2"};
  CHECK(value_of(conf_of(config, client_role::consumer), "sasl.username") == "<unknown>");
  config.kafka.security_protocol = security_protocol_kind::sasl_plaintext;
  config.kafka.sasl_mechanism = sasl_mechanism_kind::scram_sha_512;
  const auto conf = conf_of(config, client_role::consumer);
  CHECK(value_of(conf, "sasl.username") == "user");
  CHECK(value_of(conf, "sasl.mechanisms") == "SCRAM-SHA-512");
}

TEST_CASE("any memory budget gives settings that the client accepts") {
  const auto mib = GENERATE(std::size_t{1}, std::size_t{16}, std::size_t{48}, std::size_t{128},
                            std::size_t{1'024}, std::size_t{100'000});
  settings config;
  config.consumer.memory_budget_mib = mib;
  const auto split = split_memory(mib);
  CHECK(split.response_bytes >= split.fetch_bytes + 512);
  CHECK(split.partition_fetch_bytes <= split.fetch_bytes);
  if (mib >= 32) {
    const auto budget = static_cast<std::int64_t>(mib) << 20;
    CHECK(split.prefetch_bytes + split.prefetch_messages * 290 + split.fetch_bytes +
              split.outbound_bytes + split.credit_bytes <=
          budget);
  }
  struct silent final : client_hooks {
    silent() : client_hooks{log_handle{}} {}
  } hooks;
  for (const auto role : {client_role::consumer, client_role::reader, client_role::fetcher,
                          client_role::producer, client_role::ingest, client_role::admin}) {
    const auto client = make_client(config, role, hooks);
    INFO(client.error());
    CHECK(client);
  }
}

} // namespace streamer

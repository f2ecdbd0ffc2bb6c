#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include "config/properties.hpp"
#include "tests/unit/config/config_fixture.hpp"

namespace streamer::test {
namespace {

using Catch::Matchers::ContainsSubstring;

TEST_CASE("properties are accepted quoted, dotted and nested, with any scalar") {
  auto result = load_text(R"(
[kafka.properties]
"socket.timeout.ms" = 1000
socket.keepalive.enable = true
[kafka.properties.reconnect.backoff]
ms = 50
max.ms = "5000"
[producer.properties]
batch.size = 5
)");
  INFO(report(result));
  REQUIRE(result);
  REQUIRE(result.loaded->values.kafka.properties ==
          property_map{{"socket.timeout.ms", "1000"},
                       {"socket.keepalive.enable", "true"},
                       {"reconnect.backoff.ms", "50"},
                       {"reconnect.backoff.max.ms", "5000"}});
  REQUIRE(result.loaded->values.producer.properties == property_map{{"batch.size", "5"}});
}

TEST_CASE("properties of stronger layers are merged over those of weaker ones") {
  sources from;
  from.flags = {set_flag("kafka.properties.b=2")};
  auto result = load_text("[kafka.properties]\na = 1\nb = 1\n", from);
  REQUIRE(result.loaded->values.kafka.properties == property_map{{"a", "1"}, {"b", "2"}});
}

TEST_CASE("a property that would break a guarantee is refused by name with the reason") {
  auto [name, value] = GENERATE(table<std::string, std::string>({
      {"enable.auto.commit", "true"},
      {"enable.auto.offset.store", "true"},
      {"enable.idempotence", "false"},
      {"acks", "1"},
      {"auto.offset.reset", "latest"},
      {"group.id", "g"},
      {"bootstrap.servers", "b:1"},
      {"client.id", "c"},
      {"sasl.password", "p"},
      {"sasl.oauthbearer.config", "x"},
      {"sasl.oauthbearer.client.secret", "x"},
      {"sasl.oauthbearer.assertion.private.key.pem", "x"},
      {"enable.sasl.oauthbearer.unsecure.jwt", "true"},
      {"ssl.ca.location", "x"},
      {"partitioner", "random"},
      {"allow.auto.create.topics", "true"},
      {"isolation.level", "read_uncommitted"},
      {"max.in.flight", "6"},
      {"max.in.flight.requests.per.connection", "0"},
      {"retries", "0"},
      {"message.timeout.ms", "1"},
      {"queued.max.messages.kbytes", "1"},
      {"group.protocol", "consumer"},
      {"enable.partition.eof", "false"},
      {"delivery.report.only.error", "true"},
      {"queuing.strategy", "lifo"},
      {"transactional.id", "t"},
      {"message.max.bytes", "1000000"},
      {"sticky.partitioning.linger.ms", "10"},
      {"rebalance_cb", "x"},
      {"ssl_engine_callback_data", "x"},
      {"test.mock.num.brokers", "3"},
  }));
  auto result = load_text("[consumer.properties]\n\"" + name + "\" = \"" + value + "\"\n");
  INFO(name);
  REQUIRE_THAT(report(result), ContainsSubstring("local.toml:2:1: consumer.properties." + name) &&
                                   ContainsSubstring("is refused: "));
}

TEST_CASE("properties without a guarantee to break are left to the operator") {
  auto [name, value] = GENERATE(table<std::string, std::string>({
      {"fetch.queue.backoff.ms", "5"},
      {"fetch.min.bytes", "1"},
      {"max.in.flight", "5"},
      {"socket.timeout.ms", "1000"},
      {"debug", "broker"},
      {"partition.assignment.strategy", "range,roundrobin"},
      {"heartbeat.interval.ms", "1000"},
      {"statistics.interval.ms", "1000"},
  }));
  INFO(name);
  REQUIRE(config_impl::refusal_of(name, value) == nullptr);
  REQUIRE(load_text("[consumer.properties]\n" + name + " = \"" + value + "\"\n"));
}

TEST_CASE("a refused property names the key to use instead") {
  REQUIRE(report(load_text("[kafka.properties]\n\"group.id\" = \"g\"\n")) ==
          "local.toml:2:1: kafka.properties.group.id = \"g\" is refused: it has a key of its own; "
          "use consumer.group_id\n");
}

TEST_CASE("a property that is a date or a mixed array is refused") {
  REQUIRE_FALSE(load_text("[kafka.properties]\na = 1979-05-27\n"));
  REQUIRE_FALSE(load_text("[kafka.properties]\na = [1, 2]\n"));
}

} // namespace
} // namespace streamer::test

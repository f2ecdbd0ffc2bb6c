#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include "tests/unit/config/config_fixture.hpp"

namespace streamer::test {
namespace {

using Catch::Matchers::ContainsSubstring;

TEST_CASE("a variable sets the key that it names") {
  auto result = load_environment({{"KAFKA_KAFKA__BOOTSTRAP_SERVERS", "b:9092"},
                                  {"KAFKA_PRODUCER__EVENTS_TOPIC", "orders"},
                                  {"KAFKA_OBSERVABILITY__JSON_LOGS", "1"},
                                  {"KAFKA_RETRY__MULTIPLIER", "1.5"},
                                  {"KAFKA_HANDLERS__UNMATCHED", "discard"},
                                  {"KAFKA_TENANTS__FROM", "topic:^([a-z]+)"}});
  INFO(report(result));
  REQUIRE(result);
  const auto& values = result.loaded->values;
  REQUIRE(values.kafka.bootstrap_servers == "b:9092");
  REQUIRE(values.producer.events_topic == "orders");
  REQUIRE(values.observability.json_logs);
  REQUIRE(values.retry.multiplier == 1.5);
  REQUIRE(values.unmatched == unmatched_policy::discard);
  REQUIRE(values.tenants.from.from == tenant_source::kind::topic);
}

TEST_CASE("a list in a variable is separated by commas") {
  auto result = load_environment({{"KAFKA_CONSUMER__TOPICS", "a, b,^c.*"}});
  REQUIRE(result.loaded->values.consumer.topics == std::vector<std::string>{"a", "b", "^c.*"});
}

TEST_CASE("a variable sets a librdkafka property with dots for underscores") {
  auto result = load_environment({{"KAFKA_KAFKA__PROPERTIES__FETCH_MIN_BYTES", "10"},
                                  {"KAFKA_PRODUCER__PROPERTIES__BATCH_SIZE", "20"}});
  REQUIRE(result.loaded->values.kafka.properties == property_map{{"fetch.min.bytes", "10"}});
  REQUIRE(result.loaded->values.producer.properties == property_map{{"batch.size", "20"}});
}

TEST_CASE("an unknown key in a known section is an error that names the nearest variable") {
  auto result = load_environment({{"KAFKA_CONSUMER__BATCHSIZE", "10"}});
  REQUIRE(report(result) ==
          "environment KAFKA_CONSUMER__BATCHSIZE: consumer.batchsize is not a key; did you mean "
          "KAFKA_CONSUMER__BATCH_SIZE?\n");
}

TEST_CASE("a variable of another form is left alone") {
  auto result = load_environment({{"KAFKA_PORT", "tcp://10.0.0.1:9092"},
                                  {"KAFKA_SERVICE_HOST", "10.0.0.1"},
                                  {"KAFKA_ADVERTISED_LISTENERS", "x"},
                                  {"KAFKA_", "x"},
                                  {"OTHER__KEY", "x"}});
  REQUIRE(result);
  REQUIRE(result.warnings.empty());
  REQUIRE(result.loaded->values == settings{});
}

TEST_CASE("a variable of another form is warned about when it has a double underscore") {
  auto result = load_environment({{"KAFKA_CONSUMR__BATCH_SIZE", "5"}});
  REQUIRE(result);
  REQUIRE(warned(result) ==
          "environment KAFKA_CONSUMR__BATCH_SIZE: is left alone: it names no section of the "
          "configuration; did you mean consumer?\n");
}

TEST_CASE("a variable in lower case is not one of ours") {
  REQUIRE_FALSE(load_environment({{"KAFKA_CONSUMER__batch_size", "5"}}));
  REQUIRE(load_environment({{"KAFKA_consumer__BATCH_SIZE", "5"}}).warnings.size() == 1);
}

TEST_CASE("handlers and limits do not come from the environment") {
  REQUIRE_THAT(report(load_environment({{"KAFKA_HANDLERS__KIND", "log"}})),
               ContainsSubstring("come from files"));
  REQUIRE_THAT(report(load_environment({{"KAFKA_TENANTS__LIMITS__A__RATE", "1"}})),
               ContainsSubstring("come from files"));
}

TEST_CASE("a bad value names the variable, the value and what is right") {
  REQUIRE(report(load_environment({{"KAFKA_CONSUMER__BATCH_SIZE", "many"}})) ==
          "environment KAFKA_CONSUMER__BATCH_SIZE: consumer.batch_size = \"many\" is not a whole "
          "number; use a whole number, 1 to 100000\n");
  REQUIRE_FALSE(load_environment({{"KAFKA_CONSUMER__BATCH_SIZE", ""}}));
  REQUIRE_FALSE(load_environment({{"KAFKA_OBSERVABILITY__JSON_LOGS", "maybe"}}));
}

TEST_CASE(
    "a secret is read from the file that its _FILE variable names, without the last newline") {
  scratch_folder folder;
  for (const char* text : {"hunter2", "hunter2\n", "hunter2\r\n"}) {
    auto file = folder.write("password", text);
    auto result = load_environment({{"KAFKA_KAFKA__SASL_PASSWORD_FILE", file.string()}});
    INFO(report(result));
    REQUIRE(result.loaded.value().values.kafka.sasl_password.reveal() == "hunter2");
  }
}

TEST_CASE("the files that secrets came from are known, to be read again") {
  scratch_folder folder;
  auto file = folder.write("password", "hunter2");
  auto key = folder.write("key.pem", "x");
  auto result = load_environment({{"KAFKA_KAFKA__SASL_PASSWORD_FILE", file.string()},
                                  {"KAFKA_KAFKA__PROPERTIES__SSL_KEY_PEM_FILE", key.string()},
                                  {"KAFKA_KAFKA__SSL_KEY_PASSWORD", "not from a file"}});
  INFO(report(result));
  REQUIRE(result.loaded.value().values.kafka.secret_files ==
          std::map<std::string, std::filesystem::path>{{"kafka.properties.ssl.key.pem", key},
                                                       {"kafka.sasl_password", file}});
}

TEST_CASE("a secret may also stand in the environment itself") {
  auto result = load_environment({{"KAFKA_KAFKA__SASL_PASSWORD", "hunter2"}});
  REQUIRE(result.loaded.value().values.kafka.sasl_password.reveal() == "hunter2");
}

TEST_CASE("a secret property is read from a file, too") {
  scratch_folder folder;
  auto file = folder.write("key.pem", "-----BEGIN\nx\n");
  auto result = load_environment({{"KAFKA_KAFKA__PROPERTIES__SSL_KEY_PEM_FILE", file.string()}});
  INFO(report(result));
  REQUIRE(result.loaded.value().values.kafka.properties.at("ssl.key.pem") == "-----BEGIN\nx");
}

TEST_CASE("a secret's file that is absent or empty is a problem with variable and path") {
  scratch_folder folder;
  auto absent = (folder.path() / "absent").string();
  REQUIRE_THAT(report(load_environment({{"KAFKA_KAFKA__SASL_PASSWORD_FILE", absent}})),
               ContainsSubstring("KAFKA_KAFKA__SASL_PASSWORD_FILE") && ContainsSubstring(absent) &&
                   ContainsSubstring("No such file"));
  auto empty = folder.write("empty", "\n").string();
  REQUIRE_THAT(report(load_environment({{"KAFKA_KAFKA__SASL_PASSWORD_FILE", empty}})),
               ContainsSubstring(empty) && ContainsSubstring("is empty"));
}

TEST_CASE("a secret given directly and by file is ambiguous") {
  scratch_folder folder;
  auto file = folder.write("password", "one").string();
  auto result = load_environment(
      {{"KAFKA_KAFKA__SASL_PASSWORD_FILE", file}, {"KAFKA_KAFKA__SASL_PASSWORD", "two"}});
  REQUIRE_THAT(report(result), ContainsSubstring("is set by two variables"));
}

TEST_CASE("only secrets are read from files, and admin.token_file is a key of its own") {
  scratch_folder folder;
  auto file = folder.write("token", "t").string();
  REQUIRE_FALSE(load_environment({{"KAFKA_KAFKA__CLIENT_ID_FILE", file}}));
  auto result = load_environment({{"KAFKA_ADMIN__TOKEN_FILE", file}});
  REQUIRE(result.loaded.value().values.admin.token_file == file);
}

} // namespace
} // namespace streamer::test

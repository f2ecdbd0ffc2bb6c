#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include "config/validate.hpp"
#include "tests/unit/config/config_fixture.hpp"

namespace streamer::test {
namespace {

using Catch::Matchers::ContainsSubstring;

/// A [kafka] section for OAUTHBEARER.
std::string oauth(const std::string& protocol, const std::string& url) {
  return "[kafka]\nsecurity_protocol = \"" + protocol +
         "\"\nsasl_mechanism = \"OAUTHBEARER\"\noidc_client_id = \"c\"\n"
         "oidc_client_secret = \"s\"\noidc_token_endpoint_url = \"" +
         url + "\"\n";
}

TEST_CASE("the built-in configuration holds together") {
  REQUIRE(validate(settings{}, {}).empty());
  REQUIRE(doubtful(settings{}, {}).empty());
}

TEST_CASE("configurations that do not hold together name the key at fault") {
  auto [text, key] = GENERATE(table<std::string, std::string>({
      {"[kafka]\nsecurity_protocol = \"SASL_SSL\"\nsasl_password = \"p\"", "kafka.sasl_username"},
      {"[kafka]\nsecurity_protocol = \"SASL_SSL\"\nsasl_username = \"u\"", "kafka.sasl_password"},
      {"[kafka]\nsecurity_protocol = \"SASL_PLAINTEXT\"\nsasl_mechanism = \"PLAIN\"\n"
       "sasl_username = \"u\"\nsasl_password = \"p\"",
       "kafka.sasl_mechanism"},
      {oauth("SASL_SSL", ""), "kafka.oidc_token_endpoint_url"},
      {oauth("SASL_SSL", "ftp://issuer/token"), "kafka.oidc_token_endpoint_url"},
      {oauth("SASL_SSL", "http://issuer.example/token"), "kafka.oidc_token_endpoint_url"},
      {oauth("SASL_SSL", "http://127.0.0.1.example:80/token"), "kafka.oidc_token_endpoint_url"},
      {oauth("SASL_PLAINTEXT", "https://issuer.example/token"), "kafka.sasl_mechanism"},
      {"[kafka]\nsecurity_protocol = \"SASL_SSL\"\nsasl_mechanism = \"OAUTHBEARER\"\n"
       "oidc_token_endpoint_url = \"https://issuer.example/token\"\noidc_client_id = \"c\"",
       "kafka.oidc_client_secret"},
      {"[kafka]\nsecurity_protocol = \"SASL_SSL\"\nsasl_mechanism = \"OAUTHBEARER\"\n"
       "oidc_token_endpoint_url = \"https://issuer.example/token\"\noidc_client_secret = \"c\"",
       "kafka.oidc_client_id"},
      {"[kafka]\nsecurity_protocol = \"SSL\"\nssl_certificate_location = \"probe\"",
       "kafka.ssl_certificate_location"},
      {"[consumer.properties]\nssl.endpoint.identification.algorithm = \"none\"",
       "consumer.properties.ssl.endpoint.identification.algorithm"},
      {"[kafka]\nsecurity_protocol = \"SSL\"\nssl_key_location = \"probe\"",
       "kafka.ssl_key_location"},
      {"[kafka]\nssl_ca_location = \"/nonexistent/ca.pem\"", "kafka.ssl_ca_location"},
      {"[kafka.properties]\nenable.ssl.certificate.verification = false",
       "kafka.properties.enable.ssl.certificate.verification"},
      {"[producer]\nlinger_ms = 500\ndelivery_timeout_ms = 500", "producer.linger_ms"},
      {"[consumer]\ntopics = []", "consumer.topics"},
      {"[consumer]\ntopics = [\"a\", \"a\"]", "consumer.topics"},
      {"[consumer]\ntopics = [\"^a(\"]", "consumer.topics"},
      {"[consumer]\nmax_poll_interval_ms = 20000", "consumer.session_timeout_ms"},
      {"[consumer]\nmax_in_flight = 1", "tenants.share"},
      {"[observability]\nmetrics_addr = \"127.0.0.1:9091\"", "admin.addr"},
      {"[consumer]\ndrain_timeout_ms = 300000", "consumer.drain_timeout_ms"},
      {"[consumer]\nsession_timeout_ms = 60000\nmax_poll_interval_ms = 50000",
       "consumer.session_timeout_ms"},
      {"[consumer.properties]\nheartbeat.interval.ms = 45000",
       "consumer.properties.heartbeat.interval.ms"},
      {"[consumer.properties]\npartition.assignment.strategy = \"range,cooperative-sticky\"",
       "consumer.properties.partition.assignment.strategy"},
      {"[consumer.properties]\npartition.assignment.strategy = \"sticky\"",
       "consumer.properties.partition.assignment.strategy"},
      {"[consumer.properties]\ngroup.remote.assignor = \"range\"",
       "consumer.properties.group.remote.assignor"},
      {"[consumer]\ngroup_protocol = \"consumer\"\nsession_timeout_ms = 45000",
       "consumer.session_timeout_ms"},
      {"[consumer]\ngroup_protocol = \"consumer\"\n[kafka.properties]\nheartbeat.interval.ms = 1",
       "kafka.properties.heartbeat.interval.ms"},
      {"[tenants]\nshare = 0.001\n[consumer]\nmax_in_flight = 100", "tenants.share"},
      {"[tenants]\nfrom = \"topic:(\"", "tenants.from"},
      {"[tenants]\nfrom = \"header:\"", "tenants.from"},
      {"[tenants]\nfrom = \"cookie:x\"", "tenants.from"},
      {"[retry]\ninitial_backoff_ms = 200\nmax_backoff_ms = 100", "retry.initial_backoff_ms"},
      {"[retry]\nmax_backoff_ms = 50", "retry.max_backoff_ms"},
      {"[dlq]\ntopic = \"{topic}\"", "dlq.topic"},
      {"[dlq]\ntopic = \"events\"", "dlq.topic"},
      {"[dlq]\ntopic = \"a/{topic}\"", "dlq.topic"},
      {"[dlq]\nheader_dialects = [\"xml\"]", "dlq.header_dialects"},
      {"[admin]\naddr = \"0.0.0.0:9091\"", "admin.addr"},
      {"[admin]\naddr = \"127.0.0.1:9090\"", "admin.addr"},
      {"[admin]\ntoken_file = \"/nonexistent/token\"", "admin.token_file"},
      {"[admin]\naddr = \"127.0.0.1\"", "admin.addr"},
      {"[observability]\nmetrics_addr = \"127.0.0.1:70000\"", "observability.metrics_addr"},
      {"[observability]\nmetrics_addr = \":9090\"", "observability.metrics_addr"},
      {"[observability]\notlp_endpoint = \"collector:4318\"", "observability.otlp_endpoint"},
      {"[observability]\notlp_endpoint = \"grpc://collector:4317\"", "observability.otlp_endpoint"},
      {"[observability]\notlp_endpoint = \"http://\"", "observability.otlp_endpoint"},
      {"[observability]\notlp_endpoint = \"http://c:0\"", "observability.otlp_endpoint"},
      {"[observability]\notlp_endpoint = \"http://c:1/?q\"", "observability.otlp_endpoint"},
      {"[observability]\ntrace_sample_ratio = 1.1", "observability.trace_sample_ratio"},
      {"[observability]\ntrace_sample_ratio = -0.1", "observability.trace_sample_ratio"},
      {"[kafka]\nbootstrap_servers = \"broker\"", "kafka.bootstrap_servers"},
      {"[kafka]\nbootstrap_servers = \"PLAINTEXT://broker:9092\"", "kafka.bootstrap_servers"},
      {"[kafka]\nbootstrap_servers = \"a:1,,b:2\"", "kafka.bootstrap_servers"},
      {"[producer]\nevents_topic = \"a b\"", "producer.events_topic"},
      {"[consumer]\ngroup_id = \"\"", "consumer.group_id"},
  }));
  auto result = load_text(text);
  INFO(text << "\n" << report(result));
  REQUIRE(result.problems.size() == 1);
  REQUIRE(result.problems[0].key == key);
  REQUIRE(result.problems[0].where.line > 0);
  REQUIRE_FALSE(result.problems[0].remedy.empty());
}

TEST_CASE("a collector's URL with a user is refused, and not shown") {
  auto result = load_text("[observability]\notlp_endpoint = \"http://me:hush@collector:4318\"");
  REQUIRE(result.problems.size() == 1);
  REQUIRE(result.problems[0].key == "observability.otlp_endpoint");
  REQUIRE(report(result).find("hush") == std::string::npos);
}

TEST_CASE("configurations that are unusual and right are accepted") {
  auto text = GENERATE(
      as<std::string>{},
      "[kafka]\nsecurity_protocol = \"SASL_SSL\"\nsasl_mechanism = \"PLAIN\"\n"
      "sasl_username = \"u\"\nsasl_password = \"p\"",
      "[kafka]\nsecurity_protocol = \"SASL_PLAINTEXT\"\n"
      "sasl_mechanism = \"PLAIN\"\nallow_insecure = true\n"
      "sasl_username = \"u\"\nsasl_password = \"p\"",
      "[kafka]\nsecurity_protocol = \"SASL_PLAINTEXT\"\n"
      "sasl_mechanism = \"SCRAM-SHA-512\"\n"
      "sasl_username = \"u\"\nsasl_password = \"p\"",
      oauth("SASL_SSL", "https://issuer.example:8443/token"),
      oauth("SASL_SSL", "http://localhost/token"), oauth("SASL_SSL", "http://[::1]:8080/token"),
      oauth("SASL_SSL", "http://issuer.example/token") + "allow_insecure = true\n",
      oauth("SASL_PLAINTEXT", "http://127.0.0.1:1/token") + "allow_insecure = true\n",
      oauth("SASL_SSL", "https://issuer.example/token") +
          "properties.sasl.oauthbearer.extensions = \"logicalCluster=lkc-1\"\n",
      "[kafka]\nallow_insecure = true\n"
      "properties.enable.ssl.certificate.verification = false",
      "[consumer]\ngroup_protocol = \"consumer\"",
      "[consumer]\ngroup_protocol = \"consumer\"\nmax_poll_interval_ms = 20000",
      "[consumer.properties]\ngroup.remote.assignor = \"range\"\n"
      "[consumer]\ngroup_protocol = \"consumer\"",
      "[consumer]\nsession_timeout_ms = 3000",
      "[consumer]\nsession_timeout_ms = 6000\n"
      "properties.\"heartbeat.interval.ms\" = 2000",
      "[admin]\naddr = \"[::1]:0\"\n[observability]\nmetrics_addr = \"[::1]:0\"",
      "[observability]\nmetrics_addr = \"0.0.0.0:9090\"",
      "[observability]\notlp_endpoint = \"http://127.0.0.1:4318\"\ntrace_sample_ratio = 1.0",
      "[observability]\notlp_endpoint = \"https://collector.example\"",
      "[observability]\notlp_endpoint = \"https://[::1]:4318/otlp/\"\ntrace_sample_ratio = 0",
      "[dlq]\ntopic = \"dead-letters\"", "[tenants]\nfrom = \"topic:^([a-z]+)\\\\.\"");
  auto result = load_text(text);
  INFO(text << "\n" << report(result));
  REQUIRE(result);
}

TEST_CASE("a session timeout in the shipped default file does not count as set by a person") {
  scratch_folder folder;
  sources from;
  from.default_file = folder.write("default.toml", "[consumer]\nsession_timeout_ms = 45000\n");
  from.flags = {set_flag("consumer.group_protocol=consumer")};
  REQUIRE(load(from));
  from.default_file = folder.write("default.toml", "[consumer]\nsession_timeout_ms = 30000\n");
  REQUIRE_FALSE(load(from));
}

TEST_CASE("the admin address may be reachable when there is a token") {
  scratch_folder folder;
  auto token = folder.write("token", "t").string();
  REQUIRE(load_flags({set_flag("admin.addr=0.0.0.0:9091"), set_flag("admin.token_file=" + token)}));
}

TEST_CASE("a host name that only begins like a loopback address is not one") {
  REQUIRE_FALSE(load_flags({set_flag("admin.addr=127.evil.example:9091")}));
  REQUIRE(load_flags({set_flag("admin.addr=localhost:9091")}));
}

TEST_CASE("credentials that have no effect are warned about") {
  auto result = load_text("[kafka]\nsasl_username = \"u\"\nsasl_password = \"hunter2\"\n");
  REQUIRE(result);
  REQUIRE_THAT(warned(result), ContainsSubstring("kafka.sasl_password = *** has no effect under "
                                                 "security_protocol PLAINTEXT"));
}

TEST_CASE("a token endpoint with a user in its URL is refused, and not shown") {
  for (const char* scheme : {"http://", "https://"}) {
    const auto result =
        load_text(oauth("SASL_SSL", std::string{scheme} + "127.0.0.1:hunter2@issuer.example/"));
    REQUIRE_THAT(report(result), ContainsSubstring("kafka.oidc_token_endpoint_url has a user") &&
                                     !ContainsSubstring("hunter2"));
  }
}

TEST_CASE("what allow_insecure gives away is warned about") {
  const auto plain = load_text(
      "[kafka]\nsecurity_protocol = \"SASL_PLAINTEXT\"\nsasl_mechanism = \"PLAIN\"\n"
      "sasl_username = \"u\"\nsasl_password = \"hunter2\"\nallow_insecure = true\n");
  REQUIRE(plain);
  REQUIRE_THAT(warned(plain), ContainsSubstring("kafka.allow_insecure = true sends the password "
                                                "readable over the network") &&
                                  !ContainsSubstring("hunter2"));
  const auto unverified = load_text(
      "[kafka]\nsecurity_protocol = \"SSL\"\nallow_insecure = true\n"
      "properties.ssl.endpoint.identification.algorithm = \"none\"\n");
  REQUIRE(unverified);
  REQUIRE_THAT(warned(unverified), ContainsSubstring("accepts any server's certificate"));
  REQUIRE(load_text("[kafka]\nallow_insecure = true\n").warnings.empty());
}

TEST_CASE("a handler's own back-off that does not fit is named with the handler") {
  auto text = report(
      load_text("[[handlers]]\nkind = \"log\"\n[handlers.retry]\ninitial_backoff_ms = 40000\n"));
  REQUIRE_THAT(text, ContainsSubstring("local.toml:4:1: handlers[0].retry.initial_backoff_ms"));
}

TEST_CASE("limits are checked against their keys") {
  auto text = report(load_text("[tenants.limits.a]\nwait = 1\n"));
  REQUIRE_THAT(text, ContainsSubstring("tenants.limits.a.wait is not a key"));
  REQUIRE_FALSE(load_text("[tenants.limits]\na = 1\n"));
}

} // namespace
} // namespace streamer::test

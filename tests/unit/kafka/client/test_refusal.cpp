#include <openssl/x509_vfy.h>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <string>

#include "runtime/kafka/refusal.hpp"

namespace streamer::test {
namespace {

using Catch::Matchers::ContainsSubstring;

// The lines are librdkafka's, as a real broker provoked them.
const std::string handshake =
    "ssl://broker:9093/bootstrap: SSL handshake failed: error:0A000086:SSL routines::certificate "
    "verify failed: broker certificate could not be verified, verify that ssl.ca.location is "
    "correctly configured or root CA certificates are installed (install ca-certificates package) "
    "(after 12ms in state SSL_HANDSHAKE)";

TEST_CASE("a certificate is refused for what its verification has found") {
  const auto [found, what] = GENERATE(table<int, refusal>({
      {X509_V_ERR_HOSTNAME_MISMATCH, refusal::host_name},
      {X509_V_ERR_IP_ADDRESS_MISMATCH, refusal::host_name},
      {X509_V_ERR_CERT_HAS_EXPIRED, refusal::expired},
      {X509_V_ERR_CERT_NOT_YET_VALID, refusal::expired},
      {X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, refusal::unknown_authority},
      {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, refusal::unknown_authority},
      {X509_V_ERR_CERT_REVOKED, refusal::server_certificate},
      {0, refusal::server_certificate},
  }));
  CHECK(refusal_of(RD_KAFKA_RESP_ERR__SSL, handshake, found) == what);
}

TEST_CASE("a handshake that fails otherwise is not the certificate's fault") {
  CHECK(refusal_of(RD_KAFKA_RESP_ERR__SSL,
                   "ssl://broker:9093/bootstrap: SSL handshake failed: error:0A00042E:SSL "
                   "routines::tlsv1 alert protocol version: SSL alert number 70 (after 3ms in "
                   "state SSL_HANDSHAKE)",
                   X509_V_ERR_CERT_HAS_EXPIRED) == refusal::handshake);
}

TEST_CASE("a login is refused for what the broker says") {
  CHECK(refusal_of(RD_KAFKA_RESP_ERR__AUTHENTICATION,
                   "sasl_ssl://broker:9093/1: SASL authentication error: Authentication failed "
                   "during authentication due to invalid credentials with SASL mechanism "
                   "SCRAM-SHA-256 (after 377ms in state AUTH_REQ)",
                   0) == refusal::login);
  CHECK(refusal_of(RD_KAFKA_RESP_ERR__AUTHENTICATION,
                   "sasl_plaintext://broker:9093/bootstrap: SASL PLAIN mechanism handshake failed: "
                   "Broker: Unsupported SASL mechanism: broker's supported mechanisms: "
                   "SCRAM-SHA-256 (after 301ms in state AUTH_HANDSHAKE)",
                   0) == refusal::mechanism);
  CHECK(refusal_of(RD_KAFKA_RESP_ERR__AUTHENTICATION,
                   "Failed to acquire SASL OAUTHBEARER token: Failed to connect to 127.0.0.1 port "
                   "1 after 0 ms: Couldn't connect to server",
                   0) == refusal::token);
}

TEST_CASE(
    "the broker refuses a client's certificate by an alert, which comes as a lost connection") {
  CHECK(refusal_of(RD_KAFKA_RESP_ERR__TRANSPORT,
                   "ssl://broker:9093/bootstrap: Receive failed: error:0A000412:SSL "
                   "routines::sslv3 alert bad certificate: SSL alert number 42 (after 2ms in state "
                   "APIVERSION_QUERY)",
                   0) == refusal::client_certificate);
}

TEST_CASE("a listener without TLS is told from a broker that is down") {
  CHECK(refusal_of(RD_KAFKA_RESP_ERR__TRANSPORT,
                   "ssl://broker:9092/bootstrap: SSL handshake failed: Disconnected: SSL "
                   "connection closed by peer: connecting to a PLAINTEXT broker listener? (after "
                   "22ms in state SSL_HANDSHAKE)",
                   0) == refusal::no_tls);
  CHECK(refusal_of(RD_KAFKA_RESP_ERR__TRANSPORT,
                   "broker:9092/bootstrap: Connect to ipv4#127.0.0.1:9092 failed: Connection "
                   "refused (after 0ms in state CONNECT)",
                   X509_V_ERR_CERT_HAS_EXPIRED) == refusal::none);
  CHECK(refusal_of(RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN, "1/1 brokers are down", 0) ==
        refusal::none);
}

TEST_CASE("the advice is one line with broker, key and value, and no secret") {
  kafka_settings kafka;
  kafka.sasl_username = "alice";
  kafka.sasl_password = secret{"hunter2"};
  kafka.ssl_ca_location = "/etc/ca.pem";
  kafka.oidc_token_endpoint_url = "https://issuer/token";
  kafka.oidc_client_id = "worker";
  kafka.oidc_client_secret = secret{"hunter2"};
  for (const auto what : {refusal::login, refusal::mechanism, refusal::token, refusal::host_name,
                          refusal::expired, refusal::unknown_authority, refusal::server_certificate,
                          refusal::handshake, refusal::client_certificate, refusal::no_tls}) {
    const auto line = advice_on(what, handshake, kafka);
    INFO(line);
    CHECK(line.find('\n') == std::string::npos);
    CHECK(line.find("hunter2") == std::string::npos);
    CHECK(line.find("; ") != std::string::npos);
  }
  CHECK_THAT(advice_on(refusal::login, handshake, kafka),
             ContainsSubstring("kafka.sasl_username = \"alice\" with SCRAM-SHA-256"));
  CHECK_THAT(advice_on(refusal::host_name, handshake, kafka),
             ContainsSubstring("the certificate of broker:9093 is for another host"));
  CHECK_THAT(advice_on(refusal::unknown_authority, handshake, kafka),
             ContainsSubstring("kafka.ssl_ca_location = \"/etc/ca.pem\""));
  CHECK_THAT(advice_on(refusal::client_certificate, handshake, kafka),
             ContainsSubstring("wants a certificate of this client"));
  kafka.ssl_certificate_location = "/etc/me.pem";
  CHECK_THAT(advice_on(refusal::client_certificate, handshake, kafka),
             ContainsSubstring("kafka.ssl_certificate_location = \"/etc/me.pem\""));
  CHECK_THAT(advice_on(refusal::token, "Failed to acquire SASL OAUTHBEARER token: x", kafka),
             ContainsSubstring("https://issuer/token") && ContainsSubstring("\"worker\""));
  kafka.sasl_mechanism = sasl_mechanism_kind::oauthbearer;
  CHECK_THAT(advice_on(refusal::login, handshake, kafka), ContainsSubstring("the token of"));
}

TEST_CASE("lines of the library's log that only repeat a refusal are known") {
  CHECK(
      tells_refusal("[thrd:ssl://b:1/bootstrap]: ssl://b:1/bootstrap: error:0A000086:SSL "
                    "routines::certificate verify failed (after 19ms in state SSL_HANDSHAKE)"));
  CHECK(tells_refusal("Failed to retrieve OIDC token from \"http://127.0.0.1:1/token\": x"));
  CHECK_FALSE(
      tells_refusal("[thrd:b:1/bootstrap]: b:1/bootstrap: Connect to ipv4#127.0.0.1:1 "
                    "failed: Connection refused (after 0ms in state CONNECT)"));
}

} // namespace
} // namespace streamer::test

#include "tests/support/secured_cluster.hpp"

#include "tests/support/http_probe.hpp"
#include "tests/support/kafka_client.hpp"

#include <catch2/catch_test_macros.hpp>

namespace streamer::test {
namespace {

struct listener {
  const char* name;
  const char* protocol;
};

constexpr std::array<listener, door_count> listeners{{{"TLS", "SSL"},
                                                      {"MUTUAL", "SSL"},
                                                      {"SASLTLS", "SASL_SSL"},
                                                      {"SASLPLAIN", "SASL_PLAINTEXT"},
                                                      {"WRONGHOST", "SSL"},
                                                      {"EXPIRED", "SSL"}}};

std::string prefix_of(door which) {
  std::string name = "listener.name.";
  for (const char* c = listeners.at(static_cast<std::size_t>(which)).name; *c != '\0'; ++c) {
    name += static_cast<char>(*c + ('a' - 'A'));
  }
  return name + ".";
}

const std::string kafka_security = "org.apache.kafka.common.security.";

} // namespace

secured_cluster::secured_cluster()
    : authority_{directory_.path(), "authority"},
      second_authority_{directory_.path(), "second-authority"},
      trusted_clients_{directory_ / "trusted-clients.pem"} {
  for (auto& port : ports_) {
    port = free_port();
  }
  trust_clients_of({&authority_, &second_authority_});
  cluster_ = std::make_unique<private_cluster>(1, overrides());
}

std::string secured_cluster::at(door which) const {
  return "127.0.0.1:" + std::to_string(ports_.at(static_cast<std::size_t>(which)));
}

std::vector<std::string> secured_cluster::overrides() {
  std::string addresses;
  std::string protocols = "listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT";
  for (std::size_t i = 0; i < door_count; ++i) {
    const auto& [name, protocol] = listeners.at(i);
    addresses += std::string{","} + name + "://" + at(static_cast<door>(i));
    protocols += std::string{","} + name + ":" + protocol;
  }
  std::vector<std::string> all{
      "listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}" + addresses,
      "advertised.listeners=PLAINTEXT://127.0.0.1:{port}" + addresses, protocols};

  const auto here = std::vector<std::string>{"IP:127.0.0.1", "DNS:localhost"};
  const auto server = authority_.issue("server", here);
  const auto stranger = authority_.issue("elsewhere", {"DNS:elsewhere.example"});
  const auto expired =
      authority_.issue("expired", here, {std::chrono::hours{-48}, std::chrono::hours{-24}});
  const auto present = [&all](door which, const key_pair& identity) {
    all.push_back(prefix_of(which) + "ssl.keystore.type=PEM");
    all.push_back(prefix_of(which) + "ssl.keystore.location=" + identity.both.string());
  };
  for (const auto which : {door::tls, door::mutual_tls, door::sasl_tls}) {
    present(which, server);
  }
  present(door::wrong_host, stranger);
  present(door::expired, expired);
  const auto mutual = prefix_of(door::mutual_tls);
  all.insert(all.end(), {mutual + "ssl.client.auth=required", mutual + "ssl.truststore.type=PEM",
                         mutual + "ssl.truststore.location=" + trusted_clients_.string()});

  const auto scram = kafka_security + "scram.ScramLoginModule required;";
  const auto sasl = prefix_of(door::sasl_tls);
  const auto again = prefix_of(door::sasl_plain);
  all.insert(
      all.end(),
      {sasl + "sasl.enabled.mechanisms=SCRAM-SHA-256,SCRAM-SHA-512,PLAIN,OAUTHBEARER",
       sasl + "scram-sha-256.sasl.jaas.config=" + scram,
       sasl + "scram-sha-512.sasl.jaas.config=" + scram,
       sasl + "plain.sasl.jaas.config=" + kafka_security + "plain.PlainLoginModule required user_" +
           plain_user + "=\"" + plain_password + "\";",
       sasl + "oauthbearer.sasl.jaas.config=" + kafka_security +
           "oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub=\"broker\";",
       again + "sasl.enabled.mechanisms=SCRAM-SHA-256",
       again + "scram-sha-256.sasl.jaas.config=" + scram,
       again +
           "scram-sha-256.connections.max.reauth.ms=" + std::to_string(login_lifetime.count())});
  return all;
}

void secured_cluster::set_password(const std::string& user, const std::string& mechanism,
                                   const std::string& password) {
  const auto kind = mechanism == "SCRAM-SHA-512" ? RD_KAFKA_SCRAM_MECHANISM_SHA_512
                                                 : RD_KAFKA_SCRAM_MECHANISM_SHA_256;
  const auto client = make_client(RD_KAFKA_PRODUCER, bootstrap());
  const queue_ptr queue{rd_kafka_queue_new(client.get())};
  auto* change = rd_kafka_UserScramCredentialUpsertion_new(
      user.c_str(), kind, 4096, reinterpret_cast<const unsigned char*>(password.data()),
      password.size(), nullptr, 0);
  rd_kafka_AlterUserScramCredentials(client.get(), &change, 1, nullptr, queue.get());
  const event_ptr event{rd_kafka_queue_poll(queue.get(), 30'000)};
  rd_kafka_UserScramCredentialAlteration_destroy(change);
  REQUIRE(event != nullptr);
  require_ok(rd_kafka_event_error(event.get()), "a SCRAM password");
  std::size_t count = 0;
  const auto** const answers = rd_kafka_AlterUserScramCredentials_result_responses(
      rd_kafka_event_AlterUserScramCredentials_result(event.get()), &count);
  REQUIRE(count == 1);
  const auto* const error = rd_kafka_AlterUserScramCredentials_result_response_error(answers[0]);
  if (error != nullptr && rd_kafka_error_code(error) != RD_KAFKA_RESP_ERR_NO_ERROR) {
    FAIL("a SCRAM password: " << rd_kafka_error_string(error));
  }
}

void secured_cluster::trust_clients_of(
    std::initializer_list<const certificate_authority*> authorities) {
  std::string joined;
  for (const auto* const each : authorities) {
    joined += read_file(each->file());
  }
  write_file(trusted_clients_, joined);
}

void secured_cluster::restart() {
  cluster_->stop_broker(1);
  cluster_->start_broker(1);
}

} // namespace streamer::test

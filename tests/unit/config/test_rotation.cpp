#include <catch2/catch_test_macros.hpp>

#include "config/rotation.hpp"
#include "tests/unit/config/config_fixture.hpp"

namespace streamer::test {
namespace {

settings secured(security_protocol_kind protocol,
                 sasl_mechanism_kind mechanism = sasl_mechanism_kind::scram_sha_512) {
  settings values;
  values.kafka.security_protocol = protocol;
  values.kafka.sasl_mechanism = mechanism;
  values.kafka.sasl_password = secret{"old"};
  values.kafka.oidc_client_secret = secret{"old"};
  values.kafka.ssl_key_password = secret{"old"};
  return values;
}

TEST_CASE("a new password is for the next login, where there are logins by password") {
  using enum security_protocol_kind;
  const auto after_new_password = [](settings before) {
    auto after = before;
    after.kafka.sasl_password = secret{"new"};
    return rotation_between(before, after, false);
  };
  REQUIRE(after_new_password(secured(sasl_ssl)) == rotation::login);
  REQUIRE(after_new_password(secured(sasl_plaintext)) == rotation::login);
  REQUIRE(after_new_password(secured(sasl_ssl, sasl_mechanism_kind::plain)) == rotation::login);
  REQUIRE(after_new_password(secured(sasl_ssl, sasl_mechanism_kind::oauthbearer)) ==
          rotation::none);
  REQUIRE(after_new_password(secured(ssl)) == rotation::none);
}

TEST_CASE("what a client reads once needs a new client") {
  using enum security_protocol_kind;
  const auto before = secured(ssl);
  REQUIRE(rotation_between(before, before, true) == rotation::client);
  REQUIRE(rotation_between(before, before, false) == rotation::none);
  auto after = before;
  after.kafka.ssl_key_password = secret{"new"};
  REQUIRE(rotation_between(before, after, false) == rotation::client);

  const auto token = secured(sasl_ssl, sasl_mechanism_kind::oauthbearer);
  after = token;
  after.kafka.oidc_client_secret = secret{"new"};
  REQUIRE(rotation_between(token, after, false) == rotation::client);
  const auto password = secured(sasl_ssl);
  after = password;
  after.kafka.oidc_client_secret = secret{"new"};
  REQUIRE(rotation_between(password, after, false) == rotation::none);

  after = before;
  after.consumer.properties["ssl.key.pem"] = "new";
  REQUIRE(rotation_between(before, after, false) == rotation::client);
}

TEST_CASE("certificates have no effect without TLS") {
  const auto before = secured(security_protocol_kind::sasl_plaintext);
  REQUIRE(rotation_between(before, before, true) == rotation::none);
}

TEST_CASE("a secret is set by the name of its key") {
  settings values;
  set_secret(values, "kafka.sasl_password", secret{"p"});
  set_secret(values, "kafka.ssl_key_password", secret{"k"});
  set_secret(values, "kafka.oidc_client_secret", secret{"o"});
  set_secret(values, "producer.properties.ssl.key.pem", secret{"pem"});
  set_secret(values, "kafka.client_id", secret{"not a secret"});
  REQUIRE(values.kafka.sasl_password.reveal() == "p");
  REQUIRE(values.kafka.ssl_key_password.reveal() == "k");
  REQUIRE(values.kafka.oidc_client_secret.reveal() == "o");
  REQUIRE(values.producer.properties == property_map{{"ssl.key.pem", "pem"}});
  REQUIRE(values.kafka.client_id == "streamer");
}

TEST_CASE("secrets are as their files hold them now, or as they were") {
  scratch_folder folder;
  settings values;
  values.kafka.sasl_password = secret{"at the start"};
  values.kafka.ssl_key_password = secret{"stays"};
  values.kafka.secret_files = {{"kafka.sasl_password", folder.write("password", "now\n")},
                               {"kafka.ssl_key_password", folder.path() / "absent"}};
  const auto current = with_current_secrets(values);
  REQUIRE(current.kafka.sasl_password.reveal() == "now");
  REQUIRE(current.kafka.ssl_key_password.reveal() == "stays");
}

TEST_CASE("the files of certificates are those that are named") {
  kafka_settings kafka;
  REQUIRE(certificate_files(kafka).empty());
  kafka.ssl_ca_location = "probe";
  kafka.ssl_key_location = "key.pem";
  REQUIRE(certificate_files(kafka) == std::vector<std::filesystem::path>{"key.pem"});
}

const std::filesystem::path certificate{"c"};
const std::filesystem::path key{"k"};

TEST_CASE("a change counts when two looks in a row have found it") {
  settled_files files{{{certificate, secret{"1"}}, {key, secret{"1"}}}};
  REQUIRE_FALSE(files.look({{certificate, secret{"1"}}, {key, secret{"1"}}}));
  // Replaced one after the other, and the second in two pieces.
  REQUIRE_FALSE(files.look({{certificate, secret{"2"}}, {key, secret{"1"}}}));
  REQUIRE_FALSE(files.look({{certificate, secret{"2"}}, {key, secret{"2, half"}}}));
  REQUIRE_FALSE(files.look({{certificate, secret{"2"}}, {key, secret{"2, whole"}}}));
  const auto changed = files.look({{certificate, secret{"2"}}, {key, secret{"2, whole"}}});
  REQUIRE(changed);
  REQUIRE(changed->size() == 2);
  REQUIRE(changed->at(key).reveal() == "2, whole");
  // Once.
  REQUIRE_FALSE(files.look({{certificate, secret{"2"}}, {key, secret{"2, whole"}}}));
}

TEST_CASE("a change that is taken back is none") {
  settled_files files{{{key, secret{"1"}}}};
  REQUIRE_FALSE(files.look({{key, secret{"2"}}}));
  REQUIRE_FALSE(files.look({{key, secret{"1"}}}));
  REQUIRE_FALSE(files.look({{key, secret{"1"}}}));
}

TEST_CASE("a file that is gone is as it was, until it is back") {
  settled_files files{{{certificate, secret{"1"}}, {key, secret{"1"}}}};
  for (int i = 0; i < 3; ++i) {
    REQUIRE_FALSE(files.look({{certificate, secret{"1"}}}));
  }
  REQUIRE_FALSE(files.look({{certificate, secret{"1"}}, {key, secret{"2"}}}));
  const auto changed = files.look({{certificate, secret{"1"}}, {key, secret{"2"}}});
  REQUIRE(changed);
  REQUIRE(changed->size() == 1);
  REQUIRE(changed->contains(key));
}

TEST_CASE("a file that could not be read at first counts when it can be") {
  settled_files files{{}};
  REQUIRE_FALSE(files.look({{key, secret{"1"}}}));
  REQUIRE(files.look({{key, secret{"1"}}}));
}

} // namespace
} // namespace streamer::test

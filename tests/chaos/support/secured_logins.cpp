#include "tests/chaos/support/secured_logins.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <cctype>

namespace streamer::test {
namespace {

std::string variable_of(const std::string& key) {
  std::string name = "KAFKA_KAFKA__" + key;
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return name;
}

} // namespace

void require_no_secret(const std::string& where, const std::string& text) {
  for (const auto& secret :
       {scram_password, wrong_password, oidc_secret, key_password, admin_token, property_password,
        std::string{secured_cluster::plain_password}, std::string{"PRIVATE KEY"},
        // The head of every unsigned token.
        std::string{"eyJhbGciOiJub25lIn0"}}) {
    INFO(where << " shows " << secret);
    REQUIRE(text.find(secret) == std::string::npos);
  }
}

secured_surroundings::secured_surroundings() {
  cluster.set_password("alice", "SCRAM-SHA-256", scram_password);
  cluster.set_password("alice", "SCRAM-SHA-512", scram_password);
  create_topic(cluster.bootstrap(), source, 2);
  create_topic(cluster.bootstrap(), source + ".dlq", 1);
  create_topic(cluster.bootstrap(), output, 2);
  write_file(directory / "token", admin_token + "\n");
}

std::vector<login> secured_surroundings::accepted() {
  const auto ca = cluster.authority().file().string();
  const auto client = cluster.authority().issue("client", {}, {}, key_password);
  const auto sasl = [&](const std::string& mechanism, const std::string& user) {
    return std::map<std::string, std::string>{{"security_protocol", "SASL_SSL"},
                                              {"ssl_ca_location", ca},
                                              {"sasl_mechanism", mechanism},
                                              {"sasl_username", user}};
  };
  auto token = sasl("OAUTHBEARER", "");
  token.erase("sasl_username");
  token["oidc_token_endpoint_url"] = issuer.url();
  token["oidc_client_id"] = "worker";
  std::vector<login> all{
      {"tls", cluster.at(door::tls), {{"security_protocol", "SSL"}, {"ssl_ca_location", ca}}, {}},
      {"mutual-tls",
       cluster.at(door::mutual_tls),
       {{"security_protocol", "SSL"},
        {"ssl_ca_location", ca},
        {"ssl_certificate_location", client.certificate.string()},
        {"ssl_key_location", client.key.string()}},
       {{"ssl_key_password", key_password}}},
      {"scram-256",
       cluster.at(door::sasl_tls),
       sasl("SCRAM-SHA-256", "alice"),
       {{"sasl_password", scram_password}}},
      {"scram-512",
       cluster.at(door::sasl_tls),
       sasl("SCRAM-SHA-512", "alice"),
       {{"sasl_password", scram_password}}},
      {"plain",
       cluster.at(door::sasl_tls),
       sasl("PLAIN", secured_cluster::plain_user),
       {{"sasl_password", secured_cluster::plain_password}}},
      {"token", cluster.at(door::sasl_tls), token, {{"oidc_client_secret", oidc_secret}}},
  };
  auto environment = all[2];
  environment.name = "secret-in-environment";
  environment.secrets.clear();
  environment.environment["sasl_password"] = scram_password;
  auto file = all[1];
  file.name = "secret-in-file";
  file.secrets.clear();
  file.written["ssl_key_password"] = key_password;
  all.push_back(environment);
  all.push_back(file);
  return all;
}

std::vector<login> secured_surroundings::refused(const std::vector<login>& good) {
  auto password = good[2];
  password.name = "wrong-password";
  password.secrets["sasl_password"] = wrong_password;
  password.told = "refuse kafka.sasl_username = \"alice\" with SCRAM-SHA-256";

  auto secret = good[5];
  secret.name = "wrong-oidc-secret";
  secret.secrets["oidc_client_secret"] = wrong_password;
  secret.told = "no token comes from kafka.oidc_token_endpoint_url = \"" + issuer.url() + "\"";

  auto host = good[0];
  host.name = "wrong-host";
  host.address = cluster.at(door::wrong_host);
  host.told = "the certificate of " + host.address + " is for another host";

  auto expired = good[0];
  expired.name = "expired-certificate";
  expired.address = cluster.at(door::expired);
  expired.told = "the certificate of " + expired.address + ", or of its authority, does not hold";

  auto expired_authority = good[0];
  expired_authority.name = "expired-authority";
  expired_authority.keys["ssl_ca_location"] =
      cluster.authority().reissued("expired-authority", {-48h, -24h}).string();
  expired_authority.told =
      "the certificate of " + expired_authority.address + ", or of its authority, does not hold";

  auto stranger = good[0];
  stranger.name = "unknown-authority";
  stranger.keys["ssl_ca_location"] = cluster.second_authority().file().string();
  stranger.told = "not from an authority in kafka.ssl_ca_location = \"" +
                  cluster.second_authority().file().string() + "\"";

  auto nobody = good[0];
  nobody.name = "no-client-certificate";
  nobody.address = cluster.at(door::mutual_tls);
  nobody.told = nobody.address + " wants a certificate of this client";

  auto no_tls = good[0];
  no_tls.name = "no-tls";
  no_tls.address = cluster.bootstrap();
  no_tls.told = no_tls.address + " does not speak TLS";

  auto mechanism = good[4];
  mechanism.name = "wrong-mechanism";
  mechanism.address = cluster.at(door::sasl_plain);
  mechanism.keys["security_protocol"] = "SASL_PLAINTEXT";
  mechanism.keys.erase("ssl_ca_location");
  mechanism.keys["allow_insecure"] = "true";
  mechanism.told = "does not take kafka.sasl_mechanism = \"PLAIN\"";
  return {password, secret, host, expired, expired_authority, stranger, nobody, no_tls, mechanism};
}

worker_config secured_surroundings::config_of(const login& who) const {
  worker_config config{who.address, unique_name(who.name), source};
  for (const auto* entries : {&who.keys, &who.written}) {
    for (const auto& [key, value] : *entries) {
      if (value == "true") {
        config.value("kafka." + key, value);
      } else {
        config.text("kafka." + key, value);
      }
    }
  }
  config.text("producer.events_topic", source);
  config.text("admin.token_file", (directory / "token").string());
  // All that the library and the program can say. The password belongs to nothing.
  config.text("observability.log_level", "trace");
  config.value("kafka.properties", R"({ debug = "security,broker,conf", )"
                                   R"("ssl.keystore.password" = ")" +
                                       property_password + "\" }");
  return config;
}

std::map<std::string, std::string> secured_surroundings::environment_of(const login& who) const {
  std::map<std::string, std::string> variables;
  for (const auto& [key, value] : who.secrets) {
    const auto file = directory / (who.name + "." + key);
    write_file(file, value + "\n");
    variables[variable_of(key + "_file")] = file.string();
  }
  for (const auto& [key, value] : who.environment) {
    variables[variable_of(key)] = value;
  }
  return variables;
}

visitor::visitor(const secured_surroundings& here, login what)
    : visitor{here, what, here.config_of(what).forward_to(here.output), worker_binary::product} {}

visitor::visitor(const secured_surroundings& here, login what, const worker_config& config,
                 worker_binary which)
    : who{std::move(what)},
      environment{here.environment_of(who)},
      began_ms{wall_ms()},
      running{here.directory, who.name, config, which, environment} {}

finished_process run_as(const secured_surroundings& here, const visitor& who,
                        std::vector<std::string> arguments) {
  process_options options;
  options.binary = binary_path(worker_binary::product);
  options.arguments = std::move(arguments);
  options.arguments.insert(options.arguments.end(),
                           {"--config", who.running.config_file().string()});
  options.environment = who.environment;
  options.directory = here.directory.path();
  options.output = here.directory / unique_name("command");
  return run(options, 60s);
}

void require_silent(const secured_surroundings& here, visitor& one) {
  auto& process = one.running.program();
  require_no_secret("the log of " + one.who.name, process.stderr_text() + process.stdout_text());
  for (const auto* path : {"/metrics", "/readyz", "/healthz"}) {
    require_no_secret(path, http_get(one.running.metrics_port(), path).body);
  }
  const auto status = http_get(one.running.admin_port(), "/status", "Bearer " + admin_token);
  CHECK(status.status == 200);
  require_no_secret("/status", status.body);
  require_no_secret("the process list",
                    read_file("/proc/" + std::to_string(process.id()) + "/cmdline"));
  for (const auto* what : {"show", "check"}) {
    const auto shown = run_as(here, one, {"config", what});
    CHECK(shown.status.code == 0);
    require_no_secret(std::string{"config "} + what, shown.out + shown.err);
  }
}

} // namespace streamer::test

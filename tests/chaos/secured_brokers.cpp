// E1: every way to log in to a secured broker, and every way to be refused. Secrets are planted,
// and looked for in all that a worker and the commands show.
#include <signal.h>

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <sstream>

#include "tests/chaos/support/chaos_report.hpp"
#include "tests/support/secured_cluster.hpp"
#include "tests/support/token_endpoint.hpp"

using namespace streamer::test;

namespace {

const std::string scram_password = "planted-4c1f-scram-password";
const std::string wrong_password = "planted-8b20-wrong-password";
const std::string oidc_secret = "planted-77ae-oidc-secret";
const std::string key_password = "planted-e093-key-password";
const std::string admin_token = "planted-15d2-admin-token";

/// Neither these nor what is made of them may be shown anywhere.
std::vector<std::string> planted() {
  return {scram_password, wrong_password, oidc_secret, key_password, admin_token,
          secured_cluster::plain_password, "PRIVATE KEY",
          // The head of every unsigned token.
          "eyJhbGciOiJub25lIn0"};
}

/// How somebody tries to get in.
struct login {
  std::string name;
  std::string address;
  std::map<std::string, std::string> keys;    ///< of [kafka]
  std::map<std::string, std::string> secrets; ///< of [kafka], given by files
  std::string told{};                         ///< in the line of a refusal; empty: it works
};

struct surroundings {
  secured_cluster cluster;
  token_endpoint issuer{"worker", oidc_secret};
  temporary_directory directory;
  std::string source = unique_name("secured");
  std::string output = unique_name("secured-output");

  surroundings() {
    cluster.set_password("alice", "SCRAM-SHA-256", scram_password);
    cluster.set_password("alice", "SCRAM-SHA-512", scram_password);
    create_topic(cluster.bootstrap(), source, 2);
    create_topic(cluster.bootstrap(), output, 2);
    write_file(directory / "token", admin_token + "\n");
  }

  [[nodiscard]] std::vector<login> accepted() {
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
    return {
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
  }

  /// Each as one of `good` with one thing that is wrong.
  [[nodiscard]] std::vector<login> refused(const std::vector<login>& good) {
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
    return {password, secret, host,   expired,  expired_authority,
            stranger, nobody, no_tls, mechanism};
  }

  [[nodiscard]] worker_config config_of(const login& who) const {
    worker_config config{who.address, unique_name(who.name), source};
    for (const auto& [key, value] : who.keys) {
      if (value == "true") {
        config.value("kafka." + key, value);
      } else {
        config.text("kafka." + key, value);
      }
    }
    config.text("producer.events_topic", source);
    config.text("admin.token_file", (directory / "token").string());
    // All that the library and the program can say.
    config.text("observability.log_level", "trace");
    config.value("kafka.properties", R"({ debug = "security,broker,conf" })");
    config.forward_to(output);
    return config;
  }

  [[nodiscard]] std::map<std::string, std::string> environment_of(const login& who) const {
    std::map<std::string, std::string> variables;
    for (const auto& [key, value] : who.secrets) {
      const auto file = directory / (who.name + "." + key);
      write_file(file, value + "\n");
      std::string variable = "KAFKA_KAFKA__" + key + "_FILE";
      std::transform(variable.begin(), variable.end(), variable.begin(), ::toupper);
      variables[variable] = file.string();
    }
    return variables;
  }
};

/// A worker that runs, and who it is.
struct visitor {
  visitor(const surroundings& here, login what)
      : who{std::move(what)},
        environment{here.environment_of(who)},
        running{here.directory, who.name, here.config_of(who), worker_binary::product,
                environment} {}

  login who;
  std::map<std::string, std::string> environment;
  worker running;
};

finished_process command(const surroundings& here, const visitor& as,
                         std::vector<std::string> arguments) {
  static int runs = 0;
  process_options options;
  options.binary = binary_path(worker_binary::product);
  options.arguments = std::move(arguments);
  options.arguments.insert(options.arguments.end(),
                           {"--config", as.running.config_file().string()});
  options.environment = as.environment;
  options.directory = here.directory.path();
  options.output = here.directory / ("command-" + std::to_string(++runs));
  return run(options, 60s);
}

void require_no_secret(const std::string& where, const std::string& text) {
  for (const auto& secret : planted()) {
    INFO(where << " shows " << secret);
    REQUIRE(text.find(secret) == std::string::npos);
  }
}

/// Everything that a running worker shows of itself, and that its configuration shows.
void require_silent(const surroundings& here, visitor& one) {
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
    const auto shown = command(here, one, {"config", what});
    CHECK(shown.status.code == 0);
    require_no_secret(std::string{"config "} + what, shown.out + shown.err);
  }
}

std::size_t lines_in(const std::string& text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

std::string value(const nlohmann::json& entry, const char* key) {
  return entry.contains(key) ? entry.at(key).get<std::string>() : entry.dump();
}

/// Unready, alive, one line for each of its two clients, and a count.
void require_refused(visitor& one, chaos_report& report) {
  auto& w = one.running;
  INFO(one.who.name << ": " << w.log_tail());
  const auto begun = std::chrono::steady_clock::now();
  REQUIRE(w.log().wait_for("kafka_authentication_failed", 30s));
  report.recovered(
      "the line that says why",
      std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - begun), 10s);
  for (const auto& entry : w.log().entries("kafka_authentication_failed")) {
    CHECK(value(entry, "message").find(one.who.told) != std::string::npos);
    CHECK(value(entry, "message").find("; ") != std::string::npos);
  }
  CHECK(w.readiness() == 503);
  CHECK(w.health() == 200);
  CHECK(wait_until(
      [&] {
        return metric_sum(w.metrics(), "streamer_kafka_authentication_failures_total").value_or(0) >
               0;
      },
      10s));
  report.fault("login refused: " + one.who.name);
}

/// Commands end with the same line, and at once.
void require_commands_refused(const surroundings& here, const visitor& stranger) {
  const std::vector<std::vector<std::string>> commands{
      {"process", "lag"}, {"topics", "ls"}, {"ingest", "orders", "--count", "1"}};
  for (const auto& arguments : commands) {
    const auto ended = command(here, stranger, arguments);
    INFO(stranger.who.name << ", " << arguments.front() << ": " << ended.out << ended.err);
    CHECK(ended.status.code == 1);
    CHECK(lines_in(ended.err) == 1);
    CHECK(ended.err.find(stranger.who.told) != std::string::npos);
    require_no_secret(arguments.front(), ended.out + ended.err);
  }
}

} // namespace

TEST_CASE("E1: logins to a secured broker, accepted and refused, without a secret in any output",
          "[E1][fast]") {
  constexpr std::size_t events = 20;
  chaos_report report{"E1", "TLS, mutual TLS, SASL: accepted, refused, and secrets looked for"};
  surroundings here;
  const auto good = here.accepted();
  std::vector<std::unique_ptr<visitor>> refused;
  for (const auto& who : here.refused(good)) {
    report.needs("login refused: " + who.name, 1);
    refused.push_back(std::make_unique<visitor>(here, who));
  }

  for (auto& one : refused) {
    require_refused(*one, report);
  }
  for (const auto& who : {std::size_t{0}, std::size_t{1}, std::size_t{2}, std::size_t{6}}) {
    require_commands_refused(here, *refused.at(who));
  }
  for (auto& one : refused) {
    require_silent(here, *one);
    CHECK(one->running.stop().code == 0);
  }

  std::vector<std::unique_ptr<visitor>> accepted;
  for (const auto& who : good) {
    accepted.push_back(std::make_unique<visitor>(here, who));
  }
  for (const auto& one : accepted) {
    INFO(one->who.name << ": " << one->running.log_tail());
    const auto sent =
        command(here, *one, {"ingest", "orders", "--count", std::to_string(events), "--rate", "0"});
    INFO(sent.out << sent.err);
    REQUIRE(sent.status.code == 0);
    require_no_secret("ingest", sent.out + sent.err);
    one->running.wait_until_ready(90s);
  }
  // Each of them, with a group of its own, forwards what all of them have sent.
  const auto all = accepted.size() * accepted.size() * events;
  std::size_t arrived = 0;
  CHECK(wait_until(
      [&] {
        arrived = read_topic(here.cluster.bootstrap(), here.output).size();
        return arrived >= all;
      },
      60s, 500ms));
  CHECK(arrived == all);
  CHECK(here.issuer.granted() > 0);
  CHECK(here.issuer.refused() > 0);
  report.figure("ways in", static_cast<double>(accepted.size()));
  for (auto& one : accepted) {
    require_silent(here, *one);
    CHECK(one->running.log().entries("kafka_authentication_failed").empty());
    CHECK(one->running.stop().code == 0);
    require_no_secret("the whole log of " + one->who.name, one->running.program().stderr_text());
  }
}

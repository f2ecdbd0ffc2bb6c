// E2: password and certificate are replaced while a worker is under load.
#include <catch2/catch_test_macros.hpp>

#include "tests/chaos/support/chaos_report.hpp"
#include "tests/support/secured_cluster.hpp"

using namespace streamer::test;

namespace {

constexpr milliseconds in_use_within = 60s;

milliseconds since(std::chrono::steady_clock::time_point begun) {
  return std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - begun);
}

/// Records that a worker has finished so far.
double finished(const worker& w) {
  return metric_sum(w.metrics(), "streamer_records_total").value_or(0);
}

/// Waits until a worker is ready and has finished `more` records from now on.
[[nodiscard]] bool goes_on(const worker& w, double more, milliseconds timeout) {
  const auto before = finished(w);
  return wait_until([&] { return w.readiness() == 200 && finished(w) >= before + more; }, timeout);
}

} // namespace

TEST_CASE("E2: password and certificates replaced under load", "[E2]") {
  const double rate = scaled(300, 1000);
  chaos_report report{"E2", "SCRAM password and mutual TLS certificates replaced under load"};
  report.needs("password replaced", 1);
  report.needs("certificate replaced", 1);
  report.needs("broker that takes the new certificate alone", 1);
  report.rate(rate);
  secured_cluster cluster;
  auto& old_authority = cluster.authority();
  auto& new_authority = cluster.second_authority();
  cluster.set_password("alice", "SCRAM-SHA-256", "first-password");

  const scenario by_password{cluster.bootstrap()};
  const auto password = by_password.directory() / "password";
  write_file(password, "first-password");
  auto password_config = by_password.forward();
  password_config.text("kafka.bootstrap_servers", cluster.at(door::sasl_plain));
  password_config.text("kafka.security_protocol", "SASL_PLAINTEXT");
  password_config.text("kafka.sasl_mechanism", "SCRAM-SHA-256");
  password_config.text("kafka.sasl_username", "alice");
  worker alice{by_password.directory(),
               "alice",
               password_config,
               worker_binary::product,
               {{"KAFKA_KAFKA__SASL_PASSWORD_FILE", password.string()}}};

  const scenario by_certificate{cluster.bootstrap()};
  const auto trusted = by_certificate.directory() / "trusted.pem";
  write_file(trusted, read_file(old_authority.file()) + read_file(new_authority.file()));
  const auto identity = old_authority.issue("client");
  auto certificate_config = by_certificate.forward();
  certificate_config.text("kafka.bootstrap_servers", cluster.at(door::mutual_tls));
  certificate_config.text("kafka.security_protocol", "SSL");
  certificate_config.text("kafka.ssl_ca_location", trusted.string());
  certificate_config.text("kafka.ssl_certificate_location", identity.certificate.string());
  certificate_config.text("kafka.ssl_key_location", identity.key.string());
  worker carl{by_certificate.directory(), "carl", certificate_config};

  alice.wait_until_ready();
  carl.wait_until_ready();
  ledger_producer to_alice{by_password.bootstrap, by_password.source};
  ledger_producer to_carl{by_certificate.bootstrap, by_certificate.source};
  to_alice.start({.rate = rate, .seed = report.seed()});
  to_carl.start({.rate = rate, .seed = report.seed() + 1});
  INFO("alice: " << alice.log_tail() << "\ncarl: " << carl.log_tail());
  REQUIRE(goes_on(alice, 100, 30s));
  REQUIRE(goes_on(carl, 100, 30s));

  // The brokers know the new password first, so that logins fail until the file has it, too.
  cluster.set_password("alice", "SCRAM-SHA-256", "second-password");
  REQUIRE(alice.log().wait_for("kafka_authentication_failed", 30s));
  write_file(password, "second-password");
  // A new certificate of the same authority: the files are replaced one after the other.
  static_cast<void>(new_authority.issue("client"));
  const auto begun = std::chrono::steady_clock::now();
  REQUIRE(alice.log().wait_for("credentials_renewed", in_use_within, 2));
  REQUIRE(goes_on(alice, rate, in_use_within));
  report.recovered("new password in use", since(begun), in_use_within);
  report.fault("password replaced");
  REQUIRE(carl.log().wait_for("credentials_renewed", in_use_within, 2));
  REQUIRE(goes_on(carl, rate, in_use_within));
  report.recovered("new certificate in use", since(begun), in_use_within);
  report.fault("certificate replaced");
  CHECK(metric_sum(carl.metrics(), "streamer_rebalances_total", {{"kind", "revoke"}}) == 1);
  CHECK(metric_sum(carl.metrics(), "streamer_rebalances_total", {{"kind", "lost"}}) == 0);

  // Nobody gets in with the old one any more. That the worker does shows which one it uses.
  to_alice.stop();
  to_carl.stop();
  cluster.trust_clients_of({&new_authority});
  cluster.restart();
  to_alice.start({.rate = rate, .seed = report.seed() + 2});
  to_carl.start({.rate = rate, .seed = report.seed() + 3});
  REQUIRE(goes_on(alice, rate, in_use_within));
  REQUIRE(goes_on(carl, rate, in_use_within));
  report.fault("broker that takes the new certificate alone");
  to_alice.stop();
  to_carl.stop();

  // A key that does not belong to the certificate: told, and no harm to what works.
  write_file(identity.key, read_file(old_authority.issue("other").key));
  REQUIRE(carl.log().wait_for("credentials_unusable", 30s));
  CHECK(carl.readiness() == 200);

  for (const auto* s : {&by_password, &by_certificate}) {
    s->wait_until_drained();
  }
  CHECK(alice.stop().code == 0);
  CHECK(carl.stop().code == 0);
  // While its logins are refused alice loses her session, and with it what was finished and not
  // committed: at most what may be in flight, 10,000, and an interval. Carl gives everything back
  // before he changes clients; what the restart of the broker finds uncommitted is repeated.
  const auto of_alice = by_password.collect(to_alice.sent());
  report.require_invariants(by_password, of_alice,
                            {.duplicates_allowed = 10'000 + busiest(of_alice.output, 400ms)});
  report.require_invariants(by_certificate, to_carl.sent(), {.duplicates_allowed = 2'000});
}

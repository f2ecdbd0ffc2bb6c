// Ways into a secured broker, right and wrong, with planted secrets, and workers that take them.
#pragma once

#include <array>
#include <map>
#include <string>
#include <vector>

#include "tests/support/kafka_access.hpp"
#include "tests/support/secured_cluster.hpp"
#include "tests/support/token_endpoint.hpp"
#include "tests/support/worker.hpp"

namespace streamer::test {

/// Planted: what is configured, and what nobody may show.
inline const std::string scram_password = "planted-4c1f-scram-password";
inline const std::string wrong_password = "planted-8b20-wrong-password";
inline const std::string oidc_secret = "planted-77ae-oidc-secret";
inline const std::string key_password = "planted-e093-key-password";
inline const std::string admin_token = "planted-15d2-admin-token";
inline const std::string property_password = "planted-c3d8-property-password";

/// Fails the test if `text` has one of the secrets above, or what is made of them.
void require_no_secret(const std::string& where, const std::string& text);

/// How somebody tries to get in.
struct login {
  std::string name;
  std::string address;
  std::map<std::string, std::string> keys;          ///< of [kafka]
  std::map<std::string, std::string> secrets;       ///< of [kafka], given by files
  std::string told{};                               ///< in the line of a refusal; empty: it works
  std::map<std::string, std::string> environment{}; ///< secrets of [kafka] given in the environment
  std::map<std::string, std::string> written{}; ///< secrets of [kafka] in the configuration file
};

/// A secured broker, a token endpoint, topics, and who comes.
struct secured_surroundings {
  secured_cluster cluster;
  token_endpoint issuer{"worker", oidc_secret};
  temporary_directory directory;
  std::string source = unique_name("secured");
  std::string output = unique_name("secured-output");

  secured_surroundings();

  /// Every way to get in: TLS, mutual TLS, SCRAM (twice), PLAIN, a token; then with secrets in the
  /// environment and in the configuration file.
  [[nodiscard]] std::vector<login> accepted();
  /// Each as one of `good` with one thing that is wrong.
  [[nodiscard]] std::vector<login> refused(const std::vector<login>& good);

  /// With a group of its own and without handlers; logs all there is.
  [[nodiscard]] worker_config config_of(const login& who) const;
  [[nodiscard]] std::map<std::string, std::string> environment_of(const login& who) const;
};

/// A worker that runs, who it is, and since when.
struct visitor {
  visitor(const secured_surroundings& here, login what);
  visitor(const secured_surroundings& here, login what, const worker_config& config,
          worker_binary which);

  login who;
  std::map<std::string, std::string> environment;
  std::int64_t began_ms; ///< before the process was started
  worker running;
};

/// Runs a command with a visitor's configuration and environment.
[[nodiscard]] finished_process run_as(const secured_surroundings& here, const visitor& who,
                                      std::vector<std::string> arguments);

/// Fails the test if a running worker shows a secret: log, HTTP addresses, process list, and the
/// commands that look at its configuration and its cluster.
void require_silent(const secured_surroundings& here, visitor& one);

} // namespace streamer::test

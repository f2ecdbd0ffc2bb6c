// A broker with TLS and SASL on listeners of their own.
#pragma once

#include "tests/support/broker_fixture.hpp"
#include "tests/support/certificates.hpp"

#include <array>
#include <cstdint>
#include <memory>
#include <string>

namespace streamer::test {

/// The listeners of a secured_cluster, all of them on 127.0.0.1.
enum class door : std::uint8_t {
  tls,        ///< SSL
  mutual_tls, ///< SSL; the client needs a certificate of `trusted_clients`
  sasl_tls,   ///< SASL_SSL: SCRAM-SHA-256 and -512, PLAIN, OAUTHBEARER (which believes any token)
  sasl_plain, ///< SASL_PLAINTEXT: SCRAM-SHA-256, which has to log in again every few seconds
  wrong_host, ///< SSL, with a certificate for another host
  expired,    ///< SSL, with a certificate that is not valid any more
};
inline constexpr std::size_t door_count = 6;

/// One broker. `bootstrap()` is a listener without security, for the test itself; whoever comes
/// through another door has to be let in. Authorities are `authority` (servers, first) and
/// `second_authority`.
class secured_cluster {
 public:
  /// How long a login through `sasl_plain` holds.
  static constexpr std::chrono::milliseconds login_lifetime{4'000};
  static constexpr const char* plain_user = "paula";
  static constexpr const char* plain_password = "plain-password-of-paula";

  secured_cluster();

  [[nodiscard]] const std::string& bootstrap() const { return cluster_->bootstrap(); }
  /// host:port of a listener.
  [[nodiscard]] std::string at(door which) const;

  [[nodiscard]] certificate_authority& authority() { return authority_; }
  [[nodiscard]] certificate_authority& second_authority() { return second_authority_; }

  /// Creates a SCRAM user, or changes its password. `mechanism`: SCRAM-SHA-256 or SCRAM-SHA-512.
  void set_password(const std::string& user, const std::string& mechanism,
                    const std::string& password);

  /// Authorities whose clients `mutual_tls` lets in: PEM files, joined. Holds from the next start
  /// of the broker.
  void trust_clients_of(std::initializer_list<const certificate_authority*> authorities);
  /// Stops the broker in order and starts it again.
  void restart();

 private:
  [[nodiscard]] std::vector<std::string> overrides();

  temporary_directory directory_;
  certificate_authority authority_;
  certificate_authority second_authority_;
  std::filesystem::path trusted_clients_;
  std::array<std::uint16_t, door_count> ports_{};
  std::unique_ptr<private_cluster> cluster_;
};

} // namespace streamer::test

#include "config/checks.hpp"
#include "config/enum_names.hpp"
#include "config/keys.hpp"
#include "config/validate.hpp"

namespace streamer::config_impl {
namespace {

bool uses_sasl(security_protocol_kind protocol) {
  return protocol == security_protocol_kind::sasl_plaintext ||
         protocol == security_protocol_kind::sasl_ssl;
}

bool uses_tls(security_protocol_kind protocol) {
  return protocol == security_protocol_kind::ssl || protocol == security_protocol_kind::sasl_ssl;
}

constexpr std::string_view protocol = "kafka.security_protocol";

void check_credentials(checklist& check) {
  const auto& kafka = check.values().kafka;
  if (!uses_sasl(kafka.security_protocol) ||
      kafka.sasl_mechanism == sasl_mechanism_kind::oauthbearer)
    return;
  std::string needed = "is needed by " + std::string{name_of(kafka.sasl_mechanism)} + " under " +
                       std::string{name_of(kafka.security_protocol)};
  check.require(!kafka.sasl_username.empty(), "kafka.sasl_username", needed, "set it", protocol);
  check.require(!kafka.sasl_password.empty(), "kafka.sasl_password", needed,
                "set it, for instance by the variable KAFKA_KAFKA__SASL_PASSWORD_FILE", protocol);
  bool exposed = kafka.sasl_mechanism == sasl_mechanism_kind::plain &&
                 kafka.security_protocol == security_protocol_kind::sasl_plaintext;
  check.require(!exposed || kafka.allow_insecure, "kafka.sasl_mechanism",
                "would send the password readable over the network",
                "use SASL_SSL or a SCRAM mechanism, or set kafka.allow_insecure = true", protocol);
}

void check_certificates(checklist& check) {
  const auto& kafka = check.values().kafka;
  bool has_certificate = !kafka.ssl_certificate_location.empty();
  bool has_key = !kafka.ssl_key_location.empty();
  check.require(!has_certificate || has_key, "kafka.ssl_certificate_location", "has no key with it",
                "set kafka.ssl_key_location too");
  check.require(has_certificate || !has_key, "kafka.ssl_key_location", "has no certificate with it",
                "set kafka.ssl_certificate_location too");
}

void check_verification(checklist& check) {
  const auto& values = check.values();
  if (values.kafka.allow_insecure) return;
  for (const auto& section : section_names()) {
    const auto* properties = properties_of(values, section);
    if (properties == nullptr) continue;
    std::string prefix = section + ".properties.";
    for (const auto& [name, value] : *properties) {
      bool unverified = (name == "enable.ssl.certificate.verification" && value != "true") ||
                        (name == "ssl.endpoint.identification.algorithm" && value != "https");
      check.require(!unverified, prefix + name, "would accept any server's certificate",
                    "name the authority in kafka.ssl_ca_location, or set "
                    "kafka.allow_insecure = true");
    }
  }
}

} // namespace

void check_security(checklist& check) {
  check_credentials(check);
  check_certificates(check);
  check_verification(check);
}

} // namespace streamer::config_impl

namespace streamer {

std::vector<problem> doubtful(const settings& values, const provenance& where) {
  using namespace config_impl;
  checklist check{values, where};
  const auto& kafka = values.kafka;
  std::string no_effect =
      "has no effect under security_protocol " + std::string{name_of(kafka.security_protocol)};
  if (!uses_sasl(kafka.security_protocol)) {
    check.require(kafka.sasl_username.empty(), "kafka.sasl_username", no_effect,
                  "is SASL_SSL meant?");
    check.require(kafka.sasl_password.empty(), "kafka.sasl_password", no_effect,
                  "is SASL_SSL meant?");
  }
  if (!uses_tls(kafka.security_protocol)) {
    check.require(kafka.ssl_ca_location.empty(), "kafka.ssl_ca_location", no_effect,
                  "is SSL or SASL_SSL meant?");
    check.require(kafka.ssl_certificate_location.empty(), "kafka.ssl_certificate_location",
                  no_effect, "is SSL or SASL_SSL meant?");
  }
  return check.take();
}

} // namespace streamer

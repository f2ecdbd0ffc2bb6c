#include <algorithm>
#include <initializer_list>
#include <utility>

#include "config/bounds.hpp"
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

/// PLAIN and OAUTHBEARER show whoever listens what they log in with; SCRAM does not.
bool sends_secret_readable(const kafka_settings& kafka) {
  return kafka.security_protocol == security_protocol_kind::sasl_plaintext &&
         (kafka.sasl_mechanism == sasl_mechanism_kind::plain ||
          kafka.sasl_mechanism == sasl_mechanism_kind::oauthbearer);
}

std::string secret_of(const kafka_settings& kafka) {
  return kafka.sasl_mechanism == sasl_mechanism_kind::plain ? "password" : "token";
}

std::string file_variable(std::string name) {
  for (char& c : name)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 32);
  return "KAFKA_KAFKA__" + name + "_FILE";
}

bool switches_verification_off(std::string_view name, std::string_view value) {
  return (name == "enable.ssl.certificate.verification" && value != "true") ||
         (name == "ssl.endpoint.identification.algorithm" && value != "https");
}

void require_all(checklist& check, std::initializer_list<std::pair<std::string, bool>> keys) {
  const auto& kafka = check.values().kafka;
  std::string needed = "is needed by " + std::string{name_of(kafka.sasl_mechanism)} + " under " +
                       std::string{name_of(kafka.security_protocol)};
  for (const auto& [name, is_set] : keys) {
    bool is_secret = name.ends_with("password") || name.ends_with("secret");
    check.require(is_set, "kafka." + name, needed,
                  is_secret ? "set it, for instance by the variable " + file_variable(name)
                            : std::string{"set it"},
                  protocol);
  }
}

/// The token endpoint's URL is one, and nobody on the way can read what is asked there.
void check_token_endpoint(checklist& check) {
  const auto& kafka = check.values().kafka;
  const std::string& url = kafka.oidc_token_endpoint_url;
  if (url.empty()) return;
  bool over_tls = url.starts_with("https://");
  check.require(over_tls || url.starts_with("http://"), "kafka.oidc_token_endpoint_url",
                "is not a URL", "write it as https://host/path");
  std::string_view host = std::string_view{url}.substr(std::min(url.size(), url.find("://") + 3));
  host = host.substr(0, host.find_first_of("/?#"));
  if (host.find('@') != std::string_view::npos) {
    // What stands before the @ may be a password.
    check.refuse_unshown("kafka.oidc_token_endpoint_url", "has a user in it",
                         "use kafka.oidc_client_id and kafka.oidc_client_secret");
    return;
  }
  if (!url.starts_with("http://")) return;
  bool has_port = host.rfind(':') != std::string_view::npos && !host.ends_with(']');
  bool is_local = is_loopback(has_port ? std::string{host} : std::string{host} + ":80");
  check.require(is_local || kafka.allow_insecure, "kafka.oidc_token_endpoint_url",
                "would send the client's secret readable over the network",
                "use https://, or set kafka.allow_insecure = true");
}

void check_credentials(checklist& check) {
  const auto& kafka = check.values().kafka;
  if (!uses_sasl(kafka.security_protocol)) return;
  if (kafka.sasl_mechanism == sasl_mechanism_kind::oauthbearer) {
    require_all(check, {{"oidc_token_endpoint_url", !kafka.oidc_token_endpoint_url.empty()},
                        {"oidc_client_id", !kafka.oidc_client_id.empty()},
                        {"oidc_client_secret", !kafka.oidc_client_secret.empty()}});
    check_token_endpoint(check);
  } else {
    require_all(check, {{"sasl_username", !kafka.sasl_username.empty()},
                        {"sasl_password", !kafka.sasl_password.empty()}});
  }
  check.require(!sends_secret_readable(kafka) || kafka.allow_insecure, "kafka.sasl_mechanism",
                "would send the " + secret_of(kafka) + " readable over the network",
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

/// The properties that make TLS accept any server.
std::vector<std::string> unverified_by(const settings& values) {
  std::vector<std::string> found;
  for (const auto& section : section_names())
    if (const auto* properties = properties_of(values, section))
      for (const auto& [name, value] : *properties)
        if (switches_verification_off(name, value))
          found.push_back(section + ".properties." + name);
  return found;
}

void check_verification(checklist& check) {
  if (check.values().kafka.allow_insecure) return;
  for (const auto& name : unverified_by(check.values()))
    check.require(false, name, "would accept any server's certificate",
                  "name the authority in kafka.ssl_ca_location, or set "
                  "kafka.allow_insecure = true");
}

/// allow_insecure is used: what that gives away.
void warn_of_insecurity(checklist& check) {
  const auto& kafka = check.values().kafka;
  if (!kafka.allow_insecure) return;
  const std::string remedy = "leave it out wherever records matter";
  check.require(!sends_secret_readable(kafka), "kafka.allow_insecure",
                "sends the " + secret_of(kafka) + " readable over the network", remedy);
  for (const auto& name : unverified_by(check.values()))
    check.require(false, "kafka.allow_insecure",
                  "accepts any server's certificate (" + name +
                      "): whoever is between here and "
                      "the brokers can read and change everything",
                  remedy);
  bool readable_url = kafka.sasl_mechanism == sasl_mechanism_kind::oauthbearer &&
                      kafka.oidc_token_endpoint_url.starts_with("http://");
  check.require(!readable_url || !uses_sasl(kafka.security_protocol), "kafka.allow_insecure",
                "asks for tokens without TLS", remedy);
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
  const bool sasl = uses_sasl(kafka.security_protocol);
  const bool oauth = sasl && kafka.sasl_mechanism == sasl_mechanism_kind::oauthbearer;
  if (!sasl) {
    check.require(kafka.sasl_username.empty(), "kafka.sasl_username", no_effect,
                  "is SASL_SSL meant?");
    check.require(kafka.sasl_password.empty(), "kafka.sasl_password", no_effect,
                  "is SASL_SSL meant?");
  }
  if (!oauth) {
    check.require(kafka.oidc_token_endpoint_url.empty(), "kafka.oidc_token_endpoint_url",
                  "has no effect", "is kafka.sasl_mechanism = \"OAUTHBEARER\" meant?");
    check.require(kafka.oidc_client_secret.empty(), "kafka.oidc_client_secret", "has no effect",
                  "is kafka.sasl_mechanism = \"OAUTHBEARER\" meant?");
  }
  if (!uses_tls(kafka.security_protocol)) {
    check.require(kafka.ssl_ca_location.empty(), "kafka.ssl_ca_location", no_effect,
                  "is SSL or SASL_SSL meant?");
    check.require(kafka.ssl_certificate_location.empty(), "kafka.ssl_certificate_location",
                  no_effect, "is SSL or SASL_SSL meant?");
  }
  warn_of_insecurity(check);
  return check.take();
}

} // namespace streamer

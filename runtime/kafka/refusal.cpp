#include "runtime/kafka/refusal.hpp"

#include "config/enum_names.hpp"
#include "runtime/kafka/error_map.hpp"

#include <openssl/x509_vfy.h>

#include <algorithm>
#include <array>

namespace streamer {
namespace {

bool has(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

refusal of_certificate(int error) {
  switch (error) {
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH: return refusal::host_name;
    case X509_V_ERR_CERT_HAS_EXPIRED:
    case X509_V_ERR_CERT_NOT_YET_VALID: return refusal::expired;
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_CERT_UNTRUSTED: return refusal::unknown_authority;
    default: return refusal::server_certificate;
  }
}

// An alert is what the other side has sent.
bool alerts_of_client_certificate(std::string_view text) {
  return has(text, "alert") && (has(text, "certificate") || has(text, "unknown ca"));
}

/// "ssl://broker:9093/bootstrap: …" or "sasl_ssl://broker:9093/1: …" as "broker:9093".
std::string broker_in(std::string_view reason) {
  auto name = reason.substr(0, reason.find(": "));
  const auto scheme = name.find("://");
  if (scheme != std::string_view::npos) {
    name.remove_prefix(scheme + 3);
  }
  name = name.substr(0, name.find('/'));
  const bool is_address = has(name, ":") && !has(name, " ");
  return is_address ? std::string{name} : std::string{"the broker"};
}

std::string quoted(std::string_view key, const std::string& value) {
  return std::string{key} + " = \"" + value + "\"";
}

std::string login_advice(const kafka_settings& kafka) {
  if (kafka.sasl_mechanism == sasl_mechanism_kind::oauthbearer) {
    return "the brokers refuse the token of " +
           quoted("kafka.oidc_client_id", kafka.oidc_client_id) +
           "; check kafka.oidc_scope and what the brokers expect of a token";
  }
  return "the brokers refuse " + quoted("kafka.sasl_username", kafka.sasl_username) + " with " +
         std::string{name_of(kafka.sasl_mechanism)} + "; correct it or kafka.sasl_password";
}

std::string client_certificate_advice(const std::string& broker, const kafka_settings& kafka) {
  if (kafka.ssl_certificate_location.empty()) {
    return broker +
           " wants a certificate of this client; set kafka.ssl_certificate_location and "
           "kafka.ssl_key_location";
  }
  return broker + " refuses this client's certificate, " +
         quoted("kafka.ssl_certificate_location", kafka.ssl_certificate_location) +
         "; name one that has not expired and is from an authority that the brokers trust";
}

} // namespace

refusal refusal_of(rd_kafka_resp_err_t code, std::string_view reason, int certificate_error) {
  if (alerts_of_client_certificate(reason)) {
    return refusal::client_certificate;
  }
  if (has(reason, "PLAINTEXT broker listener?") || has(reason, "wrong version number")) {
    return refusal::no_tls;
  }
  if (!is_authentication_failure(code)) {
    return refusal::none;
  }
  if (code == RD_KAFKA_RESP_ERR__SSL) {
    return has(reason, "certificate verify failed") ? of_certificate(certificate_error)
                                                    : refusal::handshake;
  }
  if (has(reason, "Failed to acquire SASL OAUTHBEARER token")) {
    return refusal::token;
  }
  if (has(reason, "mechanism handshake failed")) {
    return refusal::mechanism;
  }
  return refusal::login;
}

bool tells_refusal(std::string_view log_line) {
  constexpr std::array words{"SSL handshake failed", "certificate verify failed", "SASL",
                             "verification callback failed", "OIDC token"};
  return alerts_of_client_certificate(log_line) ||
         std::ranges::any_of(words, [&](const char* word) { return has(log_line, word); });
}

std::string advice_on(refusal what, std::string_view reason, const kafka_settings& kafka) {
  const auto broker = broker_in(reason);
  switch (what) {
    case refusal::none: break;
    case refusal::login: return login_advice(kafka);
    case refusal::mechanism:
      return broker + " does not take kafka.sasl_mechanism = \"" +
             std::string{name_of(kafka.sasl_mechanism)} +
             "\" on this port; correct it, or kafka.bootstrap_servers";
    case refusal::token:
      return "no token comes from " +
             quoted("kafka.oidc_token_endpoint_url", kafka.oidc_token_endpoint_url) +
             "; check it, " + quoted("kafka.oidc_client_id", kafka.oidc_client_id) +
             " and kafka.oidc_client_secret";
    case refusal::host_name:
      return "the certificate of " + broker +
             " is for another host; name the broker in kafka.bootstrap_servers as its certificate "
             "does, or give it a certificate for this name";
    case refusal::expired:
      return "the certificate of " + broker +
             ", or of its authority, does not hold at this time; renew it (or correct this "
             "machine's clock)";
    case refusal::unknown_authority:
      return "the certificate of " + broker + " is not from an authority in " +
             quoted("kafka.ssl_ca_location", kafka.ssl_ca_location) +
             (kafka.ssl_ca_location.empty() ? " (the system's)" : "") +
             "; name the file of the brokers' authority";
    case refusal::server_certificate:
      return "the certificate of " + broker +
             " cannot be verified; check it and kafka.ssl_ca_location";
    case refusal::handshake:
      return "the TLS handshake with " + broker +
             " fails; check its protocol versions and ciphers, and the properties ssl.* of [kafka]";
    case refusal::client_certificate: return client_certificate_advice(broker, kafka);
    case refusal::no_tls:
      return broker + " does not speak TLS, and kafka.security_protocol = \"" +
             std::string{name_of(kafka.security_protocol)} +
             "\"; correct it, or the port in kafka.bootstrap_servers";
  }
  return std::string{reason};
}

} // namespace streamer

// Why a broker and a client do not come together, and what to do about it. Pure. Internal to
// runtime/kafka.
#pragma once

#include "config/settings.hpp"

#include <librdkafka/rdkafka.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace streamer {

/// What is in the way of a login.
enum class refusal : std::uint8_t {
  none,               ///< nothing of this kind: a broker is down, a request failed
  login,              ///< the brokers refuse user, password or token
  mechanism,          ///< the listener does not take the mechanism, or no SASL at all
  token,              ///< the token endpoint gives none
  host_name,          ///< the broker's certificate is for another host
  expired,            ///< the broker's certificate, or one above it, does not hold now
  unknown_authority,  ///< the broker's certificate is not from an authority that is trusted
  server_certificate, ///< the broker's certificate is refused for another reason
  handshake,          ///< TLS fails for another reason: versions, ciphers
  client_certificate, ///< the broker misses or refuses this client's certificate
  no_tls,             ///< the listener does not speak TLS
};

/// Judges an error that librdkafka reports. `certificate_error`: what the verification of a
/// broker's certificate found last (X509_V_ERR_…), 0 for nothing.
[[nodiscard]] refusal refusal_of(rd_kafka_resp_err_t code, std::string_view reason,
                                 int certificate_error);

/// The same for a line of librdkafka's own log, which has no code.
[[nodiscard]] bool tells_refusal(std::string_view log_line);

/// One line: what, which value, what to do. Names the broker that `reason` names, and never a
/// secret.
[[nodiscard]] std::string advice_on(refusal what, std::string_view reason,
                                    const kafka_settings& kafka);

} // namespace streamer

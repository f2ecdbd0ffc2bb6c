#include "runtime/kafka/client_hooks.hpp"

#include "runtime/kafka/refusal.hpp"

#include <algorithm>

namespace streamer {
namespace {

void write_log(const rd_kafka_t* client, int level, const char* facility, const char* text) {
  constexpr int debug = 7;
  if (const auto* hooks = static_cast<const client_hooks*>(rd_kafka_opaque(client))) {
    // on_error gets these too, and says what to do about them.
    const int shown = tells_refusal(text) ? debug : level;
    log_syslog(hooks->log(), shown, "kafka_client_log", facility, text);
  }
}

// Adds nothing to OpenSSL's verdict and takes nothing from it: 1 would accept the certificate.
int note_certificate(rd_kafka_t*, const char*, std::int32_t, int* error, int, const char*, size_t,
                     char* text, size_t room, void* opaque) {
  if (*error == 0) {
    return 1;
  }
  static_cast<client_hooks*>(opaque)->note_certificate_error(*error);
  std::string_view{"it does not stand the verification"}.copy(text, room - 1);
  return 0;
}

void report_error(rd_kafka_t*, int code, const char* reason, void* opaque) {
  static_cast<client_hooks*>(opaque)->on_error(static_cast<rd_kafka_resp_err_t>(code),
                                               reason == nullptr ? "" : reason);
}

} // namespace

void client_hooks::on_error(rd_kafka_resp_err_t code, std::string_view reason) {
  log_.debug("kafka_error", reason, {{"error", rd_kafka_err2name(code)}});
}

void install_hooks(rd_kafka_conf_t& conf, client_hooks& hooks) {
  rd_kafka_conf_set_opaque(&conf, &hooks);
  rd_kafka_conf_set_log_cb(&conf, write_log);
  rd_kafka_conf_set_error_cb(&conf, report_error);
  rd_kafka_conf_set_ssl_cert_verify_cb(&conf, note_certificate);
}

} // namespace streamer

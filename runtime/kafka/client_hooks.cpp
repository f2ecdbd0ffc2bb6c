#include "runtime/kafka/client_hooks.hpp"

namespace streamer {
namespace {

void write_log(const rd_kafka_t* client, int level, const char* facility, const char* text) {
  if (const auto* hooks = static_cast<const client_hooks*>(rd_kafka_opaque(client))) {
    log_syslog(hooks->log(), level, "kafka_client_log", facility, text);
  }
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
}

} // namespace streamer

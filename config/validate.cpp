#include "config/validate.hpp"

#include <algorithm>
#include <fstream>

#include "config/bounds.hpp"
#include "config/checks.hpp"

namespace streamer {
namespace {

using config_impl::checklist;

void check_dlq(checklist& check) {
  const auto& values = check.values();
  bool is_source =
      values.dlq.topic == "{topic}" ||
      std::ranges::find(values.consumer.topics, values.dlq.topic) != values.consumer.topics.end();
  check.require(!is_source, "dlq.topic",
                "is a topic that is read: dead letters would be processed again, for ever",
                "use a topic that is not in consumer.topics, such as {topic}.dlq");
}

void check_addresses(checklist& check) {
  const auto& values = check.values();
  const auto& admin = values.admin;
  check.require(config_impl::is_loopback(admin.addr) || !admin.token_file.empty(), "admin.addr",
                "is reachable from other machines", "set admin.token_file, or listen on 127.0.0.1");
  bool shared = admin.addr == values.observability.metrics_addr && !admin.addr.ends_with(":0");
  check.require(!shared, "admin.addr", "is observability.metrics_addr too",
                "give each its own port", "observability.metrics_addr");
}

/// A URL with a user has a password too, perhaps.
void check_collector(checklist& check) {
  std::string_view host = check.values().observability.otlp_endpoint;
  host = host.substr(std::min(host.size(), host.find("://") + 3));
  if (host.substr(0, host.find('/')).find('@') != std::string_view::npos)
    check.refuse_unshown("observability.otlp_endpoint", "has a user in it",
                         "set the variable OTEL_EXPORTER_OTLP_HEADERS");
}

/// The inspection port's files come together, or not at all.
void check_inspection(checklist& check) {
  const auto& inspect = check.values().inspect;
  const bool any = !inspect.certificate.empty() || !inspect.key.empty() || !inspect.ca.empty();
  const auto* missing = inspect.certificate.empty() ? "inspect.certificate"
                        : inspect.key.empty()       ? "inspect.key"
                        : inspect.ca.empty()        ? "inspect.ca"
                                                    : nullptr;
  if (any && missing != nullptr)
    check.require(false, missing, "is needed with the other files of [inspect]",
                  "set inspect.certificate, inspect.key and inspect.ca, or none of them");
  const auto taken_by = [&](const std::string& addr) {
    return inspect.enabled && inspect.addr == addr && !addr.ends_with(":0");
  };
  check.require(!taken_by(check.values().observability.metrics_addr), "inspect.addr",
                "is observability.metrics_addr too", "give each its own port");
  check.require(!taken_by(check.values().admin.addr), "inspect.addr", "is admin.addr too",
                "give each its own port");
}

} // namespace

std::vector<problem> validate(const settings& values, const provenance& where) {
  checklist check{values, where};
  config_impl::check_security(check);
  config_impl::check_consumer(check);
  config_impl::check_handlers(check);
  config_impl::check_outside_handlers(check);
  check.require(values.producer.linger < values.producer.delivery_timeout, "producer.linger_ms",
                "is not below producer.delivery_timeout_ms (" +
                    std::to_string(values.producer.delivery_timeout.count()) + ')',
                "use less", "producer.delivery_timeout_ms");
  check.require(values.tenants.share * static_cast<double>(values.consumer.max_in_flight) >= 1,
                "tenants.share", "leaves a tenant less than one record of consumer.max_in_flight",
                "use more", "consumer.max_in_flight");
  check_dlq(check);
  check_addresses(check);
  check_collector(check);
  check_inspection(check);
  return check.take();
}

std::vector<problem> check_files(const settings& values, const provenance& where) {
  checklist check{values, where};
  const auto require_readable = [&](const std::string& key, const std::string& file) {
    // "probe" makes librdkafka look in the usual places.
    bool readable = file.empty() || file == "probe" || std::ifstream{file}.is_open();
    check.require(readable, key, "cannot be read", "name a file that this user can read");
  };
  require_readable("kafka.ssl_ca_location", values.kafka.ssl_ca_location);
  require_readable("kafka.ssl_certificate_location", values.kafka.ssl_certificate_location);
  require_readable("kafka.ssl_key_location", values.kafka.ssl_key_location);
  require_readable("admin.token_file", values.admin.token_file);
  if (values.inspect.enabled) {
    require_readable("inspect.certificate", values.inspect.certificate);
    require_readable("inspect.key", values.inspect.key);
    require_readable("inspect.ca", values.inspect.ca);
  }
  return check.take();
}

} // namespace streamer

namespace streamer::config_impl {

checklist::checklist(const settings& values, const provenance& where)
    : values_(values), where_(where), effective_(effective_values(values)) {}

void checklist::require(bool holds, const std::string& key, std::string message, std::string remedy,
                        std::string_view cause) {
  if (holds) return;
  bool caused = !where_.is_explicit(key) && where_.is_explicit(cause);
  auto shown = std::ranges::find(effective_, key, &effective_value::name);
  found_.push_back({.where = where_.of(caused ? cause : key),
                    .key = key,
                    .value = shown == effective_.end() ? "" : shown->literal,
                    .message = std::move(message),
                    .remedy = std::move(remedy),
                    .nearest = {}});
}

void checklist::refuse_unshown(const std::string& key, std::string message, std::string remedy) {
  found_.push_back({.where = where_.of(key),
                    .key = key,
                    .value = {},
                    .message = std::move(message),
                    .remedy = std::move(remedy),
                    .nearest = {}});
}

} // namespace streamer::config_impl

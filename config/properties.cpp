#include "config/properties.hpp"

#include <array>
#include <charconv>

namespace streamer::config_impl {
namespace {

constexpr std::string_view managed = "it has a key of its own";
constexpr std::string_view commits = "offsets are committed by streamer alone";
constexpr std::string_view idempotence =
    "it is fixed, so that nothing produced is lost or reordered";
constexpr std::string_view memory = "it is derived from the memory budget";
constexpr std::string_view callbacks = "it is set by a program, not by text";
constexpr std::string_view transactions = "streamer does not use transactions";
constexpr std::string_view tokens = "tokens come from an OIDC endpoint, by client and secret";
constexpr std::string_view unsigned_tokens = "a token that nobody signed proves nothing";

bool at_most_five(std::string_view value) {
  int number = 0;
  auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  return error == std::errc{} && end == value.data() + value.size() && number >= 1 && number <= 5;
}

constexpr auto rules = std::to_array<property_rule>({
    {"bootstrap.servers", managed, "kafka.bootstrap_servers"},
    {"metadata.broker.list", managed, "kafka.bootstrap_servers"},
    {"client.id", managed, "kafka.client_id"},
    {"client.rack", managed, "kafka.client_rack"},
    {"security.protocol", managed, "kafka.security_protocol"},
    {"sasl.mechanism", managed, "kafka.sasl_mechanism"},
    {"sasl.mechanisms", managed, "kafka.sasl_mechanism"},
    {"sasl.username", managed, "kafka.sasl_username"},
    {"sasl.password", managed, "kafka.sasl_password"},
    {"sasl.kerberos.*", "GSSAPI is not one of the mechanisms", "kafka.sasl_mechanism"},
    {"sasl.oauthbearer.token.endpoint.url", managed, "kafka.oidc_token_endpoint_url"},
    {"sasl.oauthbearer.client.id", managed, "kafka.oidc_client_id"},
    {"sasl.oauthbearer.client.credentials.client.id", managed, "kafka.oidc_client_id"},
    {"sasl.oauthbearer.client.secret", managed, "kafka.oidc_client_secret"},
    {"sasl.oauthbearer.client.credentials.client.secret", managed, "kafka.oidc_client_secret"},
    {"sasl.oauthbearer.scope", managed, "kafka.oidc_scope"},
    {"sasl.oauthbearer.method", tokens, "kafka.oidc_token_endpoint_url"},
    {"sasl.oauthbearer.grant.type", tokens, "kafka.oidc_token_endpoint_url"},
    {"sasl.oauthbearer.assertion.*", tokens, "kafka.oidc_client_secret"},
    {"sasl.oauthbearer.metadata.*", tokens, "kafka.oidc_token_endpoint_url"},
    {"sasl.oauthbearer.config", unsigned_tokens, ""},
    {"enable.sasl.oauthbearer.*", unsigned_tokens, ""},
    {"ssl.ca.location", managed, "kafka.ssl_ca_location"},
    {"ssl.certificate.location", managed, "kafka.ssl_certificate_location"},
    {"ssl.key.location", managed, "kafka.ssl_key_location"},
    {"ssl.key.password", managed, "kafka.ssl_key_password"},

    {"group.id", managed, "consumer.group_id"},
    {"group.instance.id", managed, "consumer.group_instance_id"},
    {"group.protocol", managed, "consumer.group_protocol"},
    {"group.protocol.type", "it is fixed by the group protocol", ""},
    {"session.timeout.ms", managed, "consumer.session_timeout_ms"},
    {"max.poll.interval.ms", managed, "consumer.max_poll_interval_ms"},
    {"auto.offset.reset", managed, "consumer.auto_offset_reset"},
    {"enable.auto.commit", commits, "consumer.commit_interval_ms"},
    {"auto.commit.enable", commits, "consumer.commit_interval_ms"},
    {"auto.commit.interval.ms", commits, "consumer.commit_interval_ms"},
    {"enable.auto.offset.store", commits, ""},
    {"offset.store.*", commits, ""},
    {"enable.partition.eof", "streamer needs it to tell the end of a partition", ""},
    {"isolation.level", "what aborted transactions wrote is never processed", ""},
    {"allow.auto.create.topics", "topics are created on request alone", "topics.create_missing"},
    {"queued.max.messages.kbytes", memory, "consumer.memory_budget_mib"},
    {"fetch.max.bytes", memory, "consumer.memory_budget_mib"},
    {"queued.min.messages", memory, "consumer.memory_budget_mib"},
    {"fetch.message.max.bytes", memory, "consumer.memory_budget_mib"},
    {"max.partition.fetch.bytes", memory, "consumer.memory_budget_mib"},
    {"receive.message.max.bytes", memory, "consumer.memory_budget_mib"},

    {"acks", idempotence, ""},
    {"request.required.acks", idempotence, ""},
    {"enable.idempotence", idempotence, ""},
    {"max.in.flight", "above 5 a producer is not idempotent", "", at_most_five},
    {"max.in.flight.requests.per.connection", "above 5 a producer is not idempotent", "",
     at_most_five},
    {"retries", idempotence, "producer.delivery_timeout_ms"},
    {"message.send.max.retries", idempotence, "producer.delivery_timeout_ms"},
    {"enable.gapless.guarantee", "it would end the client when one record times out", ""},
    {"delivery.report.only.error", "records would never count as acknowledged", ""},
    {"queuing.strategy", idempotence, ""},
    {"message.timeout.ms", managed, "producer.delivery_timeout_ms"},
    {"delivery.timeout.ms", managed, "producer.delivery_timeout_ms"},
    {"linger.ms", managed, "producer.linger_ms"},
    {"queue.buffering.max.ms", managed, "producer.linger_ms"},
    {"compression.type", managed, "producer.compression"},
    {"compression.codec", managed, "producer.compression"},
    {"partitioner", "it would break the order of a key that moves", "producer.partition_by"},
    {"queue.buffering.max.kbytes", memory, "consumer.memory_budget_mib"},
    {"message.max.bytes", memory, "consumer.memory_budget_mib"},
    {"sticky.partitioning.linger.ms", "records without a key are spread by streamer alone", ""},
    {"transactional.id", transactions, ""},
    {"transaction.timeout.ms", transactions, ""},

    {"log_level", managed, "observability.log_level"},
    {"log.queue", "log lines would be lost", ""},
    {"test.mock.*", "the embedded cluster is asked for by --embedded", ""},
    {"*_cb", callbacks, ""},
    {"*callback_data", callbacks, ""},
    {"opaque", callbacks, ""},
    {"interceptors", callbacks, ""},
    {"default_topic_conf", callbacks, ""},
    {"msg_order_cmp", callbacks, ""},
    {"enabled_events", callbacks, ""},
    {"ssl_certificate", callbacks, "kafka.ssl_certificate_location"},
    {"ssl_key", callbacks, "kafka.ssl_key_location"},
    {"ssl_ca", callbacks, "kafka.ssl_ca_location"},
});

bool names(const property_rule& rule, std::string_view name) {
  if (rule.name.starts_with('*')) return name.ends_with(rule.name.substr(1));
  if (rule.name.ends_with('*')) return name.starts_with(rule.name.substr(0, rule.name.size() - 1));
  return name == rule.name;
}

} // namespace

std::span<const property_rule> property_rules() { return rules; }

const property_rule* refusal_of(std::string_view name, std::string_view value) {
  for (const auto& rule : rules)
    if (names(rule, name) && (rule.harmless == nullptr || !rule.harmless(value))) return &rule;
  return nullptr;
}

} // namespace streamer::config_impl

#include "config/keys.hpp"

namespace streamer::config_impl {
namespace {

// Durations and counts have an upper bound so that sums of them cannot overflow.
constexpr double a_day = 86'400'000;
constexpr double many = 100'000'000;

bound<std::int32_t> replica_count() {
  return {"-1, or 1 to 32767",
          [](std::int32_t count) { return count == -1 || (count >= 1 && count <= 32'767); }};
}

std::vector<field<kafka_settings>> in_kafka() {
  using s = kafka_settings;
  return {
      key("bootstrap_servers", &s::bootstrap_servers, broker_list(),
          "Brokers to ask first; the others are found through them."),
      key("client_id", &s::client_id, non_empty(), "Name in the brokers' logs and quotas."),
      key("client_rack", &s::client_rack, anything{},
          "Rack or zone of this process, to fetch from the closest replica."),
      key("security_protocol", &s::security_protocol, anything{},
          "How to talk to the brokers: with or without TLS, with or without SASL."),
      key("sasl_mechanism", &s::sasl_mechanism, anything{},
          "How to log in under SASL_PLAINTEXT and SASL_SSL."),
      key("sasl_username", &s::sasl_username, anything{}, "User for SASL."),
      key("sasl_password", &s::sasl_password, anything{}, "Password for SASL."),
      key("oidc_token_endpoint_url", &s::oidc_token_endpoint_url, anything{},
          "OAUTHBEARER: where tokens are asked for by client credentials (OIDC). https, or this "
          "machine."),
      key("oidc_client_id", &s::oidc_client_id, anything{}, "OAUTHBEARER: the client."),
      key("oidc_client_secret", &s::oidc_client_secret, anything{},
          "OAUTHBEARER: the client's secret."),
      key("oidc_scope", &s::oidc_scope, anything{}, "OAUTHBEARER: the scope to ask for, if any."),
      key("ssl_ca_location", &s::ssl_ca_location, anything{},
          "PEM file or folder of trusted authorities; empty: the system's."),
      key("ssl_certificate_location", &s::ssl_certificate_location, anything{},
          "PEM file of the client's certificate."),
      key("ssl_key_location", &s::ssl_key_location, anything{}, "PEM file of the client's key."),
      key("ssl_key_password", &s::ssl_key_password, anything{}, "Password of the client's key."),
      key("allow_insecure", &s::allow_insecure, anything{},
          "Permits PLAIN and OAUTHBEARER without TLS, and TLS without verification."),
  };
}

std::vector<field<topic_settings>> in_topics() {
  using s = topic_settings;
  return {
      key("partitions", &s::partitions, between(1, 10'000), "Partitions of a created topic."),
      key("replication_factor", &s::replication_factor, replica_count(),
          "Replicas of a created topic; -1: the broker's default."),
      key("create_missing", &s::create_missing, anything{},
          "Create missing topics of this configuration at start."),
  };
}

std::vector<field<producer_settings>> in_producer() {
  using s = producer_settings;
  return {
      key("events_topic", &s::events_topic, topic_name(), "Where ingest and the load test write."),
      key("delivery_timeout_ms", &s::delivery_timeout, between(1, a_day),
          "How long a record may wait for its acknowledgement."),
      key("linger_ms", &s::linger, between(0, 900'000), "How long a batch waits to fill."),
      key("compression", &s::compression, anything{}, "Compression of batches."),
      key("partition_by", &s::partition_by, anything{},
          "tenant: one tenant's keys use tenant_spread partitions; key: as Java's default."),
      key("tenant_spread", &s::tenant_spread, between(1, 10'000),
          "Partitions that one tenant uses. Changing it moves keys."),
  };
}

std::vector<field<consumer_settings>> in_consumer() {
  using s = consumer_settings;
  return {
      key("group_id", &s::group_id, non_empty(), "The consumer group."),
      key("topics", &s::topics, topic_or_pattern(),
          "Topics to read; a leading `^` makes a pattern."),
      key("batch_size", &s::batch_size, between(1, 100'000),
          "Most records that one handler call gets."),
      key("ordering", &s::ordering, anything{},
          "What keeps its order: the records of a key, of a partition, or none."),
      key("keyless", &s::keyless, anything{}, "How records without a key are ordered."),
      key("auto_offset_reset", &s::auto_offset_reset, anything{},
          "Where a partition without a commit starts."),
      key("on_out_of_range", &s::on_out_of_range, anything{},
          "When the committed offset is no longer in the log: stop, or go on from an end."),
      key("commit_interval_ms", &s::commit_interval, between(10, a_day),
          "How often changed offsets are committed."),
      key("max_in_flight", &s::max_in_flight, between(1, many),
          "Records that are read and unfinished, in the whole process."),
      key("memory_budget_mib", &s::memory_budget_mib, between(16, 1'048'576),
          "MiB for records that are fetched, in flight, waiting or outbound."),
      key("group_protocol", &s::group_protocol, anything{},
          "The classic group protocol, or the one of KIP-848."),
      key("group_instance_id", &s::group_instance_id, anything{},
          "Makes this process a static member of the group."),
      key("session_timeout_ms", &s::session_timeout, between(1'000, 3'600'000),
          "When the group gives up a silent member. Under group_protocol = \"consumer\" it is the "
          "broker's, and setting it is an error."),
      key("max_poll_interval_ms", &s::max_poll_interval, between(1'000, a_day),
          "When the group gives up a member that does not poll."),
      key("drain_timeout_ms", &s::drain_timeout, between(0, a_day),
          "How long a stop waits for records in flight."),
      key("max_stall_ms", &s::max_stall, between(1'000, a_day),
          "Liveness fails when runnable work has not moved for this long."),
  };
}

std::vector<field<tenant_settings>> in_tenants() {
  using s = tenant_settings;
  return {
      key("from", &s::from, tenant_pattern(), "Where a record names its tenant."),
      key("default_tenant", &s::default_tenant, non_empty(),
          "The tenant of a record that names none."),
      key("share", &s::share, interval{0, 1, true, false},
          "Most of the in-flight window that one tenant may fill with all that waits for it."),
      key("overflow", &s::overflow, anything{},
          "When a tenant's share is full: hold its partition, or dead-letter its next records."),
      key("max_labels", &s::max_labels, between(0, 100'000),
          "Most tenants with a label of their own in metrics; the rest is `other`."),
  };
}

std::vector<field<dlq_settings>> in_dlq() {
  using s = dlq_settings;
  return {
      key("topic", &s::topic, topic_template(), "Where dead letters go."),
      key("guard", &s::guard, anything{},
          "Holds instead of dead-lettering when many tenants fail alike: an outage, not poison."),
      key("guard_share", &s::guard_share, interval{0, 1, true, false},
          "Share of the recent records that fail in one way, at which the guard holds."),
      key("guard_window_ms", &s::guard_window, between(1'000, a_day),
          "How long a failure counts as recent."),
      key("header_dialects", &s::header_dialects, header_dialect(),
          "Header families on a dead letter."),
      key("max_header_bytes", &s::max_header_bytes, between(512, 1'048'576),
          "Cap on the bytes of added headers."),
      key("on_too_large", &s::on_too_large, anything{},
          "A dead letter that is too large: write a pointer record, or hold the partition."),
  };
}

std::vector<field<observability_settings>> in_observability() {
  using s = observability_settings;
  return {
      key("log_level", &s::log_level, anything{}, "Least severe level that is logged."),
      key("json_logs", &s::json_logs, anything{}, "Log JSON lines instead of text."),
      key("metrics_addr", &s::metrics_addr, listen_address(),
          "Address of /metrics, /healthz and /readyz."),
      key("otlp_endpoint", &s::otlp_endpoint, collector_url(),
          "OpenTelemetry collector that traces are sent to, by OTLP over HTTP; empty: no tracing."),
      key("trace_sample_ratio", &s::trace_sample_ratio, between(0, 1),
          "Share of the records without a `traceparent` that a trace is begun for; the others "
          "follow theirs."),
  };
}

std::vector<field<admin_settings>> in_admin() {
  using s = admin_settings;
  return {
      key("addr", &s::addr, listen_address(), "Address of /status, /explain and the dashboard."),
      key("token_file", &s::token_file, anything{},
          "File with a bearer token: needed for any change and any address but loopback."),
  };
}

std::vector<field<inspect_settings>> in_inspect() {
  using s = inspect_settings;
  return {
      key("enabled", &s::enabled, anything{},
          "Publish the supervision tree, for `streamer inspect`, over mutual TLS."),
      key("addr", &s::addr, listen_address(),
          "Address to publish on, and where `streamer inspect` asks."),
      key("certificate", &s::certificate, anything{},
          "PEM certificate; empty: made in runtime.state_dir."),
      key("key", &s::key, anything{}, "PEM key; empty: made in runtime.state_dir."),
      key("ca", &s::ca, anything{}, "PEM private authority; empty: made in runtime.state_dir."),
  };
}

std::vector<field<runtime_settings>> in_runtime() {
  using s = runtime_settings;
  return {
      key("state_dir", &s::state_dir, non_empty(),
          "Where a process keeps what outlives it: the crash journal, and certificates that it "
          "made for [inspect]. Made with mode 0700."),
      key("threads", &s::threads, between(0, 1'024),
          "Scheduler threads; 0: from the cgroup's CPU limit."),
      key("core_dumps", &s::core_dumps, anything{},
          "Permits core dumps, and debuggers of the same user: both see passwords and records."),
  };
}

template <class Section>
void add(std::vector<field<settings>>& all, std::string_view name, Section settings::*section,
         const std::vector<field<Section>>& keys) {
  std::string prefix = std::string{name} + '.';
  for (const auto& inner : keys)
    all.push_back(lifted(inner, prefix, section));
}

std::vector<field<settings>> every_setting() {
  std::vector<field<settings>> all;
  add(all, "kafka", &settings::kafka, in_kafka());
  add(all, "topics", &settings::topics, in_topics());
  add(all, "producer", &settings::producer, in_producer());
  add(all, "consumer", &settings::consumer, in_consumer());
  add(all, "tenants", &settings::tenants, in_tenants());
  add(all, "retry", &settings::retry, retry_keys());
  add(all, "dlq", &settings::dlq, in_dlq());
  all.push_back(key(unmatched_key, &settings::unmatched, anything{},
                    "What happens to a record that no handler selects. In a file: `unmatched`, "
                    "above the first section."));
  add(all, "observability", &settings::observability, in_observability());
  add(all, "admin", &settings::admin, in_admin());
  add(all, "inspect", &settings::inspect, in_inspect());
  add(all, "runtime", &settings::runtime, in_runtime());
  return all;
}

template <class Settings>
auto* properties_in(Settings& values, std::string_view section) {
  using map = std::remove_reference_t<decltype((values.kafka.properties))>;
  if (section == "kafka") return &values.kafka.properties;
  if (section == "consumer") return &values.consumer.properties;
  return section == "producer" ? &values.producer.properties : static_cast<map*>(nullptr);
}

} // namespace

const std::vector<field<settings>>& setting_keys() {
  static const auto keys = every_setting();
  return keys;
}

const std::vector<field<retry_settings>>& retry_keys() {
  using s = retry_settings;
  static const std::vector<field<s>> keys = {
      key("max_attempts", &s::max_attempts, between(1, 1'000'000),
          "Attempts in all, the first included."),
      key("max_elapsed_ms", &s::max_elapsed, between(0, a_day * 7),
          "Time since the first attempt after which no further one starts."),
      key("initial_backoff_ms", &s::initial_backoff, between(1, a_day),
          "Pause before the second attempt."),
      key("multiplier", &s::multiplier, between(1, 100), "Growth of the pause."),
      key("max_backoff_ms", &s::max_backoff, between(1, a_day), "Longest pause."),
      key("jitter", &s::jitter, interval{0, 1, false, true},
          "Part of the pause that is drawn at random."),
  };
  return keys;
}

const std::vector<field<handler_settings>>& handler_keys() {
  using s = handler_settings;
  static const std::vector<field<s>> keys = {
      key("event_type", &s::event_type, anything{},
          "Selector: glob over the event's type; empty: any."),
      key("topic", &s::topic, anything{},
          "Selector: the topic, or a pattern with a leading `^`; empty: any."),
      key("kind", &s::kind, non_empty(),
          "log, discard, forward, subprocess, http, or a registered C++ name."),
      key("concurrency", &s::concurrency, between(0, 10'000),
          "Calls of a blocking handler at the same time; requests of an http handler; child "
          "processes of a subprocess handler (at most 256). 0: 4, and of an http handler as many "
          "as "
          "its latency shows that the service bears (1 to 256)."),
      key("timeout_ms", &s::timeout, between(1, a_day),
          "An attempt that takes longer is fenced, and tried again."),
      key("conflate", &s::conflate, anything{},
          "Of several waiting records of one key, process the newest only; the others are skipped. "
          "Needs consumer.ordering = \"key\"."),
      key("retry_on", &s::retry_on, non_empty(),
          "Globs over error class names that are retried although the handler rejected."),
      key("reject_on", &s::reject_on, non_empty(),
          "Globs over error class names that go to the DLQ at once."),
  };
  return keys;
}

const std::vector<field<tenant_limit>>& limit_keys() {
  using s = tenant_limit;
  static const std::vector<field<s>> keys = {
      key("weight", &s::weight, interval{0, 1'000'000, true, false},
          "Share of handlers' turns relative to other tenants when they queue."),
      key("max_in_flight", &s::max_in_flight, between(0, many),
          "Most records at handlers or failing, in the process; 0: only tenants.share bounds it."),
      key("rate", &s::rate, between(0, many),
          "Records a second in the process, retries not counted; 0: no limit."),
  };
  return keys;
}

const std::vector<std::string>& built_in_kinds() {
  static const std::vector<std::string> kinds = {"log", "discard", "forward", "http", "subprocess"};
  return kinds;
}

const std::vector<std::string>& section_names() {
  static const std::vector<std::string> names = {"kafka",         "topics", "producer", "consumer",
                                                 "tenants",       "retry",  "dlq",      "handlers",
                                                 "observability", "admin",  "inspect",  "runtime"};
  return names;
}

std::vector<std::string> names_in(std::string_view section) {
  std::string prefix = std::string{section} + '.';
  std::vector<std::string> names;
  for (const auto& entry : setting_keys())
    if (entry.name.starts_with(prefix)) names.push_back(entry.name);
  if (section == "kafka" || section == "consumer" || section == "producer")
    names.push_back(prefix + "properties");
  if (section == "tenants") names.push_back(prefix + "limits");
  return names;
}

std::vector<std::string> all_names() {
  std::vector<std::string> names;
  for (const auto& section : section_names())
    for (auto& name : names_in(section))
      names.push_back(std::move(name));
  return names;
}

property_map* properties_of(settings& values, std::string_view section) {
  return properties_in(values, section);
}

const property_map* properties_of(const settings& values, std::string_view section) {
  return properties_in(values, section);
}

} // namespace streamer::config_impl

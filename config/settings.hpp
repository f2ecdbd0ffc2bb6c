#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "config/secret.hpp"

/// The configuration of a process, as plain values.
///
/// A member has the name of its key in the file; a key that ends in `_ms` is a duration here and
/// loses the suffix. A default is stated once, in the member's initialiser: `settings{}` is the
/// built-in configuration. Bounds and help texts are in config/keys.cpp.
namespace streamer {

using std::chrono::milliseconds;

/// librdkafka properties by their dotted name.
using property_map = std::map<std::string, std::string>;

/// kafka.security_protocol: PLAINTEXT, SSL, SASL_PLAINTEXT, SASL_SSL.
enum class security_protocol_kind { plaintext, ssl, sasl_plaintext, sasl_ssl };

/// kafka.sasl_mechanism: SCRAM-SHA-256, SCRAM-SHA-512, PLAIN, OAUTHBEARER.
enum class sasl_mechanism_kind { scram_sha_256, scram_sha_512, plain, oauthbearer };

/// producer.compression.
enum class compression_kind { none, gzip, snappy, lz4, zstd };

/// producer.partition_by: a tenant's keys spread over few partitions, or the key alone.
enum class partition_by_kind { tenant, key };

/// consumer.ordering: what holds back what. See spec: (topic, partition, tenant, key).
enum class ordering_kind { key, partition, unordered };

/// consumer.keyless: how a record without a key is ordered.
enum class keyless_kind { unordered, partition };

/// consumer.auto_offset_reset: where a partition without a commit starts.
enum class offset_reset_kind { earliest, latest };

/// consumer.on_out_of_range: what to do when the committed offset is no longer in the log.
enum class out_of_range_kind { stop, earliest, latest };

/// consumer.group_protocol: the classic protocol or KIP-848's.
enum class group_protocol_kind { classic, consumer };

/// tenants.overflow: what happens to a tenant that filled its share of the window.
enum class overflow_kind { hold, dead_letter };

/// handlers.unmatched: what happens to a record that no handler selects.
enum class unmatched_policy { dead_letter, discard };

/// dlq.guard.
enum class guard_kind { off, on };

/// dlq.on_too_large: a pointer record (headers only), or the partition waits.
enum class too_large_kind { pointer, hold };

/// observability.log_level.
enum class log_level_kind { trace, debug, info, warn, error };

/// Section [kafka]: the connection to the cluster, shared by every client of the process.
struct kafka_settings {
  /// Comma-separated host:port list.
  std::string bootstrap_servers = "localhost:9092";
  /// Name in the brokers' logs and quotas.
  std::string client_id = "streamer";
  /// Rack or zone, to fetch from the closest replica; empty: not set.
  std::string client_rack;
  /// With or without TLS and SASL.
  security_protocol_kind security_protocol = security_protocol_kind::plaintext;
  /// Used when security_protocol is one of the SASL ones.
  sasl_mechanism_kind sasl_mechanism = sasl_mechanism_kind::scram_sha_256;
  /// User for SASL.
  std::string sasl_username;
  /// Password for SASL.
  secret sasl_password;
  /// OIDC token endpoint, client and scope for OAUTHBEARER.
  std::string oidc_token_endpoint_url;
  /// The client.
  std::string oidc_client_id;
  /// The client's secret.
  secret oidc_client_secret;
  /// The scope to ask for; empty: none.
  std::string oidc_scope;
  /// PEM file or folder of trusted authorities; empty: the system's.
  std::string ssl_ca_location;
  /// The client's PEM certificate chain and its key; empty: no client certificate.
  std::string ssl_certificate_location;
  /// PEM file of the client's key.
  std::string ssl_key_location;
  /// Password of that key.
  secret ssl_key_password;
  /// Permits secrets over a connection without TLS, and TLS without verification.
  bool allow_insecure = false;
  /// Properties for every client; [consumer.properties] and [producer.properties] come after.
  property_map properties;
  /// Not a key: the files that secrets of this section were read from, by the full name of their
  /// key. They are read again when they change.
  std::map<std::string, std::filesystem::path> secret_files;

  bool operator==(const kafka_settings&) const = default;
};

/// Section [topics]: how topics that streamer creates are made.
struct topic_settings {
  /// At least 1.
  std::int32_t partitions = 12;
  /// At least 1, or -1 for the broker's default.
  std::int32_t replication_factor = -1;
  /// Create missing topics of this configuration when a process starts.
  bool create_missing = false;

  bool operator==(const topic_settings&) const = default;
};

/// Section [producer].
struct producer_settings {
  /// Where `ingest` and the load test write.
  std::string events_topic = "events";
  /// How long a record may wait for its acknowledgement.
  milliseconds delivery_timeout{120'000};
  /// How long the producer waits for a batch to fill.
  milliseconds linger{5};
  /// Of batches.
  compression_kind compression = compression_kind::lz4;
  /// What chooses the partition.
  partition_by_kind partition_by = partition_by_kind::tenant;
  /// How many partitions one tenant's keys use under partition_by = tenant; at least 1.
  std::int32_t tenant_spread = 4;
  property_map properties; ///< for the producer alone

  bool operator==(const producer_settings&) const = default;
};

/// Section [consumer].
struct consumer_settings {
  /// The consumer group.
  std::string group_id = "streamer";
  /// Topic names; one that starts with `^` is a pattern.
  std::vector<std::string> topics = {"events"};
  /// Most records that one handler call gets; at least 1.
  std::size_t batch_size = 100;
  /// What keeps its order.
  ordering_kind ordering = ordering_kind::key;
  /// How records without a key are ordered.
  keyless_kind keyless = keyless_kind::unordered;
  /// Where a partition without a commit starts.
  offset_reset_kind auto_offset_reset = offset_reset_kind::earliest;
  /// When the next offset is gone.
  out_of_range_kind on_out_of_range = out_of_range_kind::stop;
  /// How often changed offsets are committed.
  milliseconds commit_interval{1'000};
  /// Records in the whole process that are read and unfinished.
  std::size_t max_in_flight = 10'000;
  /// Bytes in the whole process (fetched, in flight, waiting, outbound), in MiB.
  std::size_t memory_budget_mib = 128;
  /// Classic, or KIP-848.
  group_protocol_kind group_protocol = group_protocol_kind::classic;
  /// Makes this a static member; empty: a dynamic one.
  std::string group_instance_id;
  /// Under group_protocol = consumer it is the broker's: do not pass it to the client then.
  milliseconds session_timeout{45'000};
  /// When a member that does not poll is given up.
  milliseconds max_poll_interval{300'000};
  /// Budget of an orderly stop.
  milliseconds drain_timeout{7'000};
  /// Liveness fails when runnable work has not moved for this long.
  milliseconds max_stall{30'000};
  property_map properties; ///< for the consumer alone

  bool operator==(const consumer_settings&) const = default;
};

/// tenants.from, taken apart.
struct tenant_source {
  /// header:NAME, topic:REGEX (its first group, or the whole match), key_prefix:SEP.
  enum class kind { header, topic, key_prefix };
  /// What names the tenant.
  kind from = kind::header;
  /// The header's name, the regular expression (ECMAScript), or the separator; never empty.
  std::string argument = "ce_tenantid";

  bool operator==(const tenant_source&) const = default;
};

/// Section [tenants.limits.ID].
struct tenant_limit {
  /// Share of handler turns relative to other tenants; greater than 0.
  double weight = 1.0;
  /// Most unfinished records; 0: only tenants.share bounds it.
  std::size_t max_in_flight = 0;
  /// Records a second; 0: no limit.
  double rate = 0.0;

  bool operator==(const tenant_limit&) const = default;
};

/// Section [tenants].
struct tenant_settings {
  /// Where a record names its tenant.
  tenant_source from;
  /// The tenant of a record that names none.
  std::string default_tenant = "default";
  /// Most of the in-flight window that one tenant may fill; in (0, 1].
  double share = 0.5;
  /// When a share is full.
  overflow_kind overflow = overflow_kind::hold;
  /// Most tenant label values in metrics; the rest is `other`.
  std::size_t max_labels = 100;
  std::map<std::string, tenant_limit> limits; ///< by tenant

  bool operator==(const tenant_settings&) const = default;
};

/// Section [retry], and resolved for each handler with its [handlers.retry].
struct retry_settings {
  /// Attempts in all, the first included; at least 1.
  std::uint32_t max_attempts = 10;
  /// Time since the first attempt after which no further one starts.
  milliseconds max_elapsed{120'000};
  /// Before the second attempt.
  milliseconds initial_backoff{100};
  /// At least 1.
  double multiplier = 2.0;
  /// The longest.
  milliseconds max_backoff{30'000};
  /// Part of each back-off that is drawn at random; in [0, 1).
  double jitter = 0.2;

  bool operator==(const retry_settings&) const = default;
};

/// Section [dlq].
struct dlq_settings {
  /// `{topic}` stands for the source topic.
  std::string topic = "{topic}.dlq";
  /// Holds instead of dead-lettering when everything fails at once.
  guard_kind guard = guard_kind::on;
  /// Share of the recent records (within guard_window) that fail in one way; in (0, 1].
  double guard_share = 0.5;
  /// How long a failure counts.
  milliseconds guard_window{60'000};
  /// Which header families are written: dlq, streams, spring, connect.
  std::vector<std::string> header_dialects = {"dlq"};
  /// Cap on the bytes of added headers.
  std::size_t max_header_bytes = 8'192;
  /// A dead letter that its topic refuses for its size.
  too_large_kind on_too_large = too_large_kind::pointer;

  bool operator==(const dlq_settings&) const = default;
};

/// One [[handlers]] entry. Empty selectors match everything; the first entry that matches wins.
struct handler_settings {
  /// Glob (`*`, `?`) over the event type; empty: any.
  std::string event_type;
  /// Topic name, or a pattern with a leading `^`; empty: any.
  std::string topic;
  /// Header name to glob over its value (`header.NAME` in the file); all must match.
  std::map<std::string, std::string> header;
  /// log, discard, forward, subprocess, http, or a registered C++ name.
  std::string kind = "log";
  /// Calls of a blocking handler or http requests at the same time, child processes of a
  /// subprocess handler; process-wide. 0: 4, and of an http handler what its latency allows.
  std::size_t concurrency = 0;
  /// Of a blocking or subprocess handler.
  [[nodiscard]] std::size_t calls_at_once() const { return concurrency == 0 ? 4 : concurrency; }
  /// After this an attempt is fenced and counts as retry.
  milliseconds timeout{30'000};
  /// Of several waiting records of one key, process the newest only.
  bool conflate = false;
  /// [retry] with this handler's [handlers.retry] laid over it.
  retry_settings retry;
  /// Globs over error class names that are retried although the handler rejected.
  std::vector<std::string> retry_on;
  /// Globs over error class names that are dead-lettered without a further attempt.
  std::vector<std::string> reject_on;
  /// The kind's own keys. Scalars as text (`true`, `10`, `1.5`), lists joined by commas, nested
  /// tables dotted. For a built-in kind the defaults are filled in: log has `max_per_second`
  /// (integer, 0: every record), forward has `to` (a topic), discard has none.
  std::map<std::string, std::string> options;
  /// The kind's own keys that are lists of texts, for a built-in kind: subprocess has `command`.
  std::map<std::string, std::vector<std::string>> lists;

  bool operator==(const handler_settings&) const = default;
};

/// Section [observability].
struct observability_settings {
  /// The least severe that is logged.
  log_level_kind log_level = log_level_kind::info;
  /// JSON lines instead of text.
  bool json_logs = false;
  /// host:port of /metrics, /healthz and /readyz; port 0 takes a free one.
  std::string metrics_addr = "127.0.0.1:9090";
  /// Base URL of an OpenTelemetry collector (OTLP over HTTP); empty: no tracing.
  std::string otlp_endpoint;
  /// Share of the records without a trace of their own that one is begun for; in [0, 1].
  double trace_sample_ratio = 0.01;

  bool operator==(const observability_settings&) const = default;
};

/// Section [admin].
struct admin_settings {
  /// host:port of /explain, /status and the dashboard; port 0 takes a free one.
  std::string addr = "127.0.0.1:9091";
  /// File with the bearer token; empty: no changes, and loopback only.
  std::string token_file;

  bool operator==(const admin_settings&) const = default;
};

/// Section [inspect]: CAF remote actors, always mutual TLS.
struct inspect_settings {
  /// Whether the tree is published.
  bool enabled = false;
  /// Where.
  std::string addr = "127.0.0.1:7070";
  /// PEM files; empty: made in runtime.state_dir.
  std::string certificate;
  std::string key; ///< PEM file of its key
  std::string ca;  ///< PEM file of the authority

  bool operator==(const inspect_settings&) const = default;
};

/// Section [runtime].
struct runtime_settings {
  /// What a process keeps between runs; created with mode 0700.
  std::filesystem::path state_dir = ".streamer";
  /// CAF scheduler threads; 0: from the cgroup's CPU limit.
  std::size_t threads = 0;
  /// Whether a crash may leave the process's memory in a file.
  bool core_dumps = false;

  bool operator==(const runtime_settings&) const = default;
};

/// The handlers of the built-in configuration: one sampled `log` handler for everything.
[[nodiscard]] std::vector<handler_settings> default_handlers();

/// The whole configuration. `settings{}` is the built-in one.
struct settings {
  /// [kafka].
  kafka_settings kafka;
  /// [topics].
  topic_settings topics;
  /// [producer].
  producer_settings producer;
  /// [consumer].
  consumer_settings consumer;
  /// [tenants].
  tenant_settings tenants;
  /// [retry].
  retry_settings retry;
  /// [dlq].
  dlq_settings dlq;
  /// [[handlers]], in order.
  std::vector<handler_settings> handlers = default_handlers();
  /// `handlers.unmatched` in flags and environment, top-level `unmatched` in a file.
  unmatched_policy unmatched = unmatched_policy::dead_letter;
  observability_settings observability; ///< [observability]
  admin_settings admin;                 ///< [admin]
  inspect_settings inspect;             ///< [inspect]
  runtime_settings runtime;             ///< [runtime]

  bool operator==(const settings&) const = default;
};

} // namespace streamer

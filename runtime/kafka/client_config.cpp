#include "runtime/kafka/client_config.hpp"

#include "config/properties.hpp"
#include "config/rotation.hpp"
#include "messages/planted_bugs.hpp"
#include "runtime/kafka/fetch_lanes.hpp"
#include "runtime/kafka/steady_waits.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace streamer {
namespace {

constexpr std::int64_t mib = 1LL << 20;

const char* text_of(security_protocol_kind kind) {
  switch (kind) {
    case security_protocol_kind::plaintext: return "PLAINTEXT";
    case security_protocol_kind::ssl: return "SSL";
    case security_protocol_kind::sasl_plaintext: return "SASL_PLAINTEXT";
    case security_protocol_kind::sasl_ssl: return "SASL_SSL";
  }
  return "PLAINTEXT";
}

const char* text_of(sasl_mechanism_kind kind) {
  switch (kind) {
    case sasl_mechanism_kind::scram_sha_256: return "SCRAM-SHA-256";
    case sasl_mechanism_kind::scram_sha_512: return "SCRAM-SHA-512";
    case sasl_mechanism_kind::plain: return "PLAIN";
    case sasl_mechanism_kind::oauthbearer: return "OAUTHBEARER";
  }
  return "SCRAM-SHA-256";
}

const char* text_of(compression_kind kind) {
  switch (kind) {
    case compression_kind::none: return "none";
    case compression_kind::gzip: return "gzip";
    case compression_kind::snappy: return "snappy";
    case compression_kind::lz4: return "lz4";
    case compression_kind::zstd: return "zstd";
  }
  return "none";
}

/// Why a property that the rules leave to the operator is refused all the same.
std::optional<std::string> weakens_verification(std::string_view name, std::string_view value) {
  if ((name == "enable.ssl.certificate.verification" && value != "true") ||
      (name == "ssl.endpoint.identification.algorithm" && value != "https")) {
    return "the broker's certificate would not be verified; set kafka.allow_insecure if you mean "
           "it";
  }
  return std::nullopt;
}

/// Sets properties one after the other and keeps the first failure.
class conf_writer {
 public:
  conf_writer() : conf_{rd_kafka_conf_new()} {}

  void set(const char* name, const char* value) {
    if (!failure_) {
      failure_ = set_property(*conf_, name, value);
    }
  }
  void set(const char* name, const std::string& value) { set(name, value.c_str()); }
  void set(const char* name, std::int64_t value) { set(name, std::to_string(value)); }
  void set_if(const char* name, const std::string& value) {
    if (!value.empty()) {
      set(name, value);
    }
  }
  void set_if(const char* name, const secret& value) {
    if (!value.empty()) {
      set(name, value.reveal().data());
    }
  }

  void set_all(std::string_view section, const property_map& properties, bool allow_insecure) {
    for (const auto& [name, value] : properties) {
      if (failure_) {
        return;
      }
      // Settings may also come from a program, which has passed no check.
      const auto* const rule = config_impl::refusal_of(name, value);
      const auto why = rule != nullptr  ? std::optional{std::string{rule->reason}}
                       : allow_insecure ? std::nullopt
                                        : weakens_verification(name, value);
      if (why) {
        failure_ = std::string{section} + ": the property " + name + " is refused: " + *why;
        return;
      }
      set(name.c_str(), value);
      if (failure_) {
        failure_ = std::string{section} + ": " + *failure_;
      }
    }
  }

  [[nodiscard]] result<conf_ptr> finish() && {
    if (failure_) {
      return result<conf_ptr>::failure(std::move(*failure_));
    }
    return std::move(conf_);
  }

 private:
  conf_ptr conf_;
  std::optional<std::string> failure_;
};

void set_connection(conf_writer& conf, const kafka_settings& kafka) {
  conf.set("bootstrap.servers", kafka.bootstrap_servers);
  conf.set("client.id", kafka.client_id);
  conf.set("security.protocol", text_of(kafka.security_protocol));
  conf.set("allow.auto.create.topics", "false");
  conf.set("socket.keepalive.enable", "true");
  // Partitions that were added and topics that were deleted are to be noticed within a minute; the
  // client's own interval is five.
  conf.set("topic.metadata.refresh.interval.ms", 30'000);
  // The library's defaults. A later one must not weaken them unnoticed.
  conf.set("enable.ssl.certificate.verification", "true");
  conf.set("ssl.endpoint.identification.algorithm", "https");
  conf.set_if("ssl.ca.location", kafka.ssl_ca_location);
  conf.set_if("ssl.certificate.location", kafka.ssl_certificate_location);
  conf.set_if("ssl.key.location", kafka.ssl_key_location);
  conf.set_if("ssl.key.password", kafka.ssl_key_password);
  if (kafka.security_protocol == security_protocol_kind::sasl_plaintext ||
      kafka.security_protocol == security_protocol_kind::sasl_ssl) {
    conf.set("sasl.mechanism", text_of(kafka.sasl_mechanism));
    conf.set_if("sasl.username", kafka.sasl_username);
    conf.set_if("sasl.password", kafka.sasl_password);
    if (kafka.sasl_mechanism == sasl_mechanism_kind::oauthbearer) {
      conf.set("sasl.oauthbearer.method", "oidc");
      conf.set("sasl.oauthbearer.token.endpoint.url", kafka.oidc_token_endpoint_url);
      conf.set_if("sasl.oauthbearer.client.id", kafka.oidc_client_id);
      conf.set_if("sasl.oauthbearer.client.secret", kafka.oidc_client_secret);
      conf.set_if("sasl.oauthbearer.scope", kafka.oidc_scope);
    }
  }
}

bool is_consumer(client_role role) {
  return role == client_role::consumer || role == client_role::reader ||
         role == client_role::fetcher;
}

void set_fetching(conf_writer& conf, const settings& config, client_role role) {
  const auto memory = split_memory(config.consumer.memory_budget_mib);
  const auto parts = role == client_role::fetcher ? fetch_lanes::library_part : 1;
  conf.set_if("client.rack", config.kafka.client_rack);
  conf.set("queued.max.messages.kbytes", memory.prefetch_bytes / 1000 / parts);
  conf.set("queued.min.messages", memory.prefetch_messages / parts);
  conf.set("fetch.max.bytes", memory.fetch_bytes);
  conf.set("fetch.message.max.bytes", memory.partition_fetch_bytes);
  conf.set("receive.message.max.bytes", memory.response_bytes);
  // The default of one second lets every full prefetch queue sleep that long: 0.6 M records/s
  // where 2.2 M are possible.
  conf.set("fetch.queue.backoff.ms", 5);
  // A request that finds nothing new waits this long at the broker, and what is read anew (after a
  // pause, after a rebalance) waits behind it. By default that is half a second.
  conf.set("fetch.wait.max.ms", 50);
  conf.set("check.crcs", "true");
}

// No auto.offset.reset by the library: a partition without a commit gets its start from
// consumer_client, so that an offset out of range is told from it.
void set_reading(conf_writer& conf) {
  conf.set("isolation.level", planted("read_uncommitted") ? "read_uncommitted" : "read_committed");
  conf.set("enable.auto.commit", "false");
  conf.set("enable.auto.offset.store", "false");
  conf.set("enable.partition.eof", "true");
  conf.set("auto.offset.reset", "error");
}

void set_group(conf_writer& conf, const consumer_settings& consumer) {
  conf.set("group.id", consumer.group_id);
  conf.set_if("group.instance.id", consumer.group_instance_id);
  conf.set("max.poll.interval.ms", consumer.max_poll_interval.count());
  if (consumer.group_protocol == group_protocol_kind::consumer) {
    conf.set("group.protocol", "consumer");
  } else {
    conf.set("session.timeout.ms", consumer.session_timeout.count());
    // Two heartbeats may be missed, also where the session is shorter than Kafka's default.
    conf.set("heartbeat.interval.ms",
             std::min<std::int64_t>(3'000, consumer.session_timeout.count() / 3));
    conf.set("partition.assignment.strategy", "cooperative-sticky");
  }
}

void set_producing(conf_writer& conf, const settings& config) {
  const auto memory = split_memory(config.consumer.memory_budget_mib);
  conf.set("linger.ms", config.producer.linger.count());
  conf.set("compression.codec", text_of(config.producer.compression));
  conf.set("queue.buffering.max.kbytes", memory.outbound_bytes / 1024);
}

void set_sending(conf_writer& conf, const settings& config, client_role role) {
  conf.set("enable.idempotence", "true");
  conf.set("acks", "all");
  conf.set("partitioner", "murmur2_random");
  // The library's own stickiness passes over the partitioner, and so over an event's seed.
  conf.set("sticky.partitioning.linger.ms", "0");
  conf.set("message.timeout.ms",
           role == client_role::ingest ? config.producer.delivery_timeout.count() : 0);
}

} // namespace

// Measured with 200-byte records: the queue holds payloads of 200 and bookkeeping of 290 bytes a
// message, hence the limit in messages; and one response decompresses to several times its size,
// hence a fetch far below the queue.
memory_split split_memory(std::size_t budget_mib) {
  const auto budget = std::max<std::int64_t>(static_cast<std::int64_t>(budget_mib), 16) * mib;
  memory_split split{};
  split.prefetch_bytes = std::clamp(budget / 8, 2 * mib, 1024 * mib);
  split.prefetch_messages = std::clamp<std::int64_t>(split.prefetch_bytes / 290, 5'000, 500'000);
  split.waiting = {split.prefetch_messages / 2,
                   (split.prefetch_bytes + split.prefetch_messages * 290) / 2};
  split.fetch_bytes = std::clamp(budget / 32, mib, 50 * mib);
  split.partition_fetch_bytes = std::min(mib / 2, split.fetch_bytes);
  split.response_bytes = std::clamp(budget / 2, 64 * mib, 1024 * mib);
  split.outbound_bytes = std::clamp(budget / 8, 4 * mib, 1024 * mib);
  split.credit_bytes = budget / 2;
  return split;
}

std::optional<std::string> set_property(rd_kafka_conf_t& conf, const char* name,
                                        const char* value) {
  std::array<char, 512> reason{};
  switch (rd_kafka_conf_set(&conf, name, value, reason.data(), reason.size())) {
    case RD_KAFKA_CONF_OK: return std::nullopt;
    case RD_KAFKA_CONF_UNKNOWN: return std::string{"librdkafka has no property "} + name;
    case RD_KAFKA_CONF_INVALID: break;
  }
  // The library's reason quotes the value; that of a secret is not for the log.
  const std::string_view property{name};
  if (property.find("password") != property.npos || property.find("secret") != property.npos ||
      property.find("key") != property.npos) {
    return std::string{"the value of "} + name + " is not valid";
  }
  return std::string{reason.data()};
}

result<conf_ptr> make_conf(const settings& given, client_role role) {
  // A client that is made long after the start logs in with what holds by then.
  const auto config = with_current_secrets(given);
  conf_writer conf;
  set_connection(conf, config.kafka);
  const bool insecure = config.kafka.allow_insecure;
  const bool consumes = is_consumer(role);
  if (consumes) {
    set_fetching(conf, config, role);
  } else if (role != client_role::admin) {
    set_producing(conf, config);
  }
  conf.set_all("[kafka.properties]", config.kafka.properties, insecure);
  if (consumes) {
    if (role == client_role::consumer) {
      set_group(conf, config.consumer);
    } else {
      conf.set("group.id", config.consumer.group_id);
    }
    conf.set_all("[consumer.properties]", config.consumer.properties, insecure);
    set_reading(conf);
  } else if (role != client_role::admin) {
    conf.set_all("[producer.properties]", config.producer.properties, insecure);
    set_sending(conf, config, role);
  }
  return std::move(conf).finish();
}

result<client_ptr> make_client(conf_ptr conf, client_role role, client_hooks& hooks) {
  wait_steadily();
  install_hooks(*conf, hooks);
  const auto type = is_consumer(role) ? RD_KAFKA_CONSUMER : RD_KAFKA_PRODUCER;
  std::array<char, 512> reason{};
  auto* const raw = conf.get();
  client_ptr client{rd_kafka_new(type, raw, reason.data(), reason.size())};
  if (client == nullptr) {
    return result<client_ptr>::failure(std::string{"the Kafka client cannot be set up: "} +
                                       reason.data());
  }
  static_cast<void>(conf.release()); // the client owns it now
  return client;
}

result<client_ptr> make_client(const settings& config, client_role role, client_hooks& hooks) {
  auto conf = make_conf(config, role);
  if (!conf) {
    return result<client_ptr>::failure(conf.error());
  }
  return make_client(std::move(conf).value(), role, hooks);
}

} // namespace streamer

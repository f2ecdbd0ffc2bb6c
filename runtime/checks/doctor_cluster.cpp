#include "runtime/checks/doctor.hpp"

#include "actors/consumer/redrive_lane.hpp"
#include "actors/dlq/dead_letter_record.hpp"
#include "config/output_topic.hpp"

#include <algorithm>
#include <charconv>
#include <set>

namespace streamer {
namespace {

constexpr std::int64_t metadata_bytes = 4096;
constexpr std::int64_t minute_ms = 60'000;

void add_once(std::vector<std::string>& names, std::string name) {
  if (std::find(names.begin(), names.end(), name) == names.end()) {
    names.push_back(std::move(name));
  }
}

topic_facts other(const cluster_facts& cluster, const std::string& name) {
  const auto found = cluster.others.find(name);
  if (found != cluster.others.end()) {
    return found->second;
  }
  topic_facts nothing_known;
  nothing_known.name = name;
  return nothing_known;
}

void judge_replica_holders(finding_list& of, const cluster_facts& cluster) {
  std::string down;
  std::size_t count = 0;
  for (const auto id : brokers_down(cluster)) {
    down += (count++ == 0 ? "" : ", ") + std::to_string(id);
  }
  if (count == 0) {
    of.ok("brokers_up", "all that hold replicas of these topics are up");
    return;
  }
  of.warn("brokers_up",
          (count == 1 ? "broker " : "brokers ") + down +
              (count == 1 ? " is down, and holds" : " are down, and hold") +
              " replicas of these topics",
          count == 1 ? "start it, or see its log for why it ended"
                     : "start them, or see their logs for why they ended");
}

// How this configuration logs in, in words.
std::string way_in(const kafka_settings& kafka) {
  const auto protocol = kafka.security_protocol;
  if (protocol == security_protocol_kind::plaintext) {
    return "none are asked for: kafka.security_protocol is PLAINTEXT";
  }
  if (protocol == security_protocol_kind::ssl) {
    return kafka.ssl_certificate_location.empty()
               ? "the brokers let this client in by TLS"
               : "the brokers let in kafka.ssl_certificate_location = \"" +
                     kafka.ssl_certificate_location + '"';
  }
  return kafka.sasl_mechanism == sasl_mechanism_kind::oauthbearer
             ? "the brokers let in kafka.oidc_client_id = \"" + kafka.oidc_client_id + '"'
             : "the brokers let in kafka.sasl_username = \"" + kafka.sasl_username + '"';
}

} // namespace

std::optional<std::int64_t> number_in(const std::optional<broker_settings>& config,
                                      const std::string& name) {
  if (!config) {
    return std::nullopt;
  }
  const auto found = config->find(name);
  if (found == config->end()) {
    return std::nullopt;
  }
  std::int64_t value = 0;
  const auto* const end = found->second.data() + found->second.size();
  const auto read = std::from_chars(found->second.data(), end, value);
  return read.ec == std::errc{} && read.ptr == end ? std::optional{value} : std::nullopt;
}

std::string duration_text(std::int64_t ms) {
  constexpr std::int64_t second = 1'000;
  constexpr std::int64_t hour = 60 * minute_ms;
  constexpr std::int64_t day = 24 * hour;
  if (ms < 0) {
    return "for ever";
  }
  for (const auto& [unit, name] : {std::pair{day, "d"}, std::pair{hour, "h"},
                                   std::pair{minute_ms, "min"}, std::pair{second, "s"}}) {
    if (ms >= unit && ms % unit == 0) {
      return std::to_string(ms / unit) + ' ' + name;
    }
  }
  return std::to_string(ms) + " ms";
}

written_topics topics_written(const settings& config, const std::vector<std::string>& inputs) {
  written_topics topics;
  for (const auto& input : inputs) {
    add_once(topics.dlqs, dlq_topic_for(config.dlq.topic, input));
    add_once(topics.lanes, lane_topic_of(input, config.consumer.group_id));
  }
  for (const auto& handler : config.handlers) {
    if (const auto to = output_topic(handler)) {
      add_once(topics.targets, *to);
    }
  }
  topics.suspects = config.consumer.group_id + ".suspects";
  return topics;
}

// They are not in the cluster's own list: only what they hold names them.
std::set<std::int32_t> brokers_down(const cluster_facts& cluster) {
  std::set<std::int32_t> down;
  for (const auto& [name, topic] : cluster.others) {
    down.insert(topic.brokers.begin(), topic.brokers.end());
  }
  std::erase_if(down, [&](auto id) { return cluster.broker_ids.contains(id); });
  return down;
}

void judge_credentials(findings& all, const settings& config, const cluster_facts& cluster) {
  finding_list brokers{all, "brokers"};
  if (!cluster.refused.empty()) {
    const auto split = cluster.refused.find("; ");
    const bool advised = split != std::string::npos;
    brokers.problem("credentials", cluster.refused.substr(0, split),
                    advised ? cluster.refused.substr(split + 2) : "correct the [kafka] section");
    return;
  }
  brokers.ok("credentials", way_in(config.kafka));
}

void judge_group(findings& all, const settings& config, const cluster_facts& cluster) {
  finding_list group{all, "group " + config.consumer.group_id};
  if (!cluster.group_error.empty()) {
    group.problem("group_access", "cannot be described: " + cluster.group_error,
                  "grant READ and DESCRIBE on the group, or correct consumer.group_id");
    return;
  }
  if (cluster.group_unasked) {
    group.warn("group_access", "not asked while a broker is down, which may be its coordinator",
               "start the broker, and run doctor again");
    return;
  }
  if (cluster.group_rights && !cluster.group_rights->contains(access_right::read)) {
    group.problem("group_access", "may not be joined or committed to",
                  "grant READ on the group to this user");
    return;
  }
  group.ok("group_access", "may be joined and committed to");
}

void judge_broker(findings& all, const settings& config, const cluster_facts& cluster) {
  finding_list brokers{all, "brokers"};
  brokers.ok("reachable",
             std::to_string(cluster.brokers) + " at " + config.kafka.bootstrap_servers);
  judge_replica_holders(brokers, cluster);
  if (!cluster.broker) {
    brokers.warn("broker_config", "their configuration may not be seen, so it was not checked",
                 "grant DESCRIBE_CONFIGS on the cluster to check it");
    return;
  }
  const auto metadata = number_in(cluster.broker, "offset.metadata.max.bytes");
  if (metadata && *metadata < metadata_bytes) {
    brokers.warn("commit_metadata",
                 "offset.metadata.max.bytes is " + std::to_string(*metadata) +
                     ": a restart repeats finished work that does not fit",
                 "set it to " + std::to_string(metadata_bytes) + " or more on the brokers");
  } else if (metadata) {
    brokers.ok("commit_metadata", "commits may carry " + std::to_string(*metadata) + " bytes");
  }
  const auto kept = number_in(cluster.broker, "offsets.retention.minutes");
  for (const auto& input : cluster.inputs) {
    const auto retention = number_in(input.config, "retention.ms");
    if (!kept || !retention || (*retention >= 0 && *retention <= *kept * minute_ms)) {
      continue;
    }
    brokers.warn("offsets_retention",
                 "committed offsets are kept " + duration_text(*kept * minute_ms) +
                     ", records of " + input.name + " " + duration_text(*retention) +
                     ": a group that is away for longer starts at consumer.auto_offset_reset",
                 "raise offsets.retention.minutes on the brokers");
    return;
  }
  if (kept) {
    brokers.ok("offsets_retention",
               "committed offsets are kept " + duration_text(*kept * minute_ms));
  }
}

findings judge_surroundings(const settings& config, const cluster_facts& cluster,
                            const local_facts& local, const size_limits& sizes) {
  findings all;
  judge_local(all, config, local);
  if (!cluster.unreachable.empty()) {
    if (cluster.refused.empty()) {
      finding_list{all, "brokers"}.problem("reachable", cluster.unreachable,
                                           "nothing else could be checked");
    } else {
      judge_credentials(all, config, cluster);
    }
    return all;
  }
  judge_credentials(all, config, cluster);
  judge_broker(all, config, cluster);
  judge_group(all, config, cluster);
  for (const auto& pattern : cluster.patterns_without_topic) {
    finding_list{all, "pattern " + pattern}.warn("input_exists", "no topic matches it",
                                                 "create one, or correct consumer.topics");
  }
  for (const auto& input : cluster.inputs) {
    judge_input(all, config, input, sizes);
    judge_dlq(all, config, other(cluster, dlq_topic_for(config.dlq.topic, input.name)), input,
              cluster, sizes);
    judge_lane(all, other(cluster, lane_topic_of(input.name, config.consumer.group_id)), input);
  }
  const auto written = topics_written(config, {});
  for (const auto& name : written.targets) {
    judge_target(all, other(cluster, name), cluster.inputs);
  }
  judge_suspects(all, other(cluster, written.suspects));
  return all;
}

} // namespace streamer

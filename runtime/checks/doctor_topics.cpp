#include "runtime/checks/doctor.hpp"

#include <algorithm>

namespace streamer {
namespace {

// What Kafka writes around a record, with room to spare.
constexpr std::int64_t record_overhead = 1'024;

std::string topic_subject(const topic_facts& topic) { return "topic " + topic.name; }

std::string_view name_of(access_right right) {
  switch (right) {
    case access_right::read: return "READ";
    case access_right::write: return "WRITE";
    case access_right::describe: return "DESCRIBE";
    case access_right::describe_configs: return "DESCRIBE_CONFIGS";
  }
  return "ALL";
}

bool is_compacted(const topic_facts& topic) {
  if (!topic.config) {
    return false;
  }
  const auto policy = topic.config->find("cleanup.policy");
  return policy != topic.config->end() && policy->second.find("compact") != std::string::npos;
}

// -1 is for ever.
bool shorter(std::int64_t a, std::int64_t b) { return a >= 0 && (b < 0 || a < b); }

void judge_replicas(finding_list& of, const topic_facts& topic, std::int32_t brokers) {
  const auto in_sync = number_in(topic.config, "min.insync.replicas");
  if (in_sync && *in_sync > topic.replication_factor) {
    of.problem("replicas",
               "min.insync.replicas " + std::to_string(*in_sync) + " is more than its " +
                   std::to_string(topic.replication_factor) + " replicas: no write succeeds",
               "lower min.insync.replicas, or add replicas");
  } else if (brokers > 1 && topic.replication_factor == 1) {
    of.warn("replicas", "one replica: what is written is lost with one broker",
            "give it more replicas");
  } else if (in_sync && *in_sync == 1 && topic.replication_factor > 1) {
    of.warn("replicas", "min.insync.replicas 1: a record may be acknowledged by a single broker",
            "set min.insync.replicas to 2");
  } else {
    of.ok("replicas", std::to_string(topic.replication_factor) + " replicas");
  }
}

// Whether enough copies of each partition follow. Where too few do, what is read goes on and what
// is to be written is refused: `written` by this worker, or by others.
void judge_in_sync(finding_list& of, const topic_facts& topic, bool written) {
  const auto needed = number_in(topic.config, "min.insync.replicas").value_or(1);
  const auto below = [&](std::int64_t least) {
    return std::count_if(topic.in_sync.begin(), topic.in_sync.end(),
                         [least](auto in_sync) { return in_sync < least; });
  };
  const auto some = [&](std::ptrdiff_t count) {
    return std::to_string(count) + " of " + std::to_string(topic.partitions) +
           (topic.partitions == 1 ? " partition" : " partitions");
  };
  const auto* const remedy = "start the brokers that hold the others";
  if (needed > topic.replication_factor) {
    return; // no broker's fault
  }
  if (const auto refused = below(needed); refused > 0) {
    of.add(written ? severity::problem : severity::warning, "in_sync",
           some(refused) + " with fewer replicas in sync than min.insync.replicas, " +
               std::to_string(needed) +
               (written ? ": no write to them succeeds, and records wait for it"
                        : ": they are read, but producers may be refused"),
           remedy);
  } else if (const auto behind = below(topic.replication_factor); behind > 0) {
    of.warn("in_sync",
            some(behind) + " with fewer replicas in sync than their " +
                std::to_string(topic.replication_factor) + ": one more failure may stop writes",
            remedy);
  } else {
    of.ok("in_sync", "all replicas are in sync");
  }
}

void judge_dlq_size(finding_list& of, const settings& config, std::int64_t dlq,
                    std::int64_t input) {
  const auto added = static_cast<std::int64_t>(config.dlq.max_header_bytes) + record_overhead;
  const bool holds = config.dlq.on_too_large == too_large_kind::hold;
  const auto sizes = "max.message.bytes " + std::to_string(dlq);
  const auto remedy = "set max.message.bytes to " + std::to_string(input + added) + " or more";
  if (dlq < input) {
    of.add(holds ? severity::problem : severity::warning, "dlq_size",
           sizes + " is less than the source's " + std::to_string(input) +
               (holds ? ": a larger record stops its partition for good"
                      : ": of a larger record only a pointer is kept"),
           remedy);
  } else if (holds && dlq < input + added) {
    of.warn("dlq_size", sizes + " leaves no room for the headers of the largest records", remedy);
  } else {
    of.ok("dlq_size", sizes);
  }
}

void judge_outbound(finding_list& of, const topic_facts& input, const size_limits& sizes) {
  const auto largest = number_in(input.config, "max.message.bytes");
  if (largest && *largest > sizes.largest_outbound) {
    of.warn("producer_size",
            "records of " + input.name + " may have " + std::to_string(*largest) +
                " bytes, the producer takes " + std::to_string(sizes.largest_outbound),
            "raise consumer.memory_budget_mib");
  }
}

} // namespace

bool judge_presence(findings& all, const topic_facts& topic, std::string_view role,
                    access_right needed) {
  finding_list of{all, topic_subject(topic)};
  const auto id = std::string{role} + "_exists";
  switch (topic.is) {
    case topic_facts::state::missing:
      of.problem(id, "does not exist", "create it: streamer topics create");
      return false;
    case topic_facts::state::not_authorised:
      of.problem(std::string{role} + "_access", "may not be seen",
                 "grant DESCRIBE and " + std::string{name_of(needed)} + " on it to this user");
      return false;
    case topic_facts::state::unknown:
      of.warn(id, topic.error.empty() ? "was not looked at" : "cannot be described: " + topic.error,
              "try again; see the brokers' logs");
      return false;
    case topic_facts::state::found: break;
  }
  if (topic.leaderless > 0) {
    of.problem(id,
               std::to_string(topic.leaderless) + " of " + std::to_string(topic.partitions) +
                   " partitions have no leader",
               "start the brokers that hold them");
  } else {
    of.ok(id, std::to_string(topic.partitions) + " partitions");
  }
  const auto right = std::string{name_of(needed)};
  if (topic.rights && !topic.rights->contains(needed)) {
    of.problem(std::string{role} + "_access", "this user has no right to " + right,
               "grant " + right + " on it");
  } else if (topic.rights) {
    of.ok(std::string{role} + "_access", "this user may " + right);
  }
  if (!topic.config) {
    of.warn(std::string{role} + "_config",
            "its configuration may not be seen, so it was not checked",
            "grant DESCRIBE_CONFIGS on it to check it");
  }
  return true;
}

void judge_input(findings& all, const settings& config, const topic_facts& topic,
                 const size_limits& sizes) {
  if (!judge_presence(all, topic, "input", access_right::read)) {
    return;
  }
  finding_list of{all, topic_subject(topic)};
  judge_in_sync(of, topic, false);
  if (const auto largest = number_in(topic.config, "max.message.bytes")) {
    if (*largest > sizes.largest_response) {
      of.problem("fetch_size",
                 "records may have " + std::to_string(*largest) + " bytes, the consumer takes " +
                     std::to_string(sizes.largest_response),
                 "raise consumer.memory_budget_mib");
    } else {
      of.ok("fetch_size", "records of up to " + std::to_string(*largest) + " bytes");
    }
  }
  auto longest = config.retry.max_elapsed;
  for (const auto& handler : config.handlers) {
    longest = std::max(longest, handler.retry.max_elapsed);
  }
  if (const auto kept = number_in(topic.config, "retention.ms")) {
    if (shorter(*kept, longest.count())) {
      of.warn("input_retention",
              "records are kept " + duration_text(*kept) + ", retries take up to " +
                  duration_text(longest.count()) + ": after a restart they may be gone",
              "raise retention.ms, or lower retry.max_elapsed_ms");
    } else {
      of.ok("input_retention", "records are kept " + duration_text(*kept));
    }
  }
}

void judge_dlq(findings& all, const settings& config, const topic_facts& dlq,
               const topic_facts& input, const cluster_facts& cluster, const size_limits& sizes) {
  if (!judge_presence(all, dlq, "dlq", access_right::write)) {
    return;
  }
  finding_list of{all, topic_subject(dlq)};
  if (is_compacted(dlq)) {
    of.problem("dlq_cleanup",
               "cleanup.policy has compact: dead letters of one key replace each other, and those "
               "without a key are refused",
               "set cleanup.policy=delete");
  } else if (dlq.config) {
    of.ok("dlq_cleanup", "dead letters are kept until their time is over");
  }
  const auto dlq_kept = number_in(dlq.config, "retention.ms");
  const auto input_kept = number_in(input.config, "retention.ms");
  if (dlq_kept && input_kept && shorter(*dlq_kept, *input_kept)) {
    of.warn("dlq_retention",
            "dead letters are kept " + duration_text(*dlq_kept) + ", less than the source's " +
                duration_text(*input_kept),
            "raise its retention.ms");
  } else if (dlq_kept) {
    of.ok("dlq_retention", "dead letters are kept " + duration_text(*dlq_kept));
  }
  const auto dlq_size = number_in(dlq.config, "max.message.bytes");
  const auto input_size = number_in(input.config, "max.message.bytes");
  if (dlq_size && input_size) {
    judge_dlq_size(of, config, *dlq_size, *input_size);
  }
  judge_outbound(of, input, sizes);
  judge_replicas(of, dlq, cluster.brokers);
  judge_in_sync(of, dlq, true);
}

void judge_target(findings& all, const topic_facts& target,
                  const std::vector<topic_facts>& inputs) {
  if (!judge_presence(all, target, "output", access_right::write)) {
    return;
  }
  finding_list of{all, topic_subject(target)};
  judge_in_sync(of, target, true);
  const auto takes = number_in(target.config, "max.message.bytes");
  for (const auto& input : inputs) {
    const auto gives = number_in(input.config, "max.message.bytes");
    if (takes && gives && *takes < *gives) {
      of.warn("output_size",
              "max.message.bytes " + std::to_string(*takes) + " is less than the " +
                  std::to_string(*gives) + " of " + input.name +
                  ": what is larger is dead-lettered",
              "set max.message.bytes to " + std::to_string(*gives) + " or more");
      return;
    }
  }
  if (takes) {
    of.ok("output_size", "max.message.bytes " + std::to_string(*takes));
  }
}

// It is made after the first crash: it may be absent. A worker goes on without it, so these are
// warnings.
void judge_suspects(findings& all, const topic_facts& suspects) {
  finding_list of{all, topic_subject(suspects)};
  const std::string cost = ": each worker then counts the crashes of a record by itself";
  if (suspects.is == topic_facts::state::not_authorised) {
    of.warn("suspects_access", "may not be seen" + cost,
            "grant DESCRIBE, CREATE, READ and WRITE on it to this user");
    return;
  }
  if (suspects.is != topic_facts::state::found) {
    return;
  }
  for (const auto right : {access_right::read, access_right::write}) {
    if (suspects.rights && !suspects.rights->contains(right)) {
      const std::string name{name_of(right)};
      of.warn("suspects_access", "this user has no right to " + name + cost,
              "grant " + name + " on it");
      return;
    }
  }
  if (suspects.config && !is_compacted(suspects)) {
    of.warn("suspects_cleanup",
            "cleanup.policy has no compact: what is known of a crash goes with its time",
            "set cleanup.policy=compact");
    return;
  }
  of.ok("suspects_access", "suspects of a crash are told to the group");
}

// It is made by the first redrive: it may be absent.
void judge_lane(findings& all, const topic_facts& lane, const topic_facts& input) {
  if (lane.is != topic_facts::state::found || input.is != topic_facts::state::found) {
    return;
  }
  finding_list of{all, topic_subject(lane)};
  if (lane.partitions != input.partitions) {
    of.warn("lane_partitions",
            std::to_string(lane.partitions) + " partitions, the source has " +
                std::to_string(input.partitions) + ": keys of redriven records change places",
            "give it the source's partitions");
  } else {
    of.ok("lane_partitions", std::to_string(lane.partitions) + " partitions, as the source");
  }
  if (lane.rights && !lane.rights->contains(access_right::read)) {
    of.problem("lane_access", "this user has no right to READ", "grant READ on it");
  }
}

} // namespace streamer

// Each thing broken alone, and what the doctor says of it.
#include "runtime/checks/doctor.hpp"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

namespace streamer {
namespace {

// Everything that is judged.
struct surroundings {
  settings config;
  cluster_facts cluster;
  local_facts local;
  size_limits sizes{64LL << 20, 14LL << 20};

  [[nodiscard]] topic_facts& input() { return cluster.inputs.front(); }
  [[nodiscard]] topic_facts& dlq() { return cluster.others["events.dlq"]; }
  [[nodiscard]] topic_facts& target() { return cluster.others["out"]; }
  [[nodiscard]] topic_facts& suspects() { return cluster.others["streamer.suspects"]; }
  [[nodiscard]] topic_facts& lane() { return cluster.others["events.redrive.streamer"]; }
  [[nodiscard]] findings judge() const { return judge_surroundings(config, cluster, local, sizes); }
};

topic_facts fine_topic(const std::string& name) {
  topic_facts topic;
  topic.name = name;
  topic.is = topic_facts::state::found;
  topic.partitions = 12;
  topic.replication_factor = 3;
  topic.in_sync.assign(12, 3);
  topic.brokers = {1, 2, 3};
  topic.rights = access_rights{access_right::read, access_right::write, access_right::describe,
                               access_right::describe_configs};
  topic.config = broker_settings{{"max.message.bytes", "1048588"},
                                 {"retention.ms", "604800000"},
                                 {"cleanup.policy", "delete"},
                                 {"min.insync.replicas", "2"}};
  return topic;
}

surroundings fine() {
  surroundings s;
  handler_settings forward;
  forward.kind = "forward";
  forward.options["to"] = "out";
  s.config.handlers = {forward};
  s.cluster.brokers = 3;
  s.cluster.broker_ids = {1, 2, 3};
  s.cluster.inputs = {fine_topic("events")};
  for (const auto* name :
       {"events", "events.dlq", "out", "events.redrive.streamer", "streamer.suspects"}) {
    s.cluster.others[name] = fine_topic(name);
  }
  (*s.suspects().config)["cleanup.policy"] = "compact";
  s.cluster.group_rights = access_rights{access_right::read, access_right::describe};
  s.cluster.broker = broker_settings{{"offset.metadata.max.bytes", "4096"},
                                     {"offsets.retention.minutes", "10080"}};
  s.local.open_files = 1'048'576;
  return s;
}

findings not_ok(const surroundings& s) {
  auto all = s.judge();
  std::erase_if(all, [](const auto& f) { return f.how == severity::ok; });
  return all;
}

struct breakage {
  severity how;
  std::string id;
  std::string subject;
  std::function<void(surroundings&)> breaks;
};

const std::vector<breakage>& breakages() {
  constexpr auto problem = severity::problem;
  constexpr auto warning = severity::warning;
  static const std::vector<breakage> all{
      {problem, "state_dir", "this machine",
       [](auto& s) { s.local.state_dir_error = "Permission denied"; }},
      {problem, "token_file", "this machine",
       [](auto& s) {
         s.config.admin.token_file = "/token";
         s.local.token_file_error = "holds no token";
       }},
      {warning, "open_files", "this machine", [](auto& s) { s.local.open_files = 1024; }},
      {warning, "broker_config", "brokers", [](auto& s) { s.cluster.broker.reset(); }},
      {warning, "commit_metadata", "brokers",
       [](auto& s) { (*s.cluster.broker)["offset.metadata.max.bytes"] = "1024"; }},
      {warning, "offsets_retention", "brokers",
       [](auto& s) { (*s.cluster.broker)["offsets.retention.minutes"] = "1440"; }},
      {warning, "brokers_up", "brokers", [](auto& s) { s.cluster.broker_ids.erase(2); }},
      {warning, "group_access", "group streamer", [](auto& s) { s.cluster.group_unasked = true; }},
      {warning, "in_sync", "topic events", [](auto& s) { s.input().in_sync[7] = 2; }},
      {warning, "in_sync", "topic events", [](auto& s) { s.input().in_sync[7] = 1; }},
      {warning, "in_sync", "topic events.dlq", [](auto& s) { s.dlq().in_sync[0] = 2; }},
      {problem, "in_sync", "topic events.dlq", [](auto& s) { s.dlq().in_sync[0] = 1; }},
      {problem, "in_sync", "topic out", [](auto& s) { s.target().in_sync[11] = 1; }},
      {problem, "group_access", "group streamer",
       [](auto& s) { s.cluster.group_rights = access_rights{access_right::describe}; }},
      {problem, "group_access", "group streamer",
       [](auto& s) { s.cluster.group_error = "not authorised"; }},
      {warning, "input_exists", "pattern ^orders",
       [](auto& s) { s.cluster.patterns_without_topic = {"^orders"}; }},
      {problem, "input_exists", "topic events",
       [](auto& s) { s.input().is = topic_facts::state::missing; }},
      {problem, "input_access", "topic events",
       [](auto& s) { s.input().is = topic_facts::state::not_authorised; }},
      {warning, "input_exists", "topic events",
       [](auto& s) {
         s.input().is = topic_facts::state::unknown;
         s.input().error = "timed out";
       }},
      {problem, "input_exists", "topic events", [](auto& s) { s.input().leaderless = 2; }},
      {problem, "input_access", "topic events",
       [](auto& s) { s.input().rights->erase(access_right::read); }},
      {warning, "input_config", "topic events", [](auto& s) { s.input().config.reset(); }},
      {problem, "fetch_size", "topic events", [](auto& s) { s.sizes.largest_response = 1'000; }},
      {warning, "input_retention", "topic events",
       [](auto& s) { (*s.input().config)["retention.ms"] = "60000"; }},
      {warning, "input_retention", "topic events",
       [](auto& s) {
         s.config.handlers.front().retry.max_elapsed = std::chrono::hours{24 * 7 + 1};
       }},
      {problem, "dlq_exists", "topic events.dlq",
       [](auto& s) { s.dlq().is = topic_facts::state::missing; }},
      {problem, "dlq_exists", "topic events.dlq", [](auto& s) { s.dlq().leaderless = 1; }},
      {problem, "dlq_access", "topic events.dlq",
       [](auto& s) { s.dlq().rights->erase(access_right::write); }},
      {warning, "dlq_config", "topic events.dlq", [](auto& s) { s.dlq().config.reset(); }},
      {problem, "dlq_cleanup", "topic events.dlq",
       [](auto& s) { (*s.dlq().config)["cleanup.policy"] = "compact"; }},
      {problem, "dlq_cleanup", "topic events.dlq",
       [](auto& s) { (*s.dlq().config)["cleanup.policy"] = "compact,delete"; }},
      {warning, "dlq_retention", "topic events.dlq",
       [](auto& s) { (*s.dlq().config)["retention.ms"] = "3600000"; }},
      {warning, "dlq_size", "topic events.dlq",
       [](auto& s) { (*s.dlq().config)["max.message.bytes"] = "1000"; }},
      {problem, "dlq_size", "topic events.dlq",
       [](auto& s) {
         s.config.dlq.on_too_large = too_large_kind::hold;
         (*s.dlq().config)["max.message.bytes"] = "1000";
       }},
      {warning, "dlq_size", "topic events.dlq",
       [](auto& s) { s.config.dlq.on_too_large = too_large_kind::hold; }},
      {warning, "producer_size", "topic events.dlq",
       [](auto& s) { s.sizes.largest_outbound = 1'000'000; }},
      {problem, "replicas", "topic events.dlq",
       [](auto& s) { (*s.dlq().config)["min.insync.replicas"] = "4"; }},
      {warning, "replicas", "topic events.dlq",
       [](auto& s) {
         s.dlq().replication_factor = 1;
         (*s.dlq().config)["min.insync.replicas"] = "1";
       }},
      {warning, "replicas", "topic events.dlq",
       [](auto& s) { (*s.dlq().config)["min.insync.replicas"] = "1"; }},
      {problem, "output_exists", "topic out",
       [](auto& s) { s.target().is = topic_facts::state::missing; }},
      {problem, "output_access", "topic out",
       [](auto& s) { s.target().rights->erase(access_right::write); }},
      {warning, "output_size", "topic out",
       [](auto& s) { (*s.target().config)["max.message.bytes"] = "1000"; }},
      {warning, "lane_partitions", "topic events.redrive.streamer",
       [](auto& s) { s.lane().partitions = 6; }},
      {problem, "lane_access", "topic events.redrive.streamer",
       [](auto& s) { s.lane().rights->erase(access_right::read); }},
      {warning, "suspects_access", "topic streamer.suspects",
       [](auto& s) { s.suspects().is = topic_facts::state::not_authorised; }},
      {warning, "suspects_access", "topic streamer.suspects",
       [](auto& s) { s.suspects().rights->erase(access_right::read); }},
      {warning, "suspects_access", "topic streamer.suspects",
       [](auto& s) { s.suspects().rights->erase(access_right::write); }},
      {warning, "suspects_cleanup", "topic streamer.suspects",
       [](auto& s) { (*s.suspects().config)["cleanup.policy"] = "delete"; }},
  };
  return all;
}

TEST_CASE("Where all is well the doctor says so of everything") {
  const auto all = fine().judge();
  CHECK(worst_of(all) == severity::ok);
  for (const auto& f : all) {
    INFO(f.id << ": " << f.what);
    CHECK(f.how == severity::ok);
    CHECK(f.remedy.empty());
  }
  // Whatever can be broken has been looked at.
  for (const auto& b : breakages()) {
    if (b.id == "broker_config" || b.id.ends_with("_config") || b.id == "producer_size" ||
        b.id == "lane_access" || b.id == "token_file" || b.id == "suspects_cleanup" ||
        b.subject.starts_with("pattern")) {
      continue; // nothing is said of these where they are well
    }
    INFO(b.id << " of " << b.subject);
    CHECK(std::any_of(all.begin(), all.end(),
                      [&](const auto& f) { return f.id == b.id && f.subject == b.subject; }));
  }
}

TEST_CASE("Each thing that is broken is found alone, with its remedy") {
  for (std::size_t i = 0; i < breakages().size(); ++i) {
    const auto& b = breakages()[i];
    auto s = fine();
    b.breaks(s);
    const auto found = not_ok(s);
    INFO("breakage " << i << ": " << b.id << " of " << b.subject);
    for (const auto& f : found) {
      UNSCOPED_INFO(to_string(f.how) << ' ' << f.id << " of " << f.subject << ": " << f.what);
    }
    REQUIRE(found.size() == 1);
    CHECK(found.front().how == b.how);
    CHECK(found.front().id == b.id);
    CHECK(found.front().subject == b.subject);
    CHECK_FALSE(found.front().what.empty());
    CHECK_FALSE(found.front().remedy.empty());
  }
}

TEST_CASE("A cluster that does not answer is one problem, beside those of the machine") {
  auto s = fine();
  s.cluster = {};
  s.cluster.unreachable = "no broker at nowhere:1 answered within 10 s";
  s.local.state_dir_error = "Permission denied";
  const auto found = not_ok(s);
  REQUIRE(found.size() == 2);
  CHECK(found[0].id == "state_dir");
  CHECK(found[1].id == "reachable");
  CHECK(found[1].what == s.cluster.unreachable);
}

TEST_CASE(
    "Who is not let in is told so, with what to do about it, and nothing else of the cluster") {
  auto s = fine();
  s.cluster = {};
  s.cluster.unreachable = "cannot reach the cluster: they refuse kafka.sasl_username; correct it";
  s.cluster.refused = "they refuse kafka.sasl_username; correct it";
  const auto found = not_ok(s);
  REQUIRE(found.size() == 1);
  CHECK(found[0].id == "credentials");
  CHECK(found[0].how == severity::problem);
  CHECK(found[0].what == "they refuse kafka.sasl_username");
  CHECK(found[0].remedy == "correct it");
}

TEST_CASE("Who is let in is named, his secret never") {
  auto s = fine();
  auto& kafka = s.config.kafka;
  kafka.ssl_certificate_location = "/client.pem";
  kafka.sasl_username = "alice";
  kafka.sasl_password = secret{"hunter2"};
  kafka.oidc_client_id = "worker";
  const auto said = [&] {
    for (const auto& f : s.judge()) {
      if (f.id == "credentials") {
        CHECK(f.how == severity::ok);
        return f.what;
      }
    }
    return std::string{};
  };
  CHECK(said().find("PLAINTEXT") != std::string::npos);
  kafka.security_protocol = security_protocol_kind::ssl;
  CHECK(said().find("/client.pem") != std::string::npos);
  kafka.security_protocol = security_protocol_kind::sasl_ssl;
  CHECK(said().find("alice") != std::string::npos);
  CHECK(said().find("hunter2") == std::string::npos);
  kafka.sasl_mechanism = sasl_mechanism_kind::oauthbearer;
  CHECK(said().find("worker") != std::string::npos);
}

TEST_CASE("A lane that nobody has made yet, and a group that nobody has joined, are well") {
  auto s = fine();
  s.suspects().is = topic_facts::state::missing;
  s.lane().is = topic_facts::state::missing;
  s.cluster.group_rights.reset();
  CHECK(not_ok(s).empty());
}

TEST_CASE("A cluster of one broker is not told to replicate") {
  auto s = fine();
  s.cluster.brokers = 1;
  for (auto* topic : {&s.input(), &s.dlq(), &s.target()}) {
    topic->replication_factor = 1;
    topic->in_sync.assign(12, 1);
    (*topic->config)["min.insync.replicas"] = "1";
  }
  CHECK(not_ok(s).empty());
}

TEST_CASE("For ever is longer than any retention") {
  auto s = fine();
  (*s.dlq().config)["retention.ms"] = "-1";
  CHECK(not_ok(s).empty());
  (*s.input().config)["retention.ms"] = "-1";
  (*s.cluster.broker)["offsets.retention.minutes"] = "10080";
  (*s.dlq().config)["retention.ms"] = "604800000";
  const auto found = not_ok(s);
  REQUIRE(found.size() == 2);
  CHECK(found[0].id == "offsets_retention");
  CHECK(found[1].id == "dlq_retention");
}

TEST_CASE("Which topics a worker writes to") {
  auto s = fine();
  s.config.handlers.push_back(s.config.handlers.front());
  s.config.dlq.topic = "all.dlq";
  const auto topics = topics_written(s.config, {"a", "b"});
  CHECK(topics.dlqs == std::vector<std::string>{"all.dlq"});
  CHECK(topics.targets == std::vector<std::string>{"out"});
  CHECK(topics.lanes == std::vector<std::string>{"a.redrive.streamer", "b.redrive.streamer"});
}

TEST_CASE("Broker settings that are no numbers are not judged") {
  const std::optional<broker_settings> config{{{"a", "12"}, {"b", "x"}, {"c", "12x"}, {"d", ""}}};
  CHECK(number_in(config, "a") == 12);
  for (const auto* name : {"b", "c", "d", "e"}) {
    CHECK_FALSE(number_in(config, name));
  }
  CHECK_FALSE(number_in(std::nullopt, "a"));
}

TEST_CASE("Durations as people write them") {
  CHECK(duration_text(604'800'000) == "7 d");
  CHECK(duration_text(3'600'000) == "1 h");
  CHECK(duration_text(90'000) == "90 s");
  CHECK(duration_text(1'500) == "1500 ms");
  CHECK(duration_text(0) == "0 ms");
  CHECK(duration_text(-1) == "for ever");
}

} // namespace
} // namespace streamer

// `streamer doctor` where something is really wrong, and a worker that says the same when it
// starts.
#include <librdkafka/rdkafka.h>
#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <sstream>

#include "tests/kafka/tools/doctor_run.hpp"
#include "tests/support/broker_fixture.hpp"

using namespace streamer::test;

TEST_CASE("Where all is well the doctor has no problem, and its lines fit a terminal") {
  const scenario s{shared_broker()};
  const auto ended = run_doctor(s, s.forward(), {});
  INFO(ended.out << ended.err);
  CHECK(ended.status.code == 0);
  CHECK(ended.err.empty());
  CHECK(ended.out.find("0 problems") != std::string::npos);
  CHECK(ended.out.find("topic " + s.dlq) != std::string::npos);
  std::istringstream lines{ended.out};
  for (std::string line; std::getline(lines, line);) {
    // Names of this test are longer than a line has room for beside them.
    CHECK((line.size() <= 80 || line.find(s.source) != std::string::npos));
  }
}

TEST_CASE("The doctor finds a DLQ that is missing, compacted, short or small, and an output") {
  const auto broker = shared_broker();
  SECTION("missing") {
    const scenario s{broker, {.with_dlq = false}};
    const auto found = doctor(s, s.forward());
    CHECK(found.code == 1);
    CHECK(found.not_ok() == names{"problem dlq_exists topic " + s.dlq});
  }
  SECTION("compacted and short-lived") {
    const scenario s{broker,
                     {.dlq = {{"cleanup.policy", "compact,delete"}, {"retention.ms", "60000"}}}};
    const auto found = doctor(s, s.forward());
    CHECK(found.code == 1);
    CHECK(found.not_ok() ==
          names{"problem dlq_cleanup topic " + s.dlq, "warning dlq_retention topic " + s.dlq});
  }
  SECTION("too small: a warning, which fails nothing") {
    const scenario s{broker, {.dlq = {{"max.message.bytes", "1000"}}}};
    const auto found = doctor(s, s.forward());
    CHECK(found.code == 0);
    CHECK(found.not_ok() == names{"warning dlq_size topic " + s.dlq});
    auto holding = s.forward();
    holding.text("dlq.on_too_large", "hold");
    CHECK(doctor(s, holding).code == 1);
  }
  SECTION("no output, no input, nowhere to write to") {
    const scenario s{broker};
    auto config = worker_config{broker, s.group, s.source + "-not-there"};
    config.forward_to(s.output + "-not-there");
    config.text("runtime.state_dir", "/dev/null/state");
    const auto found = doctor(s, config);
    CHECK(found.code == 1);
    CHECK(found.not_ok() == names{"problem dlq_exists topic " + s.source + "-not-there.dlq",
                                  "problem input_exists topic " + s.source + "-not-there",
                                  "problem output_exists topic " + s.output + "-not-there",
                                  "problem state_dir this machine"});
  }
}

TEST_CASE(
    "The doctor of a cluster that is not there says which, and a bad configuration is first") {
  const scenario s{shared_broker()};
  const auto found = doctor(s, worker_config{"127.0.0.1:1", s.group, s.source});
  CHECK(found.code == 1);
  CHECK(found.not_ok() == names{"problem reachable brokers"});
  CHECK(found.page.dump().find("127.0.0.1:1") != std::string::npos);
  auto wrong = s.forward();
  wrong.value("consumer.batch_sise", "10");
  const auto refused = run_doctor(s, wrong, {"--json"});
  CHECK(refused.status.code == 2);
  CHECK(refused.out.empty());
  CHECK(refused.err.find("batch_size") != std::string::npos);
}

TEST_CASE("The doctor finds missing rights, and a worker names them when it starts") {
  private_cluster cluster{
      1,
      {"authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer",
       "allow.everyone.if.no.acl.found=true", "offset.metadata.max.bytes=1024"}};
  const scenario s{cluster.bootstrap()};
  deny(s.bootstrap, RD_KAFKA_RESOURCE_TOPIC, s.source, RD_KAFKA_ACL_OPERATION_READ);
  deny(s.bootstrap, RD_KAFKA_RESOURCE_TOPIC, s.dlq, RD_KAFKA_ACL_OPERATION_WRITE);
  deny(s.bootstrap, RD_KAFKA_RESOURCE_TOPIC, s.output, RD_KAFKA_ACL_OPERATION_DESCRIBE);
  deny(s.bootstrap, RD_KAFKA_RESOURCE_GROUP, s.group, RD_KAFKA_ACL_OPERATION_READ);
  const auto found = doctor(s, s.forward());
  CHECK(found.code == 1);
  CHECK(found.not_ok() ==
        names{"problem dlq_access topic " + s.dlq, "problem group_access group " + s.group,
              "problem input_access topic " + s.source, "problem output_access topic " + s.output,
              "warning commit_metadata brokers"});
  worker w{s.directory(), "worker", s.forward()};
  REQUIRE(w.log().wait_for("doctor_problem", 30s, 3));
  CHECK(w.log().wait_for("doctor_warning", 10s));
  std::vector<std::string> told;
  for (const auto& line : w.log().entries("doctor_problem")) {
    told.push_back(line.value("check", ""));
  }
  std::sort(told.begin(), told.end());
  CHECK(told == names{"dlq_access", "input_access", "output_access"});
  // Of its group the member itself says it.
  CHECK(wait_until(
      [&] { return w.log_tail().find("grant READ on consumer.group_id") != std::string::npos; },
      20s));
  CHECK(w.stop(20s).code == 0);

  // Rights that a worker can do without, and what may not be looked at.
  const scenario other{cluster.bootstrap()};
  const auto suspects = other.group + ".suspects";
  const auto lane = other.source + ".redrive." + other.group;
  create_topic(other.bootstrap, suspects, 1, {{"cleanup.policy", "compact"}});
  create_topic(other.bootstrap, lane, 4);
  deny(other.bootstrap, RD_KAFKA_RESOURCE_TOPIC, suspects, RD_KAFKA_ACL_OPERATION_WRITE);
  deny(other.bootstrap, RD_KAFKA_RESOURCE_TOPIC, lane, RD_KAFKA_ACL_OPERATION_READ);
  for (const auto& topic : {other.source, other.dlq}) {
    deny(other.bootstrap, RD_KAFKA_RESOURCE_TOPIC, topic, RD_KAFKA_ACL_OPERATION_DESCRIBE_CONFIGS);
  }
  deny(other.bootstrap, RD_KAFKA_RESOURCE_BROKER, "kafka-cluster",
       RD_KAFKA_ACL_OPERATION_DESCRIBE_CONFIGS);
  const auto without = doctor(other, other.forward());
  CHECK(without.code == 1);
  CHECK(without.not_ok() ==
        names{"problem lane_access topic " + lane, "warning broker_config brokers",
              "warning dlq_config topic " + other.dlq, "warning input_config topic " + other.source,
              "warning suspects_access topic " + suspects});
}

// How the doctor's findings look.
#include "tools/doctor/report.hpp"

#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>

#include <sstream>
#include <string>

namespace streamer::tools {
namespace {

findings some() {
  findings all;
  finding_list brokers{all, "brokers"};
  brokers.ok("reachable", "3 at localhost:9092");
  finding_list dlq{all, "topic events.dlq"};
  dlq.problem("dlq_exists", "does not exist", "create it: streamer topics create");
  dlq.warn("dlq_retention",
           std::string(30, 'a') + " many words that do not fit on one line " +
               std::string(30, 'b') + " and some more of them",
           "raise its retention.ms until it is as long as that of the source, which is long");
  return all;
}

TEST_CASE("Findings stand under their subject, in lines that fit, and are counted") {
  const auto text = findings_text(some(), {});
  INFO(text);
  std::istringstream lines{text};
  for (std::string line; std::getline(lines, line);) {
    CHECK(line.size() <= 80);
  }
  CHECK(text.find("brokers\n  ok       3 at localhost:9092\n") == 0);
  CHECK(text.find("topic events.dlq\n  problem  does not exist\n           -> create it: streamer "
                  "topics create\n") != std::string::npos);
  CHECK(text.find("topic events.dlq", text.find("topic events.dlq") + 1) == std::string::npos);
  CHECK(text.ends_with("1 problem, 1 warning, 1 fine\n"));
}

TEST_CASE("Findings as JSON") {
  const auto page = nlohmann::json::parse(findings_json(some()));
  CHECK(page["ok"] == false);
  CHECK(page["problems"] == 1);
  CHECK(page["warnings"] == 1);
  REQUIRE(page["findings"].size() == 3);
  CHECK(page["findings"][1] == nlohmann::json{{"severity", "problem"},
                                              {"id", "dlq_exists"},
                                              {"subject", "topic events.dlq"},
                                              {"what", "does not exist"},
                                              {"remedy", "create it: streamer topics create"}});
  CHECK(nlohmann::json::parse(findings_json({}))["ok"] == true);
}

} // namespace
} // namespace streamer::tools

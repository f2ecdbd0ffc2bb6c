// `streamer doctor` as a process, and what it found.
#pragma once

#include <librdkafka/rdkafka.h>
#include <nlohmann/json.hpp>

#include <string>
#include <vector>

#include "tests/support/scenario.hpp"

namespace streamer::test {

using names = std::vector<std::string>;

/// The page of `doctor --json`.
struct verdict_of_doctor {
  int code = -1;
  nlohmann::json page;

  /// `severity id subject` of what is not well, sorted.
  [[nodiscard]] names not_ok() const;
};

/// Runs it with a scenario's configuration and further arguments.
[[nodiscard]] finished_process run_doctor(const scenario& s, const worker_config& config,
                                          std::vector<std::string> more);
/// The same with --json; fails the test if it complains. `open_files`: a limit to run it under.
[[nodiscard]] verdict_of_doctor doctor(const scenario& s, const worker_config& config,
                                       int open_files = 0);

/// On a broker with an authorizer: leaves everybody all rights to something but this one.
void deny(const std::string& bootstrap, rd_kafka_ResourceType_t type, const std::string& name,
          rd_kafka_AclOperation_t operation);

} // namespace streamer::test

// What a load test is asked to do.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "tools/load_test/schedule.hpp"

namespace streamer::tools {

/// The flags, with their defaults.
struct load_options {
  double rate = 1000;                   ///< events a second; 0: as fast as it goes
  double duration_s = 30;               ///< seconds
  std::optional<std::string> tenant_id; ///< one tenant of this name
  std::uint32_t tenants = 8;
  std::uint32_t keys = 10'000; ///< over all tenants
  double zipf = 0.99;
  std::uint32_t payload_bytes = 200;
  std::optional<std::string> burst;  ///< ON:OFF in seconds
  std::optional<std::string> report; ///< names the files of the report
};

/// The files that a report goes to.
struct report_files {
  std::string json;
  std::string html;
};

/// Those of `--report FILE`: FILE.json and FILE.html. FILE may be named with either ending.
[[nodiscard]] report_files report_files_of(const std::string& report);

/// One line that says which flag has a value that cannot be, or nothing.
[[nodiscard]] std::optional<std::string> problem_of(const load_options& options);

} // namespace streamer::tools

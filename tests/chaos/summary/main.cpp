// chaos_summary table|json|page|failed DIR: reads the result objects of DIR and prints what is
// asked for. `failed` prints the ids that did not hold, one a line. KAFKA_VERSION,
// STREAMER_VERSION, STREAMER_CHAOS_DATE, _REVISION, _TOOK (minutes) and _JOBS (at a time), and
// STREAMER_TEST_SEED say what ran.
#include <librdkafka/rdkafka.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <string_view>
#include <thread>

#include "tests/chaos/summary/chaos_summary.hpp"

namespace {

using namespace streamer::test;

std::string from_environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "unknown" : value;
}

run_environment here() {
  const auto pages = static_cast<std::uint64_t>(sysconf(_SC_PHYS_PAGES));
  const auto page_bytes = static_cast<std::uint64_t>(sysconf(_SC_PAGE_SIZE));
  return {std::thread::hardware_concurrency(),         pages * page_bytes / 1024 / 1024,
          from_environment("STREAMER_VERSION"),        rd_kafka_version_str(),
          from_environment("KAFKA_VERSION"),           from_environment("STREAMER_CHAOS_DATE"),
          from_environment("STREAMER_CHAOS_REVISION"), from_environment("STREAMER_TEST_SEED"),
          from_environment("STREAMER_CHAOS_TOOK"),     from_environment("STREAMER_CHAOS_JOBS")};
}

chaos_results results_in(const std::filesystem::path& directory) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator{directory}) {
    if (entry.path().extension() == ".json") {
      files.push_back(entry.path());
    }
  }
  // The names end with the time: parts of a scenario in the order in which they ran.
  std::sort(files.begin(), files.end());
  chaos_results results;
  for (const auto& file : files) {
    results.push_back(nlohmann::json::parse(std::ifstream{file}));
  }
  return in_order(std::move(results));
}

} // namespace

int main(int argc, char** argv) {
  const std::string_view what = argc == 3 ? argv[1] : "";
  try {
    const auto results = argc == 3 ? results_in(argv[2]) : chaos_results{};
    if (what == "table") {
      std::cout << summary_table(results);
    } else if (what == "json") {
      std::cout << summary_json(results, here()).dump(2) << "\n";
    } else if (what == "page") {
      std::cout << summary_page(results, here());
    } else if (what == "failed") {
      for (const auto& one : results) {
        if (one.value("result", "") != "held") {
          std::cout << one.value("id", "") << "\n";
        }
      }
    } else {
      std::cerr << "usage: chaos_summary table|json|page|failed DIR\n";
      return 2;
    }
  } catch (const std::exception& e) {
    std::cerr << "chaos_summary: " << e.what() << "\n";
    return 1;
  }
}

#include "tests/support/common.hpp"

#include "tests/support/failures.hpp"

#include <stdlib.h>
#include <unistd.h>

#include <atomic>
#include <catch2/catch_test_macros.hpp>
#include <fstream>
#include <iostream>
#include <random>
#include <sstream>
#include <stdexcept>

namespace streamer::test {

std::optional<std::string> environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr || *value == '\0' ? std::nullopt : std::optional<std::string>{value};
}

bool running_in_ci() { return environment("CI") == "true"; }

void skip_or_fail(const std::string& why) {
  if (running_in_ci()) {
    FAIL(why << " (CI=true: a test that cannot run is a failure)");
  }
  SKIP(why);
  throw std::logic_error{"SKIP returned"};
}

std::uint64_t chosen_seed() {
  const auto given = environment("STREAMER_TEST_SEED");
  const std::uint64_t seed = given ? std::stoull(*given) : std::random_device{}();
  evidence("seed " + std::to_string(seed) + " (STREAMER_TEST_SEED repeats it)");
  return seed;
}

std::string unique_name(std::string_view prefix) {
  static std::atomic<unsigned> counter{0};
  return std::string{prefix} + "-" + std::to_string(wall_ms()) + "-" + std::to_string(getpid()) +
         "-" + std::to_string(counter.fetch_add(1));
}

void evidence(const std::string& line) { std::cout << "evidence: " + line + "\n" << std::flush; }

std::int64_t wall_ms() {
  return std::chrono::duration_cast<milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

temporary_directory::temporary_directory() {
  auto pattern = (std::filesystem::temp_directory_path() / "streamer-test-XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) {
    throw std::runtime_error{"no temporary directory at " + pattern};
  }
  path_ = pattern;
}

temporary_directory::~temporary_directory() {
  if (this_test_has_failed() || environment("STREAMER_TEST_KEEP")) {
    evidence("files of this test are kept in " + path_.string());
    return;
  }
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string read_file(const std::filesystem::path& path) {
  std::ifstream in{path, std::ios::binary};
  std::ostringstream content;
  content << in.rdbuf();
  return content.str();
}

void write_file(const std::filesystem::path& path, std::string_view content) {
  std::ofstream out{path, std::ios::binary | std::ios::trunc};
  out.write(content.data(), static_cast<std::streamsize>(content.size()));
  out.close();
  if (!out) {
    throw std::runtime_error{"cannot write " + path.string()};
  }
}

} // namespace streamer::test

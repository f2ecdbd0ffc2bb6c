// The runbook's night, walked as docs/runbook.md has it.
#include <catch2/catch_test_macros.hpp>

#include "tests/support/process.hpp"

using namespace streamer::test;

TEST_CASE("A poison key, a slow tenant and a dead broker are found and mended by the commands",
          "[alone]") {
  const auto kafka = environment("STREAMER_SCRIPTS_KAFKA");
  if (!kafka) {
    skip_or_fail("STREAMER_SCRIPTS_KAFKA is not set: run scripts/test");
  }
  const temporary_directory directory;
  process_options options;
  options.binary = std::filesystem::path{*kafka}.parent_path() / "walkthrough";
  options.arguments = {"--check", "--no-build"};
  options.output = directory / "walk";
  const auto ended = run(options, 280s);
  INFO(ended.out << ended.err);
  CHECK(ended.status.code == 0);
}

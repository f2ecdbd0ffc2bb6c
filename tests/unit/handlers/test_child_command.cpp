#include "runtime/handlers/subprocess/child_command.hpp"

#include <catch2/catch_test_macros.hpp>

#include <filesystem>

namespace streamer {
namespace {

TEST_CASE("What configures streamer, secrets with it, is kept from a child's environment") {
  const std::vector<std::string> own{"PATH=/bin", "KAFKA_KAFKA__SASL_PASSWORD=hush",
                                     "KAFKA_KAFKA__SASL_PASSWORD_FILE=/run/secret", "MY_KAFKA_X=1",
                                     "HOME=/"};
  CHECK(child_environment(own) == std::vector<std::string>{"PATH=/bin", "MY_KAFKA_X=1", "HOME=/"});
}

TEST_CASE("A program is found in PATH, the first folder that has it first") {
  const auto found = find_executable("sh", "/nonexistent:/bin:/usr/bin", "");
  REQUIRE(std::holds_alternative<std::string>(found));
  CHECK(std::get<std::string>(found) == "/bin/sh");
}

TEST_CASE("Without the program it is said what was looked for, and where") {
  const auto text_of = [](const auto& found) { return std::get<no_command>(found).text; };
  CHECK(text_of(find_executable("no-such-program", "/bin:/usr/bin", "")) ==
        "no folder of PATH has it");
  CHECK(text_of(find_executable("./no-such-program", "/bin", "/tmp")) ==
        "there is no file /tmp/./no-such-program");
  CHECK(text_of(find_executable("/etc/passwd", "/bin", "")) ==
        "/etc/passwd is not an executable file");
  CHECK(text_of(find_executable("/tmp", "/bin", "")) == "/tmp is not an executable file");
}

TEST_CASE("A name with a slash is taken as it is, whatever PATH says") {
  CHECK(std::get<std::string>(find_executable("/bin/sh", "", "")) == "/bin/sh");
  CHECK(std::get<std::string>(find_executable("bin/sh", "", "/")) == "bin/sh");
}

} // namespace
} // namespace streamer

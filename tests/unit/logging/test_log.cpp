#include <catch2/catch_test_macros.hpp>
#include <chrono>
#include <string>
#include <thread>
#include <type_traits>
#include <vector>

#include "runtime/logging/log.hpp"
#include "runtime/logging/rate_limit.hpp"
#include "tests/unit/logging/capture.hpp"

using namespace streamer;
using namespace std::chrono_literals;

namespace {

class opaque_secret {
 public:
  explicit opaque_secret(std::string text) : text_{std::move(text)} {}
  [[nodiscard]] const std::string& reveal() const { return text_; }

 private:
  std::string text_;
};

enum class colour : std::uint8_t { red };

} // namespace

TEST_CASE("A type that does not turn into text or a number by itself cannot be a field") {
  STATIC_CHECK_FALSE(std::is_constructible_v<log_value, opaque_secret>);
  STATIC_CHECK_FALSE(std::is_constructible_v<log_value, const opaque_secret*>);
  STATIC_CHECK_FALSE(std::is_constructible_v<log_value, void*>);
  STATIC_CHECK_FALSE(std::is_constructible_v<log_value, char>);
  STATIC_CHECK_FALSE(std::is_constructible_v<log_value, colour>);
  STATIC_CHECK(std::is_constructible_v<log_value, std::string>);
}

TEST_CASE("An entry below the threshold is not written and its level is not enabled") {
  test::captured_log log{{log_level::warn, false}};
  const auto handle = log.output.with("retry");
  CHECK_FALSE(handle.enabled(log_level::info));
  CHECK(handle.enabled(log_level::warn));
  CHECK_FALSE(handle.enabled(log_level::off));
  handle.info("too_low", "not shown");
  handle.error("shown", "shown");
  REQUIRE(log.lines->size() == 1);
  CHECK(log.lines->front().level == log_level::error);
  CHECK(log.lines->front().text.ends_with(" error retry shown shown"));
}

TEST_CASE("Changing the threshold reaches handles that exist already") {
  test::captured_log log{{log_level::warn, false}};
  const auto handle = log.output.with("dlq");
  log.output.set_level(log_level::trace);
  handle.trace("fine", "fine");
  log.output.set_level(log_level::off);
  handle.critical("never", "never");
  REQUIRE(log.lines->size() == 1);
  CHECK(log.lines->front().level == log_level::trace);
}

TEST_CASE("A handle outlives its logger, and one derived from it names its own component") {
  auto lines = std::make_shared<std::vector<std::string>>();
  log_handle handle;
  {
    const logger output{{},
                        [lines](log_level, std::string_view line) { lines->emplace_back(line); }};
    handle = output.with("main").with("partition_consumer");
  }
  handle.info("alive", "still here");
  REQUIRE(lines->size() == 1);
  CHECK(lines->front().ends_with(" info partition_consumer alive still here"));
}

TEST_CASE("A default constructed handle drops everything") {
  const log_handle nowhere;
  CHECK_FALSE(nowhere.enabled(log_level::critical));
  nowhere.critical("nothing", "nothing");
  nowhere.with("other").critical("nothing", "nothing");
}

TEST_CASE("A sink that throws does not reach the caller, and the next line is written") {
  int calls = 0;
  const logger output{{}, [&calls](log_level, std::string_view) {
                        if (++calls == 1) {
                          throw std::runtime_error{"disk full"};
                        }
                      }};
  const auto handle = output.with("test");
  handle.info("first", "first");
  handle.info("second", "second");
  CHECK(calls == 2);
}

TEST_CASE("Lines of several threads arrive whole and are all there") {
  test::captured_log log{{log_level::info, true}};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([handle = log.output.with("t" + std::to_string(t))] {
      for (int i = 0; i < 500; ++i) {
        handle.info("count", "counting", {{"i", i}});
      }
    });
  }
  for (auto& thread : threads) {
    thread.join();
  }
  REQUIRE(log.lines->size() == 2000);
  for (const auto& line : *log.lines) {
    REQUIRE(line.text.front() == '{');
    REQUIRE(line.text.back() == '}');
  }
}

TEST_CASE("Levels have names that parse back, and unknown names are refused") {
  for (const auto level : {log_level::trace, log_level::debug, log_level::info, log_level::warn,
                           log_level::error, log_level::critical, log_level::off}) {
    CHECK(parse_log_level(to_string(level)) == level);
  }
  CHECK(parse_log_level("warning") == log_level::warn);
  CHECK_FALSE(parse_log_level("INFO").has_value());
  CHECK_FALSE(parse_log_level("").has_value());
}

TEST_CASE("Lines of a C library arrive with the level that syslog's number means") {
  test::captured_log log{{log_level::trace, false}};
  const auto handle = log.output.with("kafka");
  for (int level = 0; level <= 8; ++level) {
    log_syslog(handle, level, "kafka_client_log", "FAIL", "broker\ndown");
  }
  const std::vector<log_level> expected{
      log_level::critical, log_level::critical, log_level::critical,
      log_level::error,    log_level::warn,     log_level::info,
      log_level::info,     log_level::debug,    log_level::trace};
  REQUIRE(log.lines->size() == expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    CHECK((*log.lines)[i].level == expected[i]);
  }
  CHECK(
      log.lines->front().text.ends_with(R"( kafka kafka_client_log "broker\ndown" facility=FAIL)"));
}

TEST_CASE("A rate limit lets one call through a period and counts the others") {
  every limit{10s};
  const every::clock::time_point start{100s};
  CHECK(limit.pass(start) == 0U);
  CHECK_FALSE(limit.pass(start).has_value());
  CHECK_FALSE(limit.pass(start + 9999ms).has_value());
  CHECK(limit.pass(start + 10s) == 2U);
  CHECK_FALSE(limit.pass(start + 19s).has_value());
  CHECK(limit.pass(start + 60s) == 1U);
}

TEST_CASE("A rate limit that was reset passes at once, and a clock that steps back does not pass") {
  every limit{10s};
  const every::clock::time_point start{100s};
  CHECK(limit.pass(start).has_value());
  CHECK_FALSE(limit.pass(start - 50s).has_value());
  limit.reset();
  CHECK(limit.pass(start + 1s) == 0U);
}

#include "runtime/system/control_order.hpp"

#include <catch2/catch_test_macros.hpp>

#include <string>
#include <variant>

namespace streamer {
namespace {

TEST_CASE("A pause names a partition or a tenant") {
  const auto partition = read_pause_order(R"({"topic": "events", "partition": 3})");
  REQUIRE(std::holds_alternative<pause_order>(partition));
  CHECK(std::get<pause_order>(partition).partition == topic_partition{"events", partition_id{3}});
  const auto tenant = read_pause_order(R"({"tenant": "acme"})");
  REQUIRE(std::holds_alternative<pause_order>(tenant));
  CHECK_FALSE(std::get<pause_order>(tenant).partition);
  CHECK(std::get<pause_order>(tenant).tenant == "acme");
}

TEST_CASE("What is no pause is refused with a line") {
  for (const auto* body : {"",
                           "{",
                           "[]",
                           "null",
                           "7",
                           R"("events")",
                           "{}",
                           R"({"topic": "events"})",
                           R"({"partition": 1})",
                           R"({"topic": "events", "partition": -1})",
                           R"({"topic": "events", "partition": 2147483648})",
                           R"({"topic": "events", "partition": 18446744073709551615})",
                           R"({"topic": "events", "partition": 1.5})",
                           R"({"topic": "events", "partition": "1"})",
                           R"({"topic": "", "partition": 1})",
                           R"({"topic": 1, "partition": 1})",
                           R"({"tenant": ""})",
                           R"({"tenant": 5})",
                           R"({"tenant": "a", "topic": "events"})",
                           R"({"topic": "events", "partition": 1, "force": true})"}) {
    CAPTURE(body);
    const auto read = read_pause_order(body);
    REQUIRE(std::holds_alternative<std::string>(read));
    CHECK_FALSE(std::get<std::string>(read).empty());
    CHECK(std::get<std::string>(read).find('\n') == std::string::npos);
  }
  // As deep as a body can be.
  CHECK(std::holds_alternative<std::string>(read_pause_order(std::string(4096, '['))));
}

TEST_CASE("A seek has one target") {
  const auto to = [](const std::string& rest) {
    const auto read = read_seek_order(R"({"topic": "events", "partition": 0)" + rest + "}");
    return std::holds_alternative<seek_order>(read) ? std::optional{std::get<seek_order>(read).to}
                                                    : std::nullopt;
  };
  using kind = seek_target::kind;
  CHECK(to(R"(, "to": "earliest")") == seek_target{kind::earliest, 0});
  CHECK(to(R"(, "to": "latest")") == seek_target{kind::latest, 0});
  CHECK(to(R"(, "offset": 0)") == seek_target{kind::offset, 0});
  CHECK(to(R"(, "offset": 9223372036854775807)") == seek_target{kind::offset, INT64_MAX});
  CHECK(to(R"(, "timestamp_ms": 1700000000000)") == seek_target{kind::timestamp, 1700000000000});
  for (const auto* rest :
       {"", R"(, "to": "middle")", R"(, "to": 5)", R"(, "offset": -1)", R"(, "offset": 1e3)",
        R"(, "offset": 9223372036854775808)", R"(, "offset": 1, "to": "latest")",
        R"(, "offset": 1, "timestamp_ms": 1)", R"(, "timestamp_ms": null)"}) {
    CAPTURE(rest);
    CHECK_FALSE(to(rest));
  }
  CHECK(std::holds_alternative<std::string>(read_seek_order(R"({"offset": 1})")));
}

TEST_CASE("A log level is one of the configuration's") {
  const auto level = read_log_level_order(R"({"level": "debug"})");
  REQUIRE(std::holds_alternative<log_level_order>(level));
  CHECK(std::get<log_level_order>(level).level == log_level::debug);
  for (const auto* body : {R"({"level": "off"})", R"({"level": "critical"})", R"({"level": "x"})",
                           R"({"level": 1})", "{}", R"({"level": "info", "for": 5})"}) {
    CAPTURE(body);
    CHECK(std::holds_alternative<std::string>(read_log_level_order(body)));
  }
}

} // namespace
} // namespace streamer

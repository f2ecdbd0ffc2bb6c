#include <catch2/catch_test_macros.hpp>

#include "config/show.hpp"
#include "tests/unit/config/config_fixture.hpp"

namespace streamer::test {
namespace {

const shown_row& row(const std::vector<shown_row>& rows, std::string_view key) {
  auto found = std::ranges::find(rows, key, &shown_row::key);
  INFO(key);
  REQUIRE(found != rows.end());
  return *found;
}

TEST_CASE("config show has every key with its value and where it came from") {
  scratch_folder folder;
  sources from;
  from.local_file = folder.write("local.toml", R"([consumer]
topics = ["a", "b"]
[[handlers]]
topic = "a"
kind = "mine"
api_key = "hunter2"
[handlers.retry]
max_attempts = 2
)");
  from.environment = {{"KAFKA_KAFKA__SASL_PASSWORD", "hunter2"},
                      {"KAFKA_KAFKA__PROPERTIES__SSL_KEYSTORE_PASSWORD", "hunter2"}};
  from.flags = {set_flag("kafka.properties.fetch.min.bytes=5"), set_flag("retry.jitter=0.5")};
  auto result = load(from);
  INFO(report(result));
  auto rows = config_rows(result.loaded.value());

  auto file = from.local_file.string();
  REQUIRE(row(rows, "consumer.topics").value == "[\"a\", \"b\"]");
  REQUIRE(row(rows, "consumer.topics").source == file + ":2:1");
  REQUIRE(row(rows, "consumer.group_id").source == "default");
  REQUIRE(row(rows, "kafka.sasl_password").value == "***");
  REQUIRE(row(rows, "kafka.sasl_password").source == "environment KAFKA_KAFKA__SASL_PASSWORD");
  REQUIRE(row(rows, "kafka.properties.ssl.keystore.password").value == "***");
  REQUIRE(row(rows, "kafka.properties.fetch.min.bytes").source == "flag --set");
  REQUIRE(row(rows, "kafka.ssl_key_password").value == "\"\"");
  REQUIRE(row(rows, "handlers[0].api_key").value == "***");
  REQUIRE(row(rows, "handlers[0].retry.max_attempts").source == file + ":8:1");
  REQUIRE(row(rows, "handlers[0].retry.jitter").source == "flag --set");
  for (const auto& shown : rows)
    REQUIRE(shown.value.find("hunter2") == std::string::npos);
}

TEST_CASE("config show is sorted by section") {
  auto rows = config_rows({settings{}, {}});
  REQUIRE(std::ranges::is_sorted(rows, {}, &shown_row::section));
  REQUIRE(rows.front().section == "admin");
  REQUIRE(row(rows, "handlers.unmatched").value == "\"dead_letter\"");
}

} // namespace
} // namespace streamer::test

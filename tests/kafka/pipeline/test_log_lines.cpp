// Records whose tenants try to write log lines of their own, in both forms of the log.
#include <signal.h>

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>
#include <regex>
#include <sstream>

#include "tests/support/broker_fixture.hpp"
#include "tests/support/scenario.hpp"

using namespace streamer::test;

namespace {

const std::vector<std::string> hostile_tenants{
    "a\r\n2026-01-01T00:00:00.000Z error forged \"a line of its own\"",
    "b\n{\"level\":\"error\",\"event\":\"forged\"}",
    "c\x1b[31mred\x1b[2J",
    "d\xff\xfe\xc0\x80",
    "e\", \"event\":\"forged",
    "f=1 event=forged",
    "g\xe2\x80\xae reversed",
    std::string{"h\0null", 6},
};

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in{text};
  for (std::string line; std::getline(in, line);) {
    lines.push_back(line);
  }
  return lines;
}

bool is_harmless(const std::string& line) {
  return std::ranges::none_of(line, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7f;
  });
}

process start_with_text_log(const scenario& s, const worker& like) {
  process_options options;
  options.binary = binary_path(worker_binary::product);
  options.arguments = {"--role",     "consumer",
                       "--config",   like.config_file().string(),
                       "--set",      "observability.metrics_addr=127.0.0.1:0",
                       "--set",      "admin.addr=127.0.0.1:0",
                       "--group-id", s.group + "-text"};
  options.directory = s.directory().path();
  options.output = s.directory() / "text";
  return process{std::move(options)};
}

std::size_t records_in(const std::string& log) {
  std::size_t count = 0;
  for (const auto& line : lines_of(log)) {
    count += line.find("a record was processed") != std::string::npos ? 1U : 0U;
  }
  return count;
}

} // namespace

TEST_CASE("what a record says of itself stays within one line of the log") {
  const scenario s{shared_broker()};
  worker_config config{s.bootstrap, s.group, s.source};
  config.text("observability.log_level", "trace");
  config.handler({{"kind", "\"log\""}, {"max_per_second", "0"}});
  worker json{s.directory(), "json", config};
  auto text = start_with_text_log(s, json);

  ledger_producer producer{s.bootstrap, s.source};
  for (const auto& tenant : hostile_tenants) {
    producer.send(
        producer.maker().make(tenant, tenant, 10, {{"ce_type", tenant}, {"traceparent", tenant}}));
  }
  producer.flush();
  const auto count = hostile_tenants.size();
  REQUIRE(wait_until([&] { return json.log().entries("record").size() >= count; }, 60s));
  REQUIRE(wait_until([&] { return records_in(text.stderr_text()) >= count; }, 60s));
  const auto page = http_get(json.metrics_port(), "/metrics").body;
  CHECK(json.stop().code == 0);
  text.signal(SIGTERM);
  REQUIRE(text.wait(30s));

  CHECK(json.log().entries("record").size() == count);
  CHECK(json.log().entries("forged").empty());
  for (const auto& line : lines_of(json.program().stderr_text())) {
    INFO(line);
    const auto entry = nlohmann::json::parse(line, nullptr, false);
    CHECK(entry.is_object());
    CHECK(is_harmless(line));
  }
  const std::regex begins{R"(^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d+Z \w+ [\w.]+ )"};
  CHECK(records_in(text.stderr_text()) == count);
  for (const auto& line : lines_of(text.stderr_text())) {
    INFO(line);
    CHECK(std::regex_search(line, begins));
    CHECK(is_harmless(line));
  }
  for (const auto& line : lines_of(page)) {
    INFO(line);
    CHECK(is_harmless(line));
    CHECK((line.starts_with("#") || line.starts_with("kafka_") || line.starts_with("streamer_")));
  }
}

#include "config/reload_plan.hpp"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>

#include "config/keys.hpp"

namespace streamer {
namespace {

using lines = std::vector<std::string>;

TEST_CASE("the same configuration changes nothing") {
  const auto plan = plan_reload({}, {});
  CHECK(plan.result == settings{});
  CHECK(plan.changed.empty());
  CHECK(plan.needs_restart.empty());
}

TEST_CASE("what may change while a worker runs is taken over, and told with both values") {
  settings now;
  now.tenants.limits = {{"gone", {2.0, 0, 0.0}}, {"same", {1.0, 5, 0.0}}};
  auto wanted = now;
  wanted.observability.log_level = log_level_kind::debug;
  wanted.consumer.batch_size = 50;
  wanted.retry.max_attempts = 3;
  wanted.tenants.limits.erase("gone");
  wanted.tenants.limits["same"].rate = 10.0;
  wanted.tenants.limits["new"] = {1.0, 7, 0.0};
  wanted.handlers.front().retry.max_attempts = 4;
  wanted.handlers.front().retry_on = {"io*"};
  const auto plan = plan_reload(now, wanted);
  CHECK(plan.result == wanted);
  CHECK(plan.needs_restart.empty());
  const auto told = [&](const std::string& line) {
    CAPTURE(plan.changed);
    return std::ranges::find(plan.changed, line) != plan.changed.end();
  };
  CHECK(told("observability.log_level = \"debug\" (was \"info\")"));
  CHECK(told("consumer.batch_size = 50 (was 100)"));
  CHECK(told("retry.max_attempts = 3 (was 10)"));
  CHECK(told("handlers[0].retry.max_attempts = 4 (was 10)"));
  CHECK(told("handlers[0].retry_on = [\"io*\"] (was [])"));
  CHECK(told("tenants.limits.new.max_in_flight = 7"));
  CHECK(std::ranges::any_of(plan.changed, [](const std::string& line) {
    return line.starts_with("tenants.limits.gone.weight is gone");
  }));
}

TEST_CASE("every other key waits for a restart, by its name") {
  settings wanted;
  wanted.kafka.bootstrap_servers = "other:9092";
  wanted.consumer.group_id = "another";
  wanted.consumer.max_in_flight = 5;
  wanted.tenants.share = 0.1;
  wanted.admin.token_file = "token";
  wanted.kafka.properties = {{"fetch.min.bytes", "5"}};
  wanted.retry.jitter = 0.1;
  const auto plan = plan_reload({}, wanted);
  CHECK(plan.needs_restart == lines{"kafka.bootstrap_servers", "kafka.properties.fetch.min.bytes",
                                    "consumer.group_id", "consumer.max_in_flight", "tenants.share",
                                    "admin.token_file"});
  CHECK(plan.changed == lines{"retry.jitter = 0.1 (was 0.2)"});
  settings expected;
  expected.retry.jitter = 0.1;
  CHECK(plan.result == expected);
}

TEST_CASE("a secret is named and not shown; one that comes from a file is not the reload's") {
  settings now;
  now.kafka.secret_files = {{"kafka.ssl_key_password", "file"}};
  auto wanted = now;
  wanted.kafka.sasl_password = secret{"new"};
  wanted.kafka.ssl_key_password = secret{"rotated"};
  const auto plan = plan_reload(now, wanted);
  CHECK(std::ranges::count(plan.needs_restart, "kafka.sasl_password") == 1);
  CHECK(plan.changed.empty());
  CHECK(plan.result.kafka.sasl_password == secret{});
  now.kafka.sasl_password = secret{"old"};
  const auto replaced = plan_reload(now, wanted).needs_restart;
  CHECK(std::ranges::count(replaced, "kafka.sasl_password") == 1);
}

TEST_CASE("handlers that differ in anything else keep their retries, too") {
  settings now;
  auto wanted = now;
  wanted.handlers.front().retry.max_attempts = 4;
  wanted.handlers.front().kind = "discard";
  auto plan = plan_reload(now, wanted);
  CHECK(plan.result.handlers == now.handlers);
  CHECK(plan.changed.empty());
  CHECK(std::ranges::find(plan.needs_restart, "handlers[0].kind") != plan.needs_restart.end());
  CHECK(std::ranges::find(plan.needs_restart, "handlers[0].retry.max_attempts") !=
        plan.needs_restart.end());
  wanted = now;
  wanted.handlers.push_back(wanted.handlers.front());
  plan = plan_reload(now, wanted);
  CHECK(plan.result.handlers.size() == now.handlers.size());
  CHECK_FALSE(plan.needs_restart.empty());
}

TEST_CASE("what the documentation marks as live is what the plan takes over") {
  for (const auto& entry : config_impl::setting_keys()) {
    CAPTURE(entry.name);
    const bool live = entry.name == "observability.log_level" ||
                      entry.name == "consumer.batch_size" || entry.name.starts_with("retry.");
    CHECK(changes_live(entry.name) == live);
  }
}

} // namespace
} // namespace streamer

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <chrono>
#include <string>
#include <vector>

#include "runtime/telemetry/telemetry.hpp"
#include "tests/unit/telemetry/exposition_text.hpp"

using namespace streamer;
using namespace std::chrono_literals;
using test::exposition_text;

namespace {

constexpr scrape_time noon{std::chrono::steady_clock::time_point{100h},
                           std::chrono::system_clock::time_point{500'000h}};

partition_account account_of(std::string topic, std::int32_t partition) {
  return {std::move(topic), partition, {}, {}};
}

} // namespace

TEST_CASE("Every metric of the catalogue stands in a scrape with its type and help") {
  telemetry metrics;
  const auto scrape = metrics.serialize();
  const exposition_text text{scrape};
  CHECK(text.types().size() == metric_count);
  for (const auto& info : metric_catalogue()) {
    INFO(info.name);
    CHECK(text.types().at(std::string{info.name}) == to_string(info.type));
    CHECK(scrape.find("# HELP " + std::string{info.name} + " " + std::string{info.help} + "\n") !=
          std::string::npos);
  }
}

TEST_CASE("A series whose label values are known stands at 0 before anything happens") {
  telemetry metrics;
  const exposition_text text{metrics.serialize()};
  CHECK(text.at("streamer_rebalances_total", {{"kind", "lost"}}) == 0);
  CHECK(text.at("streamer_dead_letters_total", {{"reason", "crash"}}) == 0);
  CHECK(text.at("streamer_kafka_authentication_failures_total") == 0);
  CHECK(text.count("streamer_actor_restarts_total") == 10);
  CHECK(text.count("streamer_kafka_errors_total") == 0);
}

TEST_CASE("Counters and gauges show what their handles did") {
  telemetry metrics;
  metrics.counter(metric::rebalances, {{"kind", "assign"}}).add(2);
  metrics.counter(metric::messages_consumed, {{"topic", "events"}}).add(1'234'567'890);
  const auto bytes = metrics.gauge(metric::in_flight_bytes);
  bytes.set(1024);
  bytes.add(-24);
  const exposition_text text{metrics.serialize()};
  CHECK(text.at("streamer_rebalances_total", {{"kind", "assign"}}) == 2);
  CHECK(text.at("kafka_consumer_messages_consumed_total", {{"topic", "events"}}) == 1'234'567'890);
  CHECK(text.at("streamer_in_flight_bytes") == 1000);
}

TEST_CASE("A partition's account stands in the scrape, and its outcomes and pending add up") {
  telemetry metrics;
  auto account = account_of("events", 7);
  account.records = {.received = 21,
                     .processed = 1,
                     .skipped = 2,
                     .dead_lettered = 3,
                     .fenced = 4,
                     .already_done = 5,
                     .pending = 6};
  partition_state state;
  state.lag = {.unfetched = 1,
               .fetched = 2,
               .queued = 3,
               .in_flight = 4,
               .waiting_retry = 5,
               .waiting_dlq = 6,
               .held = 7,
               .done_uncommitted = 8};
  state.oldest_unfinished = noon.wall - 90s;
  state.uncommitted_since = noon.steady - 250ms;
  account.state = state;
  metrics.set_account_source([account] { return std::vector{account}; });
  const exposition_text text{metrics.serialize(noon)};

  const test::sample_labels events7{{"topic", "events"}, {"partition", "7"}};
  const auto with = [&events7](const std::string& name, const std::string& value) {
    auto labels = events7;
    labels.emplace(name, value);
    return labels;
  };
  CHECK(text.at("streamer_records_received_total", events7) == 21);
  CHECK(text.at("streamer_records_pending", events7) == 6);
  double finished = 0;
  double expected = 1;
  for (const auto* outcome : {"processed", "skipped", "dead_lettered", "fenced", "already_done"}) {
    CHECK(text.at("streamer_records_total", with("outcome", outcome)) == expected);
    finished += expected++;
  }
  CHECK(finished + 6 == 21);
  expected = 1;
  for (const auto* lag : {"unfetched", "fetched", "queued", "in_flight", "waiting_retry",
                          "waiting_dlq", "held", "done_uncommitted"}) {
    CHECK(text.at("streamer_lag_records", with("state", lag)) == expected++);
  }
  CHECK(text.at("streamer_lag_seconds", events7) == Catch::Approx(90.0));
  CHECK(text.at("streamer_commit_age_seconds", events7) == Catch::Approx(0.25));
}

TEST_CASE("A partition that left keeps its counts and shows neither lag nor commit age") {
  telemetry metrics;
  auto account = account_of("events", 0);
  account.records.received = account.records.processed = 5;
  metrics.set_account_source([account] { return std::vector{account}; });
  const exposition_text text{metrics.serialize(noon)};
  CHECK(text.at("streamer_records_received_total", {{"topic", "events"}, {"partition", "0"}}) == 5);
  CHECK(text.count("streamer_lag_records") == 0);
  CHECK(text.count("streamer_lag_seconds") == 0);
  CHECK(text.count("streamer_commit_age_seconds") == 0);
}

TEST_CASE("An age is 0 with nothing to wait for and with a timestamp in the future") {
  telemetry metrics;
  auto idle = account_of("events", 0);
  idle.state = partition_state{};
  auto future = account_of("events", 1);
  future.state = partition_state{};
  future.state->oldest_unfinished = noon.wall + 1h;
  metrics.set_account_source([=] { return std::vector{idle, future}; });
  const exposition_text text{metrics.serialize(noon)};
  CHECK(text.at("streamer_lag_seconds", {{"topic", "events"}, {"partition", "0"}}) == 0);
  CHECK(text.at("streamer_lag_seconds", {{"topic", "events"}, {"partition", "1"}}) == 0);
  CHECK(text.at("streamer_commit_age_seconds", {{"topic", "events"}, {"partition", "0"}}) == 0);
}

TEST_CASE("The account source may ask for a handle, and may be taken away") {
  telemetry metrics;
  metrics.set_account_source([&metrics] {
    metrics.counter(metric::kafka_errors, {{"error", "_TRANSPORT"}}).add();
    return std::vector{account_of("events", 0)};
  });
  CHECK(exposition_text{metrics.serialize()}.count("streamer_records_pending") == 1);
  metrics.set_account_source({});
  const exposition_text text{metrics.serialize()};
  CHECK(text.count("streamer_records_pending") == 0);
  CHECK(text.at("streamer_kafka_errors_total", {{"error", "_TRANSPORT"}}) == 1);
}

TEST_CASE(
    "Tenant ids with quotes, backslashes, line ends and broken UTF-8 give a scrape that reads "
    "back") {
  telemetry metrics;
  const std::string nasty{"a\"b\\c\nd}e{f=,# HELP x"};
  metrics.count_tenant(nasty, {.received = 1, .processed = 2, .retried = 3, .dead_lettered = 4});
  metrics.count_tenant("\xff\xfe", {.received = 5});
  metrics.count_tenant("\xc3\x28", {.received = 6});
  metrics.count_tenant("", {.received = 7});
  const exposition_text text{metrics.serialize()};
  CHECK(text.at("streamer_tenant_records_received_total", {{"tenant", nasty}}) == 1);
  CHECK(text.at("streamer_tenant_records_processed_total", {{"tenant", nasty}}) == 2);
  CHECK(text.at("streamer_tenant_records_retried_total", {{"tenant", nasty}}) == 3);
  CHECK(text.at("streamer_tenant_records_dead_lettered_total", {{"tenant", nasty}}) == 4);
  CHECK(text.at("streamer_tenant_records_received_total",
                {{"tenant", "\xef\xbf\xbd\xef\xbf\xbd"}}) == 5);
  CHECK(text.at("streamer_tenant_records_received_total", {{"tenant", "\xef\xbf\xbd("}}) == 6);
  CHECK(text.at("streamer_tenant_records_received_total", {{"tenant", ""}}) == 7);
}

TEST_CASE("A hundred thousand tenants with hostile ids keep a scrape below a megabyte") {
  telemetry metrics{{{"gold"}, 100, 10min}};
  for (int i = 0; i < 100'000; ++i) {
    metrics.count_tenant("tenant\"\\\n" + std::to_string(i) + std::string(500, '\\'),
                         {.received = 1});
  }
  const auto scrape = metrics.serialize();
  CHECK(scrape.size() < 1'000'000);
  const exposition_text text{scrape};
  CHECK(text.count("streamer_tenant_records_received_total") == 101);
  CHECK(text.at("streamer_tenant_records_received_total", {{"tenant", "other"}}) == 99'901);
  CHECK(text.at("streamer_tenant_records_received_total", {{"tenant", "gold"}}) == 0);
}

TEST_CASE("Label values without end share one series after a limit") {
  telemetry metrics;
  for (std::size_t i = 0; i < max_series_per_metric + 50; ++i) {
    metrics.counter(metric::kafka_errors, {{"error", "e" + std::to_string(i)}}).add();
  }
  const exposition_text text{metrics.serialize()};
  CHECK(text.count("streamer_kafka_errors_total") == max_series_per_metric + 1);
  CHECK(text.at("streamer_kafka_errors_total", {{"error", "other"}}) == 50);
}

TEST_CASE("Label values from outside are cleaned wherever they come from") {
  telemetry metrics;
  metrics.counter(metric::kafka_errors, {{"error", "a\r\xff"}}).add();
  const exposition_text text{metrics.serialize()};
  CHECK(text.at("streamer_kafka_errors_total", {{"error", "a\xef\xbf\xbd\xef\xbf\xbd"}}) == 1);
}

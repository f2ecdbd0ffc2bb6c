// Traces: what a collector is told of a record's way, and what travels on with its outputs.
#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <map>
#include <string>
#include <vector>

#include "tests/support/broker_fixture.hpp"
#include "tests/support/scenario.hpp"
#include "tests/support/scripted_handlers.hpp"
#include "tests/support/trace_collector.hpp"

using namespace streamer::test;

namespace {

constexpr std::uint64_t producer_kind = 4;
constexpr std::uint64_t consumer_kind = 5;
constexpr std::uint64_t error_status = 2;

/// A context of somebody who sends: its trace tells the records of a test apart.
struct sender {
  std::string trace;
  std::string span = "b7ad6b7169203331";
  explicit sender(int number) : trace{"0af7651916cd43dd8448eb211c8031" + std::to_string(number)} {}
  [[nodiscard]] std::string context(const std::string& flags = "01") const {
    return "00-" + trace + "-" + span + "-" + flags;
  }
};

std::vector<header> traced(const std::string& context, const std::string& script = {}) {
  std::vector<header> headers{{"traceparent", context}, {"tracestate", "vendor=value"}};
  if (!script.empty()) {
    headers.push_back({script_header, script});
  }
  return headers;
}

std::vector<received_span> of_trace(const std::vector<received_span>& spans,
                                    const std::string& trace, std::uint64_t kind) {
  std::vector<received_span> found;
  std::ranges::copy_if(spans, std::back_inserter(found),
                       [&](const received_span& s) { return s.trace == trace && s.kind == kind; });
  std::ranges::sort(found, {}, [](const received_span& s) { return s["streamer.attempt"]; });
  return found;
}

/// The record with this key; fails the test if there is not exactly one.
stored_record only(const std::vector<stored_record>& records, const std::string& key) {
  REQUIRE(std::ranges::count(records, key, &stored_record::key) == 1);
  return *std::ranges::find(records, key, &stored_record::key);
}

std::vector<std::string> values_of(const stored_record& record, const std::string& name) {
  std::vector<std::string> values;
  for (const auto& h : record.headers) {
    if (h.name == name) {
      values.push_back(h.value.value_or("null"));
    }
  }
  return values;
}

worker_config traced_to(worker_config config, const trace_collector& collector,
                        const std::string& ratio) {
  config.text("observability.otlp_endpoint", collector.url());
  config.value("observability.trace_sample_ratio", ratio);
  config.value("retry.max_attempts", "3");
  config.value("retry.initial_backoff_ms", "20");
  return config;
}

} // namespace

TEST_CASE("A record's trace goes on through its attempts, its output and its dead letter") {
  const auto* kind = GENERATE("scripted_quick", "scripted_blocking", "scripted_async");
  CAPTURE(kind);
  const scenario s{shared_broker(), {.partitions = 1, .dlq_partitions = 1}};
  const trace_collector collector;
  worker w{s.directory(), "worker", traced_to(s.scripted(kind), collector, "0.0"),
           worker_binary::scripted};
  w.wait_until_ready();
  const sender fine{11};
  const sender retried{22};
  const sender rejected{33};
  const sender spent{44};
  const sender unsampled{55};
  ledger_producer producer{s.bootstrap, s.source};
  auto& maker = producer.maker();
  producer.send(maker.make("acme", "fine", 100, traced(fine.context())));
  producer.send(maker.make("acme", "retried", 100, traced(retried.context(), "retry:2")));
  producer.send(maker.make("acme", "rejected", 100, traced(rejected.context(), "reject")));
  producer.send(maker.make("acme", "spent", 100, traced(spent.context(), "throw")));
  producer.send(maker.make("acme", "unsampled", 100, traced(unsampled.context("00"))));
  producer.send(maker.make("acme", "plain", 100));
  producer.flush();
  s.wait_until_drained();
  REQUIRE(wait_until(
      [&] {
        return metric_sum(w.metrics(), "streamer_trace_spans_total", {{"result", "exported"}}) ==
               12;
      },
      20s));
  CHECK(metric_sum(w.metrics(), "streamer_trace_spans_total", {{"result", "failed"}}) == 0);
  CHECK(w.stop().code == 0);
  const auto sent = producer.sent();
  const auto result = s.require_invariants(sent);
  CHECK(result.dead_lettered == 2);
  const auto spans = collector.spans();
  const auto output = read_topic(s.bootstrap, s.output);
  const auto dead = read_topic(s.bootstrap, s.dlq);
  CHECK(spans.size() == 12); // 1 + 3 + 1 + 3 attempts, 2 outputs, 2 dead letters

  const auto of_fine = of_trace(spans, fine.trace, consumer_kind);
  REQUIRE(of_fine.size() == 1);
  const auto& attempt = of_fine.front();
  CHECK(attempt.parent == fine.span);
  CHECK(attempt.state == "vendor=value");
  CHECK(attempt.name == "process " + s.source);
  CHECK(attempt.status == 0);
  CHECK(attempt.began_ns <= attempt.ended_ns);
  CHECK(attempt.began_ns / 1'000'000 >= static_cast<std::uint64_t>(sent[0].sent_ms - 1000));
  CHECK(attempt["messaging.system"] == "kafka");
  CHECK(attempt["messaging.operation.type"] == "process");
  CHECK(attempt["messaging.destination.name"] == s.source);
  CHECK(attempt["messaging.destination.partition.id"] == "0");
  CHECK(attempt["messaging.kafka.offset"] == std::to_string(sent[0].offset));
  CHECK(attempt["messaging.consumer.group.name"] == s.group);
  CHECK(attempt["streamer.tenant"] == "acme");
  CHECK(attempt["streamer.handler"] == kind);
  CHECK(attempt["streamer.attempt"] == "1");
  CHECK(attempt["streamer.outcome"] == "processed");
  CHECK(attempt.resource.at("service.name") == "streamer");

  const auto sends = of_trace(spans, fine.trace, producer_kind);
  REQUIRE(sends.size() == 1);
  const auto forwarded = only(output, "fine");
  CHECK(sends[0].parent == attempt.id);
  CHECK(sends[0].name == "send " + s.output);
  CHECK(sends[0]["messaging.destination.name"] == s.output);
  CHECK(sends[0]["messaging.kafka.offset"] == std::to_string(forwarded.offset));
  CHECK(values_of(forwarded, "traceparent") == std::vector{sends[0].traceparent()});
  CHECK(values_of(forwarded, "tracestate") == std::vector<std::string>{"vendor=value"});

  const auto of_retried = of_trace(spans, retried.trace, consumer_kind);
  REQUIRE(of_retried.size() == 3);
  for (std::size_t i = 0; i < of_retried.size(); ++i) {
    const bool last = i == 2;
    CHECK(of_retried[i].parent == retried.span);
    CHECK(of_retried[i]["streamer.attempt"] == std::to_string(i + 1));
    CHECK(of_retried[i]["streamer.outcome"] == (last ? "processed" : "retry"));
    CHECK(of_retried[i].status == (last ? 0 : error_status));
    CHECK(of_retried[i]["error.type"] == (last ? "" : "handler"));
  }
  CHECK(values_of(only(output, "retried"), "traceparent") ==
        std::vector{of_trace(spans, retried.trace, producer_kind).at(0).traceparent()});

  for (const auto& [of, key, reason, error, attempts] :
       {std::tuple{rejected, "rejected", "handler_rejected", "handler", 1U},
        std::tuple{spent, "spent", "retries_exhausted",
                   std::string_view{kind} == "scripted_async" ? "handler" : "exception", 3U}}) {
    CAPTURE(key);
    const auto tries = of_trace(spans, of.trace, consumer_kind);
    REQUIRE(tries.size() == attempts);
    CHECK(tries.back().status == error_status);
    CHECK(tries.back().status_text == error);
    const auto letters = of_trace(spans, of.trace, producer_kind);
    REQUIRE(letters.size() == 1);
    CHECK(letters[0].parent == tries.back().id);
    CHECK(letters[0].name == "send " + s.dlq);
    CHECK(letters[0]["streamer.dlq.reason"] == reason);
    CHECK(values_of(only(dead, key), "traceparent") == std::vector{letters[0].traceparent()});
    CHECK(values_of(only(dead, key), "tracestate") == std::vector<std::string>{"vendor=value"});
  }

  CHECK(values_of(only(output, "unsampled"), "traceparent") ==
        std::vector{unsampled.context("00")});
  CHECK(values_of(only(output, "plain"), "traceparent").empty());
  for (const auto& span : spans) {
    for (const auto& [name, value] : span.attributes) {
      for (const auto* key : {"fine", "retried", "rejected", "spent"}) {
        CHECK((value != key || name == "streamer.outcome"));
      }
      CHECK(value.find("scripted exception") == std::string::npos);
    }
  }
}

TEST_CASE("A trace that begins here has all attempts of its record, also those after a restart") {
  const scenario s{shared_broker(), {.partitions = 1, .dlq_partitions = 1}};
  const trace_collector collector;
  auto config = traced_to(s.scripted("scripted_blocking"), collector, "1.0");
  config.value("retry.max_attempts", "1000");
  config.value("retry.max_elapsed_ms", "600000");
  config.value("retry.initial_backoff_ms", "100");
  config.value("retry.max_backoff_ms", "100");
  ledger_producer producer{s.bootstrap, s.source};
  producer.send(producer.maker().make("acme", "late", 100, {{script_header, "until:open"}}));
  producer.flush();
  {
    worker first{s.directory(), "first", config, worker_binary::scripted};
    REQUIRE(wait_until([&] { return collector.spans().size() >= 3; }, 30s));
    CHECK(first.stop().code == 0);
  }
  const auto before = collector.spans();
  worker second{s.directory(), "second", config, worker_binary::scripted};
  REQUIRE(wait_until([&] { return collector.spans().size() >= before.size() + 2; }, 30s));
  s.open_gate("open");
  s.wait_until_drained();
  CHECK(second.stop().code == 0);
  const auto spans = collector.spans();
  const auto sends = of_trace(spans, before.front().trace, producer_kind);
  REQUIRE(sends.size() == 1);
  const auto attempts = of_trace(spans, before.front().trace, consumer_kind);
  CHECK(attempts.size() + sends.size() == spans.size()); // one trace
  const auto first = *std::ranges::find(
      attempts, std::string{"1"}, [](const received_span& a) { return a["streamer.attempt"]; });
  CHECK(first.parent.empty());
  CHECK(std::ranges::count(attempts, first.id, &received_span::parent) >= 2);
  CHECK(values_of(only(read_topic(s.bootstrap, s.output), "late"), "traceparent") ==
        std::vector{sends[0].traceparent()});
}

TEST_CASE("Without a collector the context travels as it came") {
  const scenario s{shared_broker(), {.partitions = 1, .dlq_partitions = 1}};
  auto config = s.scripted("scripted_quick");
  config.value("observability.trace_sample_ratio", "1.0");
  worker w{s.directory(), "worker", config, worker_binary::scripted};
  const sender who{66};
  ledger_producer producer{s.bootstrap, s.source};
  producer.send(producer.maker().make("acme", "on", 10, traced(who.context())));
  producer.send(producer.maker().make("acme", "off", 10, traced(who.context(), "reject")));
  producer.send(producer.maker().make("acme", "bare", 10));
  producer.flush();
  s.wait_until_drained();
  CHECK(w.stop().code == 0);
  const auto output = read_topic(s.bootstrap, s.output);
  CHECK(values_of(only(output, "on"), "traceparent") == std::vector{who.context()});
  CHECK(values_of(only(output, "bare"), "traceparent").empty());
  CHECK(values_of(only(read_topic(s.bootstrap, s.dlq), "off"), "traceparent") ==
        std::vector{who.context()});
}

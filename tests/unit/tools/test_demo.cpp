#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <string>
#include <variant>
#include <vector>

#include "actors/dlq/dead_letter_record.hpp"
#include "messages/cloud_event.hpp"
#include "tools/demo/demo_event.hpp"
#include "tools/demo/demo_ledger.hpp"
#include "tools/demo/demo_orders.hpp"
#include "tools/demo/demo_summary.hpp"
#include "tools/text/table.hpp"

namespace streamer::tools {
namespace {

const std::string output_topic = "events.processed";

std::vector<outbound_event> story(std::size_t count, std::uint64_t seed = 7) {
  demo_story told{producer_settings{}, seed};
  std::vector<outbound_event> events;
  for (std::size_t i = 0; i < count; ++i)
    events.push_back(told.next());
  return events;
}

record_ref stored(const outbound_event& event, std::vector<owned_header> more = {}) {
  auto headers = event.headers;
  headers.insert(headers.end(), more.begin(), more.end());
  record fields;
  fields.key = bytes_ref{std::string_view{*event.key}};
  fields.value = bytes_ref{std::string_view{*event.value}};
  return {std::make_shared<const detached_records>(event.topic, partition_id{0}, fields, headers),
          0};
}

std::string header_of(const outbound_event& event, std::string_view name) {
  for (const auto& header : event.headers)
    if (header.name == name) return header.value;
  return {};
}

demo_fate fate_of(const outbound_event& event) {
  return parse_demo_fate(header_of(event, demo_header::fate)).value();
}

std::vector<owned_header> attempt(int number) {
  return {{demo_header::attempt, std::to_string(number)}};
}

std::vector<owned_header> reason(std::string_view text) {
  return {{std::string{dlq_header::reason}, std::string{text}}};
}

/// What a faultless run leaves in the topics.
void fill(demo_ledger& ledger, const std::vector<outbound_event>& events) {
  for (const auto& event : events)
    ledger.input(stored(event));
  for (const auto& event : events) {
    const auto fate = fate_of(event);
    if (const auto why = expected_reason(fate)) {
      ledger.dead_letter(stored(event, reason(to_string(*why))));
    } else {
      ledger.output(stored(event, attempt(fate == demo_fate::healed ? demo_healing_attempt : 1)));
    }
  }
}

} // namespace

TEST_CASE("the demo's story has every fate, and one tenant whose events mostly fail") {
  std::map<demo_fate, int> fates;
  std::map<std::string, int> all;
  std::map<std::string, int> failing;
  for (const auto& event : story(4000)) {
    const auto fate = fate_of(event);
    const auto tenant = header_of(event, "ce_tenantid");
    ++fates[fate];
    ++all[tenant];
    if (expected_reason(fate)) ++failing[tenant];
  }
  CHECK(fates.size() == 6);
  CHECK(all.size() == 4);
  CHECK(failing["delta"] * 2 > all["delta"]);
  for (const auto* tenant : {"alpha", "bravo", "charlie"})
    CHECK(failing[tenant] * 10 < all[tenant]);
}

TEST_CASE("the steps of each key count from 0") {
  std::map<std::pair<std::string, std::string>, std::uint64_t> next;
  for (const auto& event : story(500)) {
    auto& step = next[{header_of(event, "ce_tenantid"), *event.key}];
    CHECK(header_of(event, demo_header::step) == std::to_string(step++));
  }
}

TEST_CASE("the envelope of an undecodable event cannot be read, all others can") {
  for (const auto& event : story(500)) {
    const bool broken = read_facts(stored(event)).encoding == event_encoding::undecodable;
    CHECK(broken == (fate_of(event) == demo_fate::undecodable));
  }
}

TEST_CASE("the demo's handler does with the payload what the fate expects") {
  const auto handler = demo_orders(output_topic);
  for (const auto& event : story(500)) {
    const auto record = stored(event);
    const auto outcome_of = [&](std::uint32_t number, emitter& out) {
      return handler(record_view{record, "alpha", number}, out).kind;
    };
    emitter first;
    emitter third;
    switch (fate_of(event)) {
      case demo_fate::processed:
        CHECK(outcome_of(1, first) == outcome_kind::success);
        REQUIRE(first.events().size() == 1);
        CHECK(first.events()[0].topic == output_topic);
        CHECK(first.events()[0].value_bytes().view() == *event.value);
        break;
      case demo_fate::healed:
        CHECK(outcome_of(1, first) == outcome_kind::retry);
        CHECK(outcome_of(demo_healing_attempt, third) == outcome_kind::success);
        CHECK(first.events().empty());
        CHECK(third.events().size() == 1);
        break;
      case demo_fate::rejected: CHECK(outcome_of(1, first) == outcome_kind::reject); break;
      case demo_fate::exhausted:
        CHECK(outcome_of(1, first) == outcome_kind::retry);
        CHECK(outcome_of(demo_healing_attempt + 1, third) == outcome_kind::retry);
        break;
      case demo_fate::unmatched:
      case demo_fate::undecodable: break; // never reach a handler
    }
  }
  emitter none;
  auto odd = story(1)[0];
  odd.value = "[1]";
  const auto record = stored(odd);
  CHECK(handler(record_view{record, "alpha", 1}, none).kind == outcome_kind::reject);
}

TEST_CASE("a faultless run is right, and its counts add up") {
  const auto events = story(1250);
  demo_ledger ledger;
  fill(ledger, events);
  const auto verdict = ledger.judge(events.size());
  CHECK(verdict.clean());
  CHECK(verdict.keys == 4 * demo_keys_per_tenant);
  const auto total = verdict.total();
  CHECK(total.input == events.size());
  CHECK(total.input == total.output + total.dead);
  CHECK(total.healed > 0);
  CHECK(verdict.reasons.size() == 4);
  CHECK(demo_verdict_line(verdict) == "right: lost 0, duplicated 0, out of order 0 over 100 keys");
}

TEST_CASE("every kind of fault is found and named") {
  auto events = story(400);
  const auto is = [](demo_fate fate) {
    return [fate](const outbound_event& event) { return fate_of(event) == fate; };
  };
  const auto good = *std::ranges::find_if(events, is(demo_fate::processed));
  const auto bad = *std::ranges::find_if(events, is(demo_fate::rejected));
  demo_ledger ledger;

  SECTION("lost") {
    for (const auto& event : events)
      ledger.input(stored(event));
    CHECK(ledger.judge(events.size()).lost == events.size());
  }
  SECTION("never written") {
    fill(ledger, events);
    CHECK(ledger.judge(events.size() + 2).unwritten == 2);
    CHECK_FALSE(ledger.judge(events.size() + 2).clean());
    return;
  }
  SECTION("duplicated") {
    fill(ledger, events);
    ledger.output(stored(good, attempt(1)));
    const auto verdict = ledger.judge(events.size());
    CHECK(verdict.duplicated == 1);
    CHECK(verdict.out_of_order == 0);
  }
  SECTION("duplicated in the input") {
    fill(ledger, events);
    ledger.input(stored(good));
    CHECK(ledger.judge(events.size()).duplicated == 1);
  }
  SECTION("in the output and in the DLQ") {
    fill(ledger, events);
    ledger.dead_letter(stored(good, reason("handler_rejected")));
    const auto verdict = ledger.judge(events.size());
    CHECK(verdict.duplicated == 1);
    CHECK(verdict.misplaced == 1);
  }
  SECTION("in the output though it was rejected") {
    ledger.input(stored(bad));
    ledger.output(stored(bad, attempt(1)));
    CHECK(ledger.judge(1).misplaced == 1);
  }
  SECTION("in the DLQ for another reason") {
    ledger.input(stored(bad));
    ledger.dead_letter(stored(bad, reason("timeout")));
    CHECK(ledger.judge(1).misplaced == 1);
  }
  SECTION("altered") {
    ledger.input(stored(good));
    auto other = good;
    *other.value += " ";
    ledger.output(stored(other, attempt(1)));
    CHECK(ledger.judge(1).altered == 1);
  }
  SECTION("never sent") {
    ledger.output(stored(good, attempt(1)));
    CHECK(ledger.judge(0).invented == 1);
  }
  SECTION("out of order") {
    // Two sound events of one key.
    std::map<std::pair<std::string, std::string>, outbound_event> earlier;
    for (const auto& event : events) {
      if (fate_of(event) != demo_fate::processed) continue;
      const auto [before, fresh] =
          earlier.try_emplace({header_of(event, "ce_tenantid"), *event.key}, event);
      if (fresh) continue;
      ledger.input(stored(before->second));
      ledger.input(stored(event));
      ledger.output(stored(event, attempt(1)));
      ledger.output(stored(before->second, attempt(1)));
      break;
    }
    const auto verdict = ledger.judge(2);
    CHECK(verdict.out_of_order == 1);
    CHECK(verdict.lost == 0);
    CHECK(demo_verdict_line(verdict) == "NOT RIGHT: out of order 1");
    return;
  }
  CHECK_FALSE(ledger.judge(events.size()).clean());
  CHECK(demo_verdict_line(ledger.judge(events.size())).starts_with("NOT RIGHT: "));
}

TEST_CASE("the demo's summary fits 80 columns and has every tenant and reason") {
  const auto events = story(1250);
  demo_ledger ledger;
  fill(ledger, events);
  const auto text =
      demo_summary(ledger.judge(events.size()), {"events", output_topic, "events.dlq"});
  std::istringstream in{text};
  for (std::string line; std::getline(in, line);)
    CHECK(shown_width(line) <= 80);
  for (const auto* word : {"alpha", "bravo", "charlie", "delta", "1,250", "handler_rejected",
                           "retries_exhausted", "unmatched", "undecodable"})
    CHECK(text.find(word) != std::string::npos);
}

} // namespace streamer::tools

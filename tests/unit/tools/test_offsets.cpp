#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <chrono>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <variant>
#include <vector>

#include "runtime/checks/seek_plan.hpp"
#include "runtime/kafka/lag_math.hpp"
#include "tools/offsets/lag_view.hpp"
#include "tools/offsets/seek_refusal.hpp"
#include "tools/offsets/topic_names.hpp"
#include "tools/text/table.hpp"

namespace streamer::tools {
namespace {

using namespace std::chrono_literals;

const topic_partition place{"events", partition_id{3}};
constexpr std::int64_t now = 1'000'000;

partition_facts facts(std::optional<std::int64_t> committed, std::int64_t log_start,
                      std::int64_t end) {
  partition_facts known;
  if (committed) known.committed = offset_id{*committed};
  known.log_start = offset_id{log_start};
  known.end = offset_id{end};
  known.high_watermark = offset_id{end};
  return known;
}

partition_lag lag(const partition_facts& known, const oldest_record& oldest = {},
                  lag_start start = lag_start::earliest) {
  return lag_of(place, known, start, oldest, now);
}

oldest_record at(std::int64_t timestamp_ms) { return {oldest_record::kind::record, timestamp_ms}; }

TEST_CASE("lag is the end minus the commit, and its age that of the oldest record") {
  const auto found = lag(facts(90, 0, 100), at(now - 5000));
  CHECK(found.lag == 10);
  CHECK(found.oldest_age == 5s);
  CHECK(found.note.empty());
}

TEST_CASE("without lag there is no age, and nothing is read for it") {
  CHECK(lag(facts(100, 0, 100), at(1)).oldest_age == std::nullopt);
  CHECK_FALSE(first_unprocessed(facts(100, 0, 100), lag_start::earliest));
  CHECK_FALSE(first_unprocessed(facts(0, 0, 0), lag_start::earliest));
}

TEST_CASE("where retention passed the commit, lag counts from the log's start and says so") {
  const auto found = lag(facts(10, 40, 100));
  CHECK(found.lag == 60);
  CHECK(found.note == "retention passed the commit by 30: counted from the log's start");
  CHECK(first_unprocessed(facts(10, 40, 100), lag_start::earliest) == offset_id{40});
}

TEST_CASE("where retention took everything, lag is zero") {
  CHECK(lag(facts(10, 100, 100)).lag == 0);
}

TEST_CASE("without a commit lag counts from where the group would start") {
  const auto earliest = lag(facts(std::nullopt, 5, 100));
  CHECK(earliest.lag == 95);
  CHECK(earliest.note == "no commit: counted from the log's start");
  CHECK_FALSE(earliest.committed);
  const auto latest = lag(facts(std::nullopt, 5, 100), {}, lag_start::latest);
  CHECK(latest.lag == 0);
  CHECK(latest.note == "no commit: it will start at the end");
}

TEST_CASE("lag is zero where only transaction markers are left") {
  const auto found = lag(facts(98, 0, 100), {oldest_record::kind::nothing, -1});
  CHECK(found.lag == 0);
  CHECK(found.note == "only transaction markers are left");
}

TEST_CASE("a commit past the marker, or past the last stable offset, is no negative lag") {
  auto open_transaction = facts(100, 0, 90);
  open_transaction.high_watermark = offset_id{120};
  const auto found = lag(open_transaction);
  CHECK(found.lag == 0);
  CHECK(found.note.empty());
}

TEST_CASE("a commit beyond the end says that the topic is another or has lost records") {
  const auto found = lag(facts(500, 0, 100));
  CHECK(found.lag == 0);
  CHECK(found.note.starts_with("the commit is beyond the end"));
}

TEST_CASE("a record from the future has age zero, one without a time has none") {
  CHECK(lag(facts(1, 0, 9), at(now + 60'000)).oldest_age == 0ms);
  CHECK_FALSE(lag(facts(1, 0, 9), at(-1)).oldest_age);
  CHECK_FALSE(lag(facts(1, 0, 9)).oldest_age);
  CHECK(lag(facts(1, 0, 9), at(0)).oldest_age == std::chrono::milliseconds{now});
}

TEST_CASE("a partition that nobody answers for has no lag, not a lag of zero") {
  partition_facts unknown;
  unknown.committed = offset_id{5};
  const auto found = lag(unknown);
  CHECK_FALSE(found.lag);
  CHECK(found.note == "no leader answered for this partition");
  CHECK_FALSE(first_unprocessed(unknown, lag_start::earliest));
}

TEST_CASE("the lag table fits the width, has a total, and one note for equal partitions") {
  std::vector<partition_lag> lags;
  for (std::int32_t p = 0; p < 3; ++p) {
    lags.push_back({{std::string(40, 't'), partition_id{p}},
                    offset_id{123456789012},
                    offset_id{123456789999},
                    987,
                    3h,
                    "no commit: counted from the log's start"});
  }
  const auto text = lag_table(lags, 80);
  std::istringstream in{text};
  std::size_t lines = 0;
  for (std::string line; std::getline(in, line); ++lines)
    CHECK(shown_width(line) <= 80);
  CHECK(text.find("total lag: 2,961\n") != std::string::npos);
  CHECK(text.find("[0,1,2]:") != std::string::npos);
  CHECK(lines == 7);
}

TEST_CASE("a total with an unknown part is a lower bound") {
  const std::vector<partition_lag> lags{lag(facts(1, 0, 9)), lag(partition_facts{})};
  CHECK(lag_table(lags, 80).find("total lag: at least 8\n") != std::string::npos);
}

TEST_CASE("lag as JSON has null for what is not known") {
  const auto page = nlohmann::json::parse(lag_json("g", {lag(partition_facts{})}));
  CHECK(page["group_id"] == "g");
  CHECK(page["partitions"][0]["lag"].is_null());
  CHECK(page["partitions"][0]["oldest_age_ms"].is_null());
  CHECK(page["partitions"][0]["partition"] == 3);
}

seek_plan planned(const seek_target& target, const seek_facts& known) {
  const auto plan = plan_seek(place, target, known);
  REQUIRE(std::holds_alternative<seek_plan>(plan));
  return std::get<seek_plan>(plan);
}

TEST_CASE("a seek goes to an offset of the log, its end included") {
  const seek_facts known{offset_id{10}, offset_id{20}, std::nullopt};
  using kind = seek_target::kind;
  CHECK(planned({kind::offset, 10}, known).to == offset_id{10});
  CHECK(planned({kind::offset, 20}, known).to == offset_id{20});
  CHECK(planned({kind::earliest, 0}, known).to == offset_id{10});
  CHECK(planned({kind::latest, 0}, known).to == offset_id{20});
}

TEST_CASE("a seek to an offset out of the log is refused with the range") {
  const seek_facts known{offset_id{10}, offset_id{20}, std::nullopt};
  for (const std::int64_t offset : {9, 21, 0}) {
    const auto plan = plan_seek(place, {seek_target::kind::offset, offset}, known);
    REQUIRE(std::holds_alternative<std::string>(plan));
    CHECK(std::get<std::string>(plan).find("from 10 to 20") != std::string::npos);
    CHECK(std::get<std::string>(plan).find("events[3]") != std::string::npos);
  }
}

TEST_CASE("a seek to a time goes to the first record at or after it, or to the end") {
  seek_facts known{offset_id{10}, offset_id{20}, offset_id{15}};
  const seek_target noon{seek_target::kind::timestamp, 1795425185000};
  CHECK(planned(noon, known).to == offset_id{15});
  known.at_time.reset();
  CHECK(planned(noon, known).to == offset_id{20});
  CHECK(planned(noon, known).remark == "no record at or after that time: the end");
}

TEST_CASE("a group without members may be moved") {
  group_description group;
  group.group_id = "g";
  for (const auto state : {group_state::empty, group_state::dead}) {
    group.state = state;
    CHECK_FALSE(refusal_of(group, 45s));
  }
}

TEST_CASE("an active group is refused, and who is in it is named") {
  group_description group{"g", group_state::stable, false, {}};
  for (int i = 0; i < 5; ++i) {
    group.members.push_back({"worker-" + std::to_string(i), "/10.0.0.7", "id", "", {}});
  }
  const auto line = refusal_of(group, 45s);
  REQUIRE(line);
  CHECK(line->starts_with("group 'g' is active (stable, 5 members: worker-0 at 10.0.0.7, "));
  CHECK(line->find("and 2 more") != std::string::npos);
  CHECK(line->find("static") == std::string::npos);
}

TEST_CASE("the refusal says how long a dead static member remains") {
  group_description group{"g", group_state::stable, false, {{"w", "/h", "id", "blue-1", {}}}};
  CHECK(refusal_of(group, 45s)->find("45.0 s by this configuration") != std::string::npos);
  CHECK(refusal_of(group, 45s)->find("w (static blue-1) at h") != std::string::npos);
  group.new_protocol = true;
  CHECK(refusal_of(group, 45s)->find("group.consumer.session.timeout.ms") != std::string::npos);
}

TEST_CASE("a group in an unknown state counts as active even if no member is told") {
  const group_description group{"g", group_state::unknown, true, {}};
  CHECK(refusal_of(group, 45s));
}

TEST_CASE("a configuration names inputs, their dead letters, outputs and forwards, each once") {
  settings config;
  config.consumer.topics = {"events", "^audit-.*", "orders"};
  config.producer.events_topic = "events";
  handler_settings forward;
  forward.kind = "forward";
  forward.options["to"] = "out";
  config.handlers = {forward, forward};
  const auto found = topics_of(config);
  std::vector<std::string> names;
  for (const auto& topic : found.topics)
    names.push_back(topic.name);
  CHECK(names == std::vector<std::string>{"events", "events.dlq", "orders", "orders.dlq", "out"});
  CHECK(found.topics[0].uses == std::set<std::string>{"events", "input"});
  CHECK(found.patterns == std::vector<std::string>{"^audit-.*"});
}

TEST_CASE("a DLQ that several topics share is named once") {
  settings config;
  config.consumer.topics = {"a", "b"};
  config.dlq.topic = "dead";
  const auto found = topics_of(config);
  CHECK(std::ranges::count_if(found.topics, [](const auto& t) { return t.name == "dead"; }) == 1);
}

} // namespace
} // namespace streamer::tools

// Dead letters are processed again, dropped, and remembered, as operators do it.
#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "tests/support/broker_fixture.hpp"
#include "tests/support/scenario.hpp"

using namespace streamer::test;

namespace {

bool holds(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

using words = std::vector<std::string>;

/// The commands of the scenario's operator.
class operator_shell {
 public:
  explicit operator_shell(const scenario& s) : scenario_{s} {}

  [[nodiscard]] process_options command(words arguments) const {
    for (const auto& word :
         {std::string{"--bootstrap-servers"}, scenario_.bootstrap, std::string{"--topic"},
          scenario_.source, std::string{"--group-id"}, scenario_.group})
      arguments.push_back(word);
    process_options options;
    options.binary = binary_path(worker_binary::product);
    options.arguments = std::move(arguments);
    options.directory = scenario_.directory().path();
    options.output = scenario_.directory() / ("command-" + std::to_string(++runs_));
    return options;
  }
  finished_process operator()(words arguments) const {
    auto ended = run(command(std::move(arguments)), 90s);
    UNSCOPED_INFO(ended.out << ended.err);
    return ended;
  }
  [[nodiscard]] nlohmann::json letters(words filters = {}) const {
    words arguments{"dlq", "ls", "--json"};
    arguments.insert(arguments.end(), filters.begin(), filters.end());
    const auto ended = (*this)(arguments);
    REQUIRE(ended.status.code == 0);
    return nlohmann::json::parse(ended.out);
  }

 private:
  const scenario& scenario_;
  mutable int runs_ = 0;
};

std::string lane_of(const scenario& s) { return s.source + ".redrive." + s.group; }

/// What a worker adds to a dead letter.
std::vector<header> failure(const scenario& s, std::int32_t partition, std::int64_t offset) {
  return {{"__dlq.errors.topic", s.source},
          {"__dlq.errors.partition", std::to_string(partition)},
          {"__dlq.errors.offset", std::to_string(offset)},
          {"__dlq.errors.group", s.group},
          {"streamer.dlq.reason", "timeout"},
          {"streamer.redrive-count", "0"}};
}

/// `count` dead letters of partition 1 of the source, with offsets from 0, in partition 1 of the
/// DLQ; tenants and keys in turn.
void dead_letter(const scenario& s, ledger_producer& dlq, int count) {
  for (int i = 0; i < count; ++i) {
    const std::string tenant = i % 2 == 0 ? "even" : "odd";
    auto headers = failure(s, 1, i);
    headers.push_back({"streamer.tenant", tenant});
    dlq.send_to(1, dlq.maker().make(tenant, "key-" + std::to_string(i % 8), 20, headers));
  }
  dlq.flush();
}

std::multiset<std::string> ids_in(const std::string& bootstrap, const std::string& topic) {
  std::multiset<std::string> ids;
  for (const auto& record : read_topic(bootstrap, topic))
    ids.insert(record.header_value(id_header).value_or(""));
  return ids;
}

std::vector<header> event_of(const std::string& type) {
  return {{"ce_specversion", "1.0"}, {"ce_id", "1"}, {"ce_source", "/t"}, {"ce_type", type}};
}

/// A worker's configuration that looks for new topics every second.
worker_config watchful(const scenario& s, const std::string& protocol) {
  worker_config config{s.bootstrap, s.group, s.source};
  config.protocol(protocol);
  config.value("kafka.properties", R"({ "topic.metadata.refresh.interval.ms" = "1000" })");
  return config;
}

void redrive_while_a_worker_runs(const std::string& protocol) {
  const scenario s{shared_broker(), {.partitions = 3}};
  const operator_shell streamer{s};
  ledger_producer producer{s.bootstrap, s.source};
  for (int i = 0; i < 24; ++i) {
    producer.send(producer.maker().make("acme", "key-" + std::to_string(i % 6), 40,
                                        event_of(i % 6 == 5 ? "never.taken" : "order.created")));
  }
  producer.flush();
  {
    auto config = watchful(s, protocol);
    config.handler({{"kind", toml_text("discard")}, {"event_type", toml_text("other")}});
    worker unable{s.directory(), "unable", config};
    s.wait_until_drained();
    CHECK(unable.stop().code == 0);
  }
  REQUIRE(streamer.letters().size() == 24);

  // Selected by topic: what the lane brings holds to count as the source's.
  auto config = watchful(s, protocol);
  config.text("consumer.auto_offset_reset", "latest");
  config.handler({{"kind", toml_text("forward")},
                  {"to", toml_text(s.output)},
                  {"topic", toml_text(s.source)},
                  {"event_type", toml_text("order.*")}});
  worker able{s.directory(), "able", config};
  able.wait_until_ready();
  CHECK(able.log().entries("group_error").empty());
  const auto redriven = streamer({"dlq", "redrive"});
  CHECK(redriven.status.code == 0);
  CHECK(holds(redriven.out, "redriven  24 dead letters"));
  REQUIRE(wait_until([&] { return read_topic(s.bootstrap, s.output).size() == 20; }, 60s, 250ms));
  REQUIRE(wait_for_zero_lag(s.bootstrap, s.group, lane_of(s), 30s));
  CHECK(able.stop().code == 0);

  CHECK(topic_ends(s.bootstrap, lane_of(s)).size() == 3);
  std::map<std::string, const sent_record*> by_id;
  const auto sent = producer.sent();
  for (const auto& record : sent)
    by_id[record.id()] = &record;
  std::map<std::string, std::int64_t> last;
  for (const auto& record : read_topic(s.bootstrap, lane_of(s))) {
    const auto& origin = *by_id.at(record.header_value(id_header).value_or(""));
    CHECK(record.key == origin.key);
    CHECK(record.value == origin.value);
    CHECK(record.partition == origin.partition);
    auto expected = origin.headers;
    expected.push_back({"streamer.redrive-count", "1"});
    CHECK(std::equal(expected.begin(), expected.end(), record.headers.begin()));
    CHECK(record.headers.size() == expected.size() + 1); // and streamer.redriven-from
    const auto [place, fresh] = last.try_emplace(*record.key, -1);
    CHECK(place->second < origin.offset);
    place->second = origin.offset;
  }

  // What failed again says where it was first, and the guard counts.
  const auto again = streamer.letters();
  REQUIRE(again.size() == 4);
  for (const auto& letter : again) {
    CHECK(letter["reason"] == "unmatched");
    CHECK(letter["source_topic"] == s.source);
    CHECK(letter["redrive_count"] == 1);
    const auto origin = std::ranges::find_if(sent, [&](const sent_record& record) {
      return record.partition == letter["source_partition"].get<std::int32_t>() &&
             record.offset == letter["source_offset"].get<std::int64_t>();
    });
    REQUIRE(origin != sent.end());
    CHECK(origin->key == "key-5");
  }
  CHECK(streamer.letters({"--all"}).size() == 28);
  const auto guarded = streamer({"dlq", "redrive", "--max-redrives", "1"});
  CHECK(guarded.status.code == 1);
  CHECK(holds(guarded.err, s.dlq + "["));
  CHECK(holds(guarded.err, "--max-redrives"));
  CHECK(std::ranges::count(guarded.err, '\n') == 1);
  CHECK(read_topic(s.bootstrap, lane_of(s)).size() == 24);
}

} // namespace

TEST_CASE("a running worker takes up the lane that a redrive creates, in per-key order") {
  redrive_while_a_worker_runs("classic");
}

TEST_CASE("so does a member of the new group protocol") { redrive_while_a_worker_runs("consumer"); }

TEST_CASE("a redrive that is killed goes on where it was, and a second one sends nothing twice") {
  const scenario s{shared_broker(), {.partitions = 2}};
  const operator_shell streamer{s};
  ledger_producer dlq{s.bootstrap, s.dlq};
  dead_letter(s, dlq, 60);
  const auto remembered = [&] {
    const auto all = committed_positions(s.bootstrap, s.group + ".dlq", s.dlq);
    const auto found = all.find(1);
    return found == all.end() ? std::int64_t{0} : std::max<std::int64_t>(found->second.offset, 0);
  };
  {
    // Batches of five.
    process broken{streamer.command({"dlq", "redrive", "--rate", "20"})};
    REQUIRE(wait_until([&] { return remembered() >= 10; }, 60s, 20ms));
    broken.kill();
  }
  const auto before = remembered();
  const auto sent_before = ids_in(s.bootstrap, lane_of(s)).size();
  evidence("killed after " + std::to_string(sent_before) + " of 60, remembered " +
           std::to_string(before));
  CHECK(before < 60);
  const auto again = streamer({"dlq", "redrive"});
  CHECK(again.status.code == 0);
  CHECK(holds(again.out, "redriven  " + std::to_string(60 - before) + " dead letters"));
  const auto ids = ids_in(s.bootstrap, lane_of(s));
  CHECK(std::set<std::string>(ids.begin(), ids.end()).size() == 60);
  CHECK(ids.size() <= 65); // one batch at most
  std::int64_t offset = 0;
  for (const auto& record : dlq.sent()) {
    if (offset++ < before) CHECK(ids.count(record.id()) == 1);
  }
  const auto nothing = streamer({"dlq", "redrive"});
  CHECK(nothing.status.code == 0);
  CHECK(holds(nothing.out, "nothing to redrive"));
  CHECK(ids_in(s.bootstrap, lane_of(s)).size() == ids.size());
  CHECK(streamer.letters().empty());
  CHECK(streamer.letters({"--all"}).size() == 60);
}

TEST_CASE("what is resolved in bits and pieces is remembered beyond the room of a commit") {
  const scenario s{shared_broker(), {.partitions = 2}};
  const operator_shell streamer{s};
  ledger_producer dlq{s.bootstrap, s.dlq};
  dead_letter(s, dlq, 5'000);
  CHECK(holds(streamer({"dlq", "redrive", "--dry-run", "--tenant", "even"}).out,
              "2,500 dead letters"));
  CHECK(streamer({"dlq", "redrive", "--tenant", "even"}).status.code == 0);
  CHECK_FALSE(read_topic(s.bootstrap, s.group + ".dlq.resolved").empty());
  CHECK(holds(streamer({"dlq", "redrive", "--tenant", "even"}).out, "nothing to redrive"));
  CHECK(ids_in(s.bootstrap, lane_of(s)).size() == 2'500);
  CHECK(streamer.letters().size() == 2'500);
  CHECK(streamer({"dlq", "redrive"}).status.code == 0);
  CHECK(streamer.letters().empty());
  const auto ids = ids_in(s.bootstrap, lane_of(s));
  CHECK(std::set<std::string>(ids.begin(), ids.end()).size() == 5'000);
  CHECK(ids.size() == 5'000);
}

TEST_CASE("purging drops what is chosen, and deletes up to what is left") {
  const scenario s{shared_broker(), {.partitions = 2}};
  const operator_shell streamer{s};
  ledger_producer dlq{s.bootstrap, s.dlq};
  dead_letter(s, dlq, 10);
  dlq.send_to(1, dlq.maker().make("odd", "other", 20, [&] {
    auto headers = failure(s, 1, 99);
    headers[3].value = "another-group";
    return headers;
  }()));
  dlq.flush();
  CHECK(holds(streamer({"dlq", "purge", "--dry-run"}).out, "10 dead letters would be resolved"));
  CHECK(streamer.letters().size() == 11);
  const auto even = streamer({"dlq", "purge", "--tenant", "even"});
  CHECK(even.status.code == 0);
  CHECK(holds(even.out, "5 dead letters resolved; 1 offset deleted"));
  CHECK(topic_ends(s.bootstrap, s.dlq).at(1).first == 1);
  CHECK(streamer.letters().size() == 6);
  CHECK(streamer.letters({"--all"}).size() == 10);
  const auto rest = streamer({"dlq", "purge"});
  CHECK(rest.status.code == 0);
  CHECK(holds(rest.out, "1 dead letter of other groups left"));
  CHECK(topic_ends(s.bootstrap, s.dlq).at(1).first == 10);
  CHECK(holds(streamer({"dlq", "redrive"}).out, "nothing to redrive"));
}

TEST_CASE("a redrive to the source goes past keys that have gone on, and through a command") {
  const scenario s{shared_broker(), {.partitions = 2}};
  const operator_shell streamer{s};
  ledger_producer source{s.bootstrap, s.source};
  for (int i = 0; i < 10; ++i)
    source.send_to(1, source.maker().make("even", "key-" + std::to_string(i % 8), 20));
  source.flush();
  // Keys 0 and 1 have newer records, at offsets 8 and 9.
  ledger_producer dlq{s.bootstrap, s.dlq};
  dead_letter(s, dlq, 4);

  const auto failed = streamer({"dlq", "redrive", "--to-source", "--if-newer", "fail"});
  CHECK(failed.status.code == 1);
  CHECK(holds(failed.err, "newer record"));
  CHECK(topic_ends(s.bootstrap, s.source).at(1).next == 10);

  const auto broken =
      streamer({"dlq", "redrive", "--to-source", "--if-newer", "skip", "--transform",
                "read -r line; echo '{\"value\":{\"n\":1}}'; exit 3", "--rate", "4"});
  CHECK(broken.status.code == 1);
  CHECK(holds(broken.err, "exit code 3"));
  CHECK(holds(broken.err, "1 dead letter redriven"));
  REQUIRE(topic_ends(s.bootstrap, s.source).at(1).next == 11);

  const auto mended =
      streamer({"dlq", "redrive", "--to-source", "--if-newer", "skip", "--transform",
                "while read -r line; do echo '{\"value\":{\"n\":2}}'; done"});
  CHECK(mended.status.code == 0);
  CHECK(holds(mended.out, "skipped   2 dead letters"));
  const auto stored = read_topic(s.bootstrap, s.source);
  std::vector<const stored_record*> added;
  for (const auto& record : stored) {
    if (record.header_value("streamer.redrive-count")) added.push_back(&record);
  }
  REQUIRE(added.size() == 2);
  CHECK(added[0]->key == "key-2");
  CHECK(added[0]->value == "{\"n\":1}");
  CHECK(added[1]->key == "key-3");
  CHECK(added[1]->value == "{\"n\":2}");
  for (const auto* record : added) {
    CHECK(record->partition == 1);
    CHECK(record->headers.size() == 4); // the three of the original, and the count
  }
  CHECK(streamer.letters().size() == 2);
}

TEST_CASE("dead letters of other systems are listed and redriven by their own headers") {
  const scenario s{shared_broker(), {.partitions = 2}};
  const operator_shell streamer{s};
  ledger_producer dlq{s.bootstrap, s.dlq};
  dlq.send_to(0, dlq.maker().make("a", "spring", 20,
                                  {{"kafka_dlt-original-topic", s.source},
                                   {"kafka_dlt-original-partition", std::string{"\0\0\0\1", 4}},
                                   {"kafka_dlt-original-offset", std::string(8, '\0')},
                                   {"kafka_dlt-exception-message", "no"}}));
  dlq.send_to(0, dlq.maker().make("a", "connect", 20,
                                  {{"__connect.errors.topic", s.source},
                                   {"__connect.errors.partition", "1"},
                                   {"__connect.errors.offset", "7"}}));
  dlq.send_to(0, dlq.maker().make("a", "streams", 20,
                                  {{"__streams.errors.topic", s.source},
                                   {"__streams.errors.partition", "1"},
                                   {"__streams.errors.offset", "8"}}));
  dlq.flush();
  const auto letters = streamer.letters();
  REQUIRE(letters.size() == 3);
  for (const auto& [at, dialect] :
       std::map<std::size_t, std::string>{{0, "spring"}, {1, "connect"}, {2, "streams"}}) {
    CHECK(letters[at]["dialect"] == dialect);
    CHECK(letters[at]["source_topic"] == s.source);
    CHECK(letters[at]["source_partition"] == 1);
  }
  CHECK(holds(streamer({"dlq", "show", "0:0"}).out, "source: " + s.source + "[1]@0"));
  CHECK(streamer({"dlq", "redrive"}).status.code == 0);
  for (const auto& record : read_topic(s.bootstrap, lane_of(s))) {
    CHECK(record.partition == 1);
    CHECK(record.headers.size() == 5); // the original's three, the count and the place
  }
}

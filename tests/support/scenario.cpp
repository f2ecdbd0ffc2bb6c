#include "tests/support/scenario.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <map>
#include <set>
#include <sstream>

#include "actors/consumer/commit_metadata.hpp"
#include "tests/support/commit_history.hpp"

namespace streamer::test {
namespace {

topic_properties with_append_time(topic_properties properties, bool wanted) {
  if (wanted) {
    properties.emplace("message.timestamp.type", "LogAppendTime");
  }
  return properties;
}

std::string cluster_id(const std::string& bootstrap) {
  const auto client = make_client(RD_KAFKA_PRODUCER, bootstrap);
  char* id = rd_kafka_clusterid(client.get(), 10'000);
  REQUIRE(id != nullptr);
  std::string text{id};
  rd_kafka_mem_free(client.get(), id);
  return text;
}

} // namespace

scenario::scenario(const std::string& bootstrap_servers, const scenario_options& options)
    : bootstrap{bootstrap_servers},
      source{unique_name("source")},
      output{source + ".output"},
      dlq{source + ".dlq"},
      group{unique_name("group")},
      has_dlq_{options.with_dlq} {
  create_topic(bootstrap, source, options.partitions, options.source);
  create_topic(bootstrap, output, options.partitions,
               with_append_time(options.output, options.append_times));
  if (options.with_dlq) {
    create_topic(bootstrap, dlq, options.dlq_partitions,
                 with_append_time(options.dlq, options.append_times));
  }
}

worker_config scenario::forward() const {
  return worker_config{bootstrap, group, source}.forward_to(output);
}

worker_config scenario::scripted(const std::string& kind,
                                 const std::map<std::string, std::string>& more) const {
  std::map<std::string, std::string> keys{{"kind", toml_text(kind)},
                                          {"to", toml_text(output)},
                                          {"journal", toml_text(journal().string())},
                                          {"gate", toml_text(directory_.path().string())}};
  for (const auto& [key, value] : more) {
    keys[key] = value;
  }
  return worker_config{bootstrap, group, source}.handler(std::move(keys));
}

void scenario::wait_until_drained(milliseconds timeout) const {
  if (!wait_for_zero_lag(bootstrap, group, source, timeout)) {
    FAIL("the group still has a lag of " << group_lag(bootstrap, group, source) << " after "
                                         << timeout.count() << " ms");
  }
}

std::vector<commit_claim> scenario::claims() const {
  const auto cluster = cluster_id(bootstrap);
  std::vector<commit_claim> result;
  for (const auto& commit : commit_history(bootstrap, group, source)) {
    commit_claim claim{commit.partition, commit.offset, {}, commit.commit_ms};
    const auto decoded = decode(commit.metadata, {cluster, source, partition_id{commit.partition},
                                                  offset_id{commit.offset}});
    INFO("metadata of partition " << commit.partition << " at " << commit.offset << ": "
                                  << commit.metadata << " is " << to_string(decoded.verdict));
    REQUIRE((decoded.verdict == metadata_verdict::usable ||
             decoded.verdict == metadata_verdict::absent));
    for (const auto& range : decoded.data.finished) {
      claim.finished.push_back({range.first.value(), range.last.value()});
    }
    result.push_back(std::move(claim));
  }
  return result;
}

run_record scenario::collect(const std::vector<sent_record>& sent) const {
  run_record run;
  run.sent = sent;
  run.output = read_topic(bootstrap, output);
  if (has_dlq_) {
    run.dead = read_topic(bootstrap, dlq);
  }
  run.commits = claims();
  return run;
}

std::uint64_t scenario::finished_but_uncommitted(const std::vector<sent_record>& sent) const {
  std::map<std::string, std::pair<std::int32_t, std::int64_t>> places;
  for (const auto& record : sent) {
    places[record.id()] = {record.partition, record.offset};
  }
  auto finished = read_topic(bootstrap, output);
  if (has_dlq_) {
    const auto dead = read_topic(bootstrap, dlq);
    finished.insert(finished.end(), dead.begin(), dead.end());
  }
  std::map<std::int32_t, commit_claim> last;
  for (auto& claim : claims()) {
    last[claim.partition] = std::move(claim);
  }
  std::set<std::string> repeated;
  for (const auto& record : finished) {
    const auto id = record.header_value(id_header).value_or("");
    const auto place = places.find(id);
    if (place == places.end()) {
      continue; // sent since, and done by a worker that lives
    }
    const auto [partition, offset] = place->second;
    const auto& claim = last[partition];
    const bool committed =
        offset < claim.offset ||
        std::any_of(claim.finished.begin(), claim.finished.end(), [at = offset](const auto& range) {
          return range.first <= at && at <= range.last;
        });
    if (!committed) {
      repeated.insert(id);
    }
  }
  return repeated.size();
}

void scenario::keep(const run_record& run) const {
  std::ostringstream ledger;
  for (const auto& r : run.sent) {
    ledger << r.id() << ' ' << to_string(r.state) << ' ' << r.partition << ' ' << r.offset << ' '
           << r.sent_ms << '\n';
  }
  write_file(directory_ / "ledger.txt", ledger.str());
  const auto list = [this](const char* file, const std::vector<stored_record>& records) {
    std::ostringstream out;
    for (const auto& r : records) {
      out << r.header_value(id_header).value_or("?") << ' ' << r.partition << ' ' << r.offset << ' '
          << r.timestamp_ms << ' ' << r.header_value("streamer.dlq.reason").value_or("") << '\n';
    }
    write_file(directory_ / file, out.str());
  };
  list("output.txt", run.output);
  list("dead-letters.txt", run.dead);
  std::ostringstream commits;
  for (const auto& c : run.commits) {
    commits << c.partition << ' ' << c.offset << ' ' << c.commit_ms;
    for (const auto& range : c.finished) {
      commits << ' ' << range.first << '-' << range.last;
    }
    commits << '\n';
  }
  write_file(directory_ / "commits.txt", commits.str());
}

verdict scenario::require_invariants(const std::vector<sent_record>& sent,
                                     const expectation& expected) const {
  const auto run = collect(sent);
  auto result = judge(run, expected);
  evidence(result.text());
  if (!result.holds()) {
    keep(run);
  }
  INFO(result.text());
  REQUIRE(result.holds());
  return result;
}

std::uint64_t busiest(const std::vector<stored_record>& output, milliseconds window) {
  std::vector<std::int64_t> times;
  for (const auto& record : output) {
    times.push_back(record.timestamp_ms);
  }
  std::sort(times.begin(), times.end());
  std::size_t most = 0;
  std::size_t first = 0;
  for (std::size_t i = 0; i < times.size(); ++i) {
    while (times[i] - times[first] >= window.count()) {
      ++first;
    }
    most = std::max(most, i - first + 1);
  }
  return most;
}

} // namespace streamer::test

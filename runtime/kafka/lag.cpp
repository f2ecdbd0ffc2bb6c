#include "runtime/kafka/lag.hpp"

#include <map>
#include <set>
#include <utility>

namespace streamer {
namespace {

using committed_map = std::map<topic_partition, committed_offset>;
using listed_map = std::map<topic_partition, listed_offset>;
using facts_map = std::map<topic_partition, partition_facts>;

std::optional<offset_id> offset_in(const listed_map& listed, const topic_partition& tp) {
  const auto found = listed.find(tp);
  return found == listed.end() ? std::nullopt : found->second.offset;
}

/// Names of the topics to be shown, or the line that says which does not exist.
result<std::set<std::string>> choose(const lag_request& request, const committed_map& committed,
                                     const std::set<std::string>& assigned,
                                     const std::map<std::string, std::int32_t>& existing) {
  std::set<std::string> chosen;
  for (const auto& wanted : request.topics) {
    if (wanted.starts_with('^')) {
      for (const auto& [name, partitions] : existing) {
        if (pattern_takes(wanted, name)) {
          chosen.insert(name);
        }
      }
    } else if (existing.contains(wanted)) {
      chosen.insert(wanted);
    } else if (!request.and_committed) {
      return result<std::set<std::string>>::failure(
          "topic '" + wanted + "' does not exist; `streamer topics ls` shows what does");
    }
  }
  if (request.and_committed) {
    for (const auto& [tp, offset] : committed) {
      chosen.insert(tp.topic);
    }
    chosen.insert(assigned.begin(), assigned.end());
  }
  return chosen;
}

/// What the brokers say of each of `partitions`.
result<facts_map> ask_facts(admin_client& admin, const std::vector<topic_partition>& partitions,
                            const committed_map& committed) {
  const auto starts =
      admin.list_offsets(partitions, offset_query::earliest(), isolation::read_uncommitted);
  const auto stable =
      admin.list_offsets(partitions, offset_query::latest(), isolation::read_committed);
  const auto highest =
      admin.list_offsets(partitions, offset_query::latest(), isolation::read_uncommitted);
  for (const auto* listed : {&starts, &stable, &highest}) {
    if (!*listed) {
      return result<facts_map>::failure(listed->error());
    }
  }
  facts_map facts;
  for (const auto& tp : partitions) {
    partition_facts known;
    if (const auto found = committed.find(tp); found != committed.end()) {
      known.committed = found->second.offset;
    }
    known.log_start = offset_in(starts.value(), tp);
    known.end = offset_in(stable.value(), tp);
    known.high_watermark = offset_in(highest.value(), tp);
    facts.emplace(tp, known);
  }
  return facts;
}

/// Reads one record of each partition that is behind. A topic that may not be read, or not in
/// time, still has a lag; only its age stays unknown.
std::map<topic_partition, oldest_record> read_oldest(topic_reader& reader, const facts_map& facts,
                                                     const lag_request& request) {
  std::vector<read_range> behind;
  for (const auto& [tp, known] : facts) {
    if (const auto from = first_unprocessed(known, request.start)) {
      behind.push_back({tp, *from, *known.end});
    }
  }
  std::map<topic_partition, oldest_record> oldest;
  read_limits limits;
  limits.total = request.reading_time;
  const auto read = reader.read(behind, limits, [&](const auto& record) {
    const topic_partition tp{record->topic(), record->partition()};
    oldest[tp] = {oldest_record::kind::record, record->records()[0].timestamp_ms};
    return read_next::partition_done;
  });
  if (read) {
    for (const auto& tp : read.value().finished) {
      oldest.try_emplace(tp, oldest_record{oldest_record::kind::nothing, -1});
    }
  }
  return oldest;
}

/// Topics that the group's members hold. Who may read the offsets need not have the right to see
/// the members: then there are none.
std::set<std::string> assigned_topics(admin_client& admin, const std::string& group_id) {
  std::set<std::string> assigned;
  if (const auto group = admin.describe_group(group_id)) {
    for (const auto& member : group.value().members) {
      for (const auto& tp : member.assigned) {
        assigned.insert(tp.topic);
      }
    }
  }
  return assigned;
}

} // namespace

lag_reader::lag_reader(std::unique_ptr<admin_client> admin, std::unique_ptr<topic_reader> reader)
    : admin_{std::move(admin)}, reader_{std::move(reader)} {}

result<std::unique_ptr<lag_reader>> lag_reader::open(const settings& config,
                                                     const log_handle& log) {
  using answer = result<std::unique_ptr<lag_reader>>;
  auto admin = admin_client::open(config, log);
  if (!admin) {
    return answer::failure(admin.error());
  }
  auto reader = topic_reader::open(config, log);
  if (!reader) {
    return answer::failure(reader.error());
  }
  return std::unique_ptr<lag_reader>{
      new lag_reader{std::move(admin).value(), std::move(reader).value()}};
}

result<std::vector<partition_lag>> lag_reader::read(const lag_request& request) {
  using answer = result<std::vector<partition_lag>>;
  const auto committed = admin_->committed(request.group_id);
  if (!committed) {
    return answer::failure(committed.error());
  }
  const auto topics = admin_->topics();
  if (!topics) {
    return answer::failure(topics.error());
  }
  std::map<std::string, std::int32_t> existing;
  for (const auto& topic : topics.value()) {
    existing.emplace(topic.name, topic.partitions);
  }
  const auto assigned =
      request.and_committed ? assigned_topics(*admin_, request.group_id) : std::set<std::string>{};
  const auto chosen = choose(request, committed.value(), assigned, existing);
  if (!chosen) {
    return answer::failure(chosen.error());
  }
  std::vector<topic_partition> partitions;
  for (const auto& name : chosen.value()) {
    const auto found = existing.find(name);
    for (std::int32_t p = 0; found != existing.end() && p < found->second; ++p) {
      partitions.push_back({name, partition_id{p}});
    }
  }
  const auto facts = ask_facts(*admin_, partitions, committed.value());
  if (!facts) {
    return answer::failure(facts.error());
  }
  const auto oldest = read_oldest(*reader_, facts.value(), request);

  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const auto now_ms = std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
  std::vector<partition_lag> lags;
  for (const auto& [tp, known] : facts.value()) {
    const auto found = oldest.find(tp);
    lags.push_back(lag_of(tp, known, request.start,
                          found == oldest.end() ? oldest_record{} : found->second, now_ms));
  }
  for (const auto& [tp, offset] : committed.value()) {
    if (chosen.value().contains(tp.topic) && !facts.value().contains(tp)) {
      lags.push_back({tp, offset.offset, std::nullopt, std::nullopt, std::nullopt,
                      "this partition does not exist any more"});
    }
  }
  return lags;
}

} // namespace streamer

#include "tools/resolved_store.hpp"

#include <array>

#include "runtime/kafka/topic_reader.hpp"
#include "tools/produce/settled.hpp"
#include "tools/producer_output.hpp"

namespace streamer::tools {
namespace {

// A broker whose offset.metadata.max.bytes is below this gets none.
constexpr std::size_t least_metadata = 128;

bool is_gone(const window_place& place, const topic_partition& tp, offset_id base) {
  return place.tp == tp && (place.window + 1) * window_offsets <= base.value();
}

} // namespace

std::string resolved_group_of(const std::string& group_id) { return group_id + ".dlq"; }
std::string resolved_topic_of(const std::string& group_id) { return group_id + ".dlq.resolved"; }

resolved_store::resolved_store(const settings& config, admin_client& admin, log_handle log)
    : config_{config},
      admin_{admin},
      log_{std::move(log)},
      group_{resolved_group_of(config.consumer.group_id)},
      overflow_topic_{resolved_topic_of(config.consumer.group_id)} {}

resolved_store::~resolved_store() = default;

const resolved_scope& resolved_store::scope_of(const topic_partition& tp) {
  return scopes_.try_emplace(tp, resolved_scope{cluster_id_, topic_ids_[tp.topic], tp})
      .first->second;
}

std::optional<std::string> resolved_store::load(const std::vector<std::string>& topics) {
  auto cluster = admin_.cluster_id();
  if (!cluster) return cluster.error();
  cluster_id_ = std::move(cluster).value();
  for (const auto& topic : topics) {
    const auto described = admin_.topic(topic);
    if (!described) return described.error();
    if (described.value()) topic_ids_[topic] = described.value()->id;
  }
  const auto committed = admin_.committed(group_);
  if (!committed) return committed.error();
  for (const auto& [tp, position] : committed.value()) {
    if (!topic_ids_.contains(tp.topic)) continue;
    committed_[tp] = {position.offset, position.metadata};
    sets_[tp] = decode_resolved(position.offset, position.metadata, scope_of(tp)).set;
  }
  if (auto problem = read_overflow()) without_overflow_ = std::move(*problem);
  return std::nullopt;
}

std::optional<std::string> resolved_store::read_overflow() {
  const auto described = admin_.topic(overflow_topic_);
  if (!described) return described.error();
  overflow_exists_ = described.value().has_value();
  if (!overflow_exists_) return std::nullopt;
  const auto ranges = whole_topic(admin_, overflow_topic_);
  if (!ranges) return ranges.error();
  auto reader = topic_reader::open(config_, log_);
  if (!reader) return reader.error();
  const auto read = reader.value()->read(ranges.value(), {}, [&](const auto& stored) {
    const auto& record = stored->records().front();
    const auto place = parse_window_key(record.key.view());
    if (place && topic_ids_.contains(place->tp.topic)) {
      if (record.value.is_null()) {
        windows_.erase(*place);
      } else {
        windows_[*place] = record.value.view();
      }
    }
    return read_next::go_on;
  });
  if (!read) return read.error();
  if (!read.value().unfinished.empty()) {
    return "topic '" + overflow_topic_ + "' could not be read to its end";
  }
  for (const auto& [place, text] : windows_) {
    // False: it is of a DLQ before this one.
    (void)add_window(sets_[place.tp], text, place.window, scope_of(place.tp));
  }
  return std::nullopt;
}

resolved_set resolved_store::of(const topic_partition& tp) const {
  const auto found = sets_.find(tp);
  return found == sets_.end() ? resolved_set{} : found->second;
}

std::optional<std::string> resolved_store::save(const topic_partition& tp,
                                                const resolved_set& set) {
  const auto now = admin_.committed(group_);
  if (!now) return now.error();
  const auto there = now.value().find(tp);
  const auto expected = committed_.find(tp);
  const bool same =
      there == now.value().end()
          ? expected == committed_.end()
          : expected != committed_.end() &&
                expected->second == std::pair{there->second.offset, there->second.metadata};
  if (!same) {
    return "another redrive or purge of group '" + config_.consumer.group_id + "' is at work on " +
           to_string(tp) + "; let it end, then run this again";
  }
  const auto& scope = scope_of(tp);
  for (;;) {
    const auto commit = encode_resolved(set, scope, metadata_limit_);
    if (auto problem = write_windows(scope, set, commit.windows_left)) return problem;
    const auto saved = admin_.alter_committed(group_, {{tp, {commit.offset, commit.metadata}}});
    if (saved) {
      committed_[tp] = {commit.offset, commit.metadata};
      sets_[tp] = set;
      return std::nullopt;
    }
    if (saved.error().find("OFFSET_METADATA_TOO_LARGE") == std::string::npos ||
        metadata_limit_ == 0) {
      return saved.error();
    }
    metadata_limit_ = metadata_limit_ / 2 < least_metadata ? 0 : metadata_limit_ / 2;
  }
}

std::optional<std::string> resolved_store::write_windows(const resolved_scope& scope,
                                                         const resolved_set& set,
                                                         const std::vector<std::int64_t>& windows) {
  event_batch changes;
  const auto put = [&](const window_place& place, std::optional<std::string> text) {
    outbound_event event;
    event.topic = overflow_topic_;
    event.partition = partition_id{0};
    event.key = window_key(place);
    event.value = std::move(text);
    changes.push_back(std::move(event));
  };
  for (const auto window : windows) {
    const window_place place{scope.tp, window};
    auto text = encode_window(set, window, scope);
    auto& stored = windows_[place];
    if (stored == text) continue;
    stored = text;
    put(place, std::move(text));
  }
  std::erase_if(windows_, [&](const auto& stored) {
    if (!is_gone(stored.first, scope.tp, set.base())) return false;
    put(stored.first, std::nullopt);
    return true;
  });
  if (changes.empty()) return std::nullopt;
  if (auto problem = open_overflow()) return problem;
  for (const auto& answer : settled(*output_, std::move(changes))) {
    if (answer.state != delivery_state::acknowledged) {
      windows_.clear(); // whatever is stored now: the next save writes all that it needs
      return "cannot write to topic '" + overflow_topic_ + "': " + answer.error_name;
    }
  }
  return std::nullopt;
}

std::optional<std::string> resolved_store::open_overflow() {
  if (!overflow_exists_) {
    const std::array wanted{new_topic{
        overflow_topic_, 1, config_.topics.replication_factor, {{"cleanup.policy", "compact"}}}};
    const auto created = admin_.create_topics(wanted);
    if (!created) return created.error();
    for (const auto& topic : created.value()) {
      if (topic.ended == creation_result::state::refused) {
        return "cannot create topic '" + overflow_topic_ +
               "', which holds what is resolved where commits have no room: " + topic.error;
      }
    }
    overflow_exists_ = true;
  }
  if (output_) return std::nullopt;
  auto output = open_producer_output(config_, log_);
  if (!output) return output.error();
  output_ = std::move(output).value();
  return std::nullopt;
}

} // namespace streamer::tools

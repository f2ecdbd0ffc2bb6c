#include "tools/redrive/resolved_codec.hpp"

#include <algorithm>

#include "tools/text/numbers.hpp"

namespace streamer::tools {
namespace {

std::string cluster_and_topic(const resolved_scope& scope) {
  return scope.cluster_id + "/" + scope.topic_id;
}

} // namespace

resolved_commit encode_resolved(const resolved_set& set, const resolved_scope& scope,
                                std::size_t limit) {
  const auto cluster = cluster_and_topic(scope);
  commit_metadata data;
  data.finished = set.beyond();
  // So that the metadata has something to say, and with it the scope: see decode_resolved.
  const offset_range below{set.base(), set.base()};
  if (data.finished.empty()) data.failing.push_back({below.first, 0, 0});
  auto encoded = encode(data, {cluster, scope.tp.topic, scope.tp.partition, set.base()}, limit);
  resolved_commit commit{set.base(), std::move(encoded.text), {}};
  const auto kept = data.finished.size() - encoded.dropped_ranges;
  for (auto i = kept; i < data.finished.size(); ++i) {
    const auto& range = data.finished[i];
    auto window = range.first.value() / window_offsets;
    if (!commit.windows_left.empty()) window = std::max(window, commit.windows_left.back() + 1);
    for (; window <= range.last.value() / window_offsets; ++window)
      commit.windows_left.push_back(window);
  }
  return commit;
}

decoded_resolved decode_resolved(offset_id committed, std::string_view metadata,
                                 const resolved_scope& scope) {
  const auto cluster = cluster_and_topic(scope);
  const auto decoded = decode(metadata, {cluster, scope.tp.topic, scope.tp.partition, committed});
  // An operator may have moved the group by hand, without metadata; anything else that does not
  // match was said of another log.
  const bool counts =
      decoded.verdict == metadata_verdict::usable || decoded.verdict == metadata_verdict::absent;
  return {resolved_set{counts ? committed : offset_id{0}, decoded.data.finished}, decoded.verdict};
}

std::string window_key(const window_place& place) {
  return place.tp.topic + "/" + std::to_string(place.tp.partition.value()) + "/" +
         std::to_string(place.window);
}

std::optional<window_place> parse_window_key(std::string_view key) {
  const auto last = key.rfind('/');
  if (last == key.npos || last == 0) return std::nullopt;
  const auto first = key.rfind('/', last - 1);
  if (first == key.npos || first == 0) return std::nullopt;
  const auto partition = parse_number(key.substr(first + 1, last - first - 1));
  const auto window = parse_number(key.substr(last + 1));
  if (!partition || *partition > INT32_MAX || !window || *window > INT64_MAX / window_offsets - 1) {
    return std::nullopt;
  }
  return window_place{
      {std::string{key.substr(0, first)}, partition_id{static_cast<std::int32_t>(*partition)}},
      *window};
}

std::string encode_window(const resolved_set& set, std::int64_t window,
                          const resolved_scope& scope) {
  const offset_id begin{window * window_offsets};
  commit_metadata data;
  data.finished = set.within(begin, offset_id{begin.value() + window_offsets - 1});
  const auto cluster = cluster_and_topic(scope);
  return encode(data, {cluster, scope.tp.topic, scope.tp.partition, begin}).text;
}

bool add_window(resolved_set& set, std::string_view text, std::int64_t window,
                const resolved_scope& scope) {
  const auto cluster = cluster_and_topic(scope);
  const auto decoded = decode(
      text, {cluster, scope.tp.topic, scope.tp.partition, offset_id{window * window_offsets}});
  if (decoded.verdict != metadata_verdict::usable) return false;
  for (const auto& range : decoded.data.finished)
    set.add(range.first, range.last);
  return true;
}

} // namespace streamer::tools

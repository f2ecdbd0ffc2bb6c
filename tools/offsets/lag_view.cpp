#include "tools/offsets/lag_view.hpp"

#include <map>
#include <nlohmann/json.hpp>

#include "runtime/logging/utf8.hpp"
#include "tools/text/numbers.hpp"
#include "tools/text/table.hpp"

namespace streamer::tools {
namespace {

using nlohmann::json;

template <class Optional>
std::string shown(const Optional& offset) {
  return offset ? std::to_string(offset->value()) : "-";
}

/// `events[0,1,5]: note`, one line for all partitions of a topic with the same note.
std::string notes_of(const std::vector<partition_lag>& lags, std::size_t width) {
  std::map<std::pair<std::string, std::string>, std::string> partitions;
  for (const auto& lag : lags) {
    if (lag.note.empty()) continue;
    auto& list = partitions[{lag.tp.topic, lag.note}];
    list += (list.empty() ? "" : ",") + std::to_string(lag.tp.partition.value());
  }
  std::string lines;
  for (const auto& [key, list] : partitions) {
    const auto& [topic, note] = key;
    const auto head = topic + "[" + list + "]:";
    const bool fits = shown_width(head) + 1 + shown_width(note) <= width;
    lines += shortened(head, width) + (fits ? " " : "\n  ") + shortened(note, width - 2) + "\n";
  }
  return lines;
}

} // namespace

std::string lag_table(const std::vector<partition_lag>& lags, std::size_t width) {
  table rows{{{"topic", false, true},
              {"part", true},
              {"committed", true},
              {"end", true},
              {"lag", true},
              {"oldest", true}}};
  std::int64_t total = 0;
  bool complete = true;
  for (const auto& lag : lags) {
    rows.add({lag.tp.topic, std::to_string(lag.tp.partition.value()), shown(lag.committed),
              shown(lag.end), lag.lag ? std::to_string(*lag.lag) : "-",
              lag.oldest_age ? shown_duration(*lag.oldest_age) : "-"});
    total += lag.lag.value_or(0);
    complete = complete && lag.lag;
  }
  return rows.render(width) + "total lag: " + (complete ? "" : "at least ") + grouped(total) +
         "\n" + notes_of(lags, width);
}

std::string lag_json(const std::string& group_id, const std::vector<partition_lag>& lags) {
  json partitions = json::array();
  std::int64_t total = 0;
  for (const auto& lag : lags) {
    const auto number = [](const auto& offset) { return offset ? json(offset->value()) : json(); };
    partitions.push_back(
        {{"topic", replace_invalid_utf8(lag.tp.topic)},
         {"partition", lag.tp.partition.value()},
         {"committed", number(lag.committed)},
         {"end", number(lag.end)},
         {"lag", lag.lag ? json(*lag.lag) : json()},
         {"oldest_age_ms", lag.oldest_age ? json(lag.oldest_age->count()) : json()},
         {"note", lag.note.empty() ? json() : json(lag.note)}});
    total += lag.lag.value_or(0);
  }
  const json page{{"group_id", replace_invalid_utf8(group_id)},
                  {"total_lag", total},
                  {"partitions", std::move(partitions)}};
  return page.dump(-1, ' ', true);
}

} // namespace streamer::tools

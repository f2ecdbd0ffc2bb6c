// redrive_run: what there is, and what is to be sent. redrive_send.cpp: the sending.
#include "tools/redrive_run.hpp"

#include <algorithm>
#include <array>

#include "actors/consumer/redrive_lane.hpp"
#include "actors/dlq/dead_letter_record.hpp"

namespace streamer::tools {
namespace {

// The plan is kept in memory, some 40 bytes a letter.
constexpr std::uint64_t most_planned = 1'000'000;

std::string place_of(const dead_letter& letter) {
  return to_string(letter.at) + "@" + std::to_string(letter.offset.value());
}

} // namespace

redrive_run::redrive_run(const command_context& context, redrive_options options)
    : config_{context.values()},
      log_{context.quiet_log},
      options_{std::move(options)},
      dialects_{dialects_named(config_.dlq.header_dialects)} {}

redrive_run::~redrive_run() = default;

std::optional<std::string> redrive_run::open() {
  auto admin = admin_client::open(config_, log_);
  if (!admin) return admin.error();
  admin_ = std::move(admin).value();
  for (auto* const into : {&reader_, &source_reader_}) {
    auto reader = topic_reader::open(config_, log_);
    if (!reader) return reader.error();
    *into = std::move(reader).value();
  }
  store_ = std::make_unique<resolved_store>(config_, *admin_, log_);
  return std::nullopt;
}

redrive_rule redrive_run::rule_for(const std::string& dlq_topic) const {
  redrive_rule rule;
  rule.group = config_.consumer.group_id;
  rule.max_redrives = options_.max_redrives;
  rule.needs_place = options_.if_newer != if_newer_kind::send;
  rule.is_input = [this](const std::string& name) {
    return std::ranges::any_of(config_.consumer.topics, [&](const std::string& topic) {
      return topic == name || (topic.starts_with('^') && pattern_takes(topic, name));
    });
  };
  bool several = false;
  for (const auto& topic : config_.consumer.topics) {
    const bool pattern = topic.starts_with('^');
    if (!pattern && dlq_topic_for(config_.dlq.topic, topic) != dlq_topic) continue;
    several = several || pattern || !rule.only_topic.empty();
    rule.only_topic = topic;
  }
  if (several) rule.only_topic.clear();
  return rule;
}

std::optional<std::string> redrive_run::plan() {
  if (auto problem = open()) return problem;
  const auto topics = existing_dlq_topics(*admin_, config_);
  if (!topics) return topics.error();
  if (auto problem = store_->load(topics.value())) return problem;
  if (!store_->without_overflow().empty()) {
    return store_->without_overflow() + "; without it dead letters could be sent twice";
  }
  for (const auto& topic : topics.value()) {
    auto parts = parts_of_topic(*admin_, *store_, topic, options_.choice.all);
    if (!parts) return parts.error();
    for (auto& part : parts.value()) {
      parts_.push_back({std::move(part), {}, {}});
      if (auto problem = plan_part(parts_.back())) return problem;
      if (stop_.requested() || totals_.more) break;
    }
    if (stop_.requested() || totals_.more) break;
  }
  if (stop_.requested()) return "stopped before anything was sent";
  return options_.if_newer == if_newer_kind::send ? std::nullopt : look_for_newer();
}

std::optional<std::string> redrive_run::plan_part(planned_part& planned) {
  const auto rule = rule_for(planned.part.range.tp.topic);
  return scan_part(*reader_, planned.part, options_.choice, stop_,
                   [&](const record_ref& record, const dead_letter& letter) {
                     const auto topic = source_topic_of(letter, rule);
                     if (const auto* why = std::get_if<left_because>(&topic)) {
                       leave(*why, letter);
                       return read_next::go_on;
                     }
                     if (totals_.planned == most_planned) {
                       totals_.more = true;
                       return read_next::stop;
                     }
                     const auto number = source_number(std::get<std::string>(topic), letter);
                     const auto key = record.get().key;
                     planned.letters.push_back(
                         {letter.offset, offset_id{letter.source_offset.value_or(-1)},
                          key.is_null() ? 0 : order_lane(sources_[number].tp, key.view())});
                     planned.sources.push_back(number);
                     ++totals_.planned;
                     return read_next::go_on;
                   });
}

void redrive_run::leave(left_because why, const dead_letter& letter) {
  auto& left = totals_.left[why];
  if (left.count++ == 0) left.first = place_of(letter);
}

std::uint32_t redrive_run::source_number(const std::string& topic, const dead_letter& letter) {
  topic_partition tp{topic, partition_id{letter.source_partition.value_or(-1)}};
  const auto [at, fresh] =
      source_numbers_.try_emplace(tp, static_cast<std::uint32_t>(sources_.size()));
  if (fresh) {
    auto target = options_.to_source ? topic : lane_topic_of(topic, config_.consumer.group_id);
    sources_.push_back({std::move(tp), std::move(target)});
  }
  return at->second;
}

std::map<std::pair<std::string, std::string>, std::uint64_t> redrive_run::targets() const {
  std::map<std::pair<std::string, std::string>, std::uint64_t> counts;
  for (const auto& planned : parts_) {
    for (const auto number : planned.sources)
      ++counts[{sources_[number].tp.topic, sources_[number].target}];
  }
  return counts;
}

// The whole plan is judged before anything is sent, so that `fail` fails in time.
std::optional<std::string> redrive_run::look_for_newer() {
  newest_records newest;
  for (const auto& planned : parts_) {
    for (std::size_t i = 0; i < planned.letters.size(); ++i) {
      if (planned.letters[i].lane != 0) {
        newest.ask(sources_[planned.sources[i]].tp, planned.letters[i]);
      }
    }
  }
  if (auto problem = read_sources(newest)) return problem;
  for (auto& planned : parts_) {
    std::size_t kept = 0;
    for (std::size_t i = 0; i < planned.letters.size(); ++i) {
      const auto& letter = planned.letters[i];
      if (letter.lane != 0 && newest.is_newer_than(letter)) {
        if (options_.if_newer == if_newer_kind::fail) {
          return "nothing was sent: the key of " + to_string(planned.part.range.tp) + "@" +
                 std::to_string(letter.at.value()) +
                 " has a newer record in its source; use --if-newer skip or send";
        }
        ++totals_.newer;
        --totals_.planned;
        continue;
      }
      planned.letters[kept] = letter;
      planned.sources[kept++] = planned.sources[i];
    }
    planned.letters.resize(kept);
    planned.sources.resize(kept);
  }
  return std::nullopt;
}

std::optional<std::string> redrive_run::read_sources(newest_records& newest) {
  std::map<std::string, std::vector<read_range>> whole;
  read_limits limits;
  limits.cancelled = [this] { return stop_.requested(); };
  for (const auto& [tp, begin] : newest.begins()) {
    if (!whole.contains(tp.topic)) {
      auto ranges = whole_topic(*admin_, tp.topic);
      if (!ranges) return ranges.error();
      whole.emplace(tp.topic, std::move(ranges).value());
    }
    const auto& ranges = whole.at(tp.topic);
    const auto found = std::ranges::find(ranges, tp, &read_range::tp);
    if (found == ranges.end()) continue; // it holds nothing any more
    const std::array one{read_range{tp, std::max(begin, found->from), found->to}};
    const auto read = source_reader_->read(one, limits, [&, &tp = tp](const auto& stored) {
      const auto& record = stored->records().front();
      if (!record.key.is_null()) newest.see(tp, record.key.view(), record.offset);
      return read_next::go_on;
    });
    if (!read) return read.error();
    if (stop_.requested()) return "stopped before anything was sent";
    if (!read.value().unfinished.empty()) {
      return "the brokers sent no more records of " + to_string(tp);
    }
  }
  return std::nullopt;
}

} // namespace streamer::tools

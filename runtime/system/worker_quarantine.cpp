#include "runtime/system/worker_quarantine.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <random>
#include <set>

namespace streamer {
namespace {

constexpr std::chrono::seconds publish_patience{10};
// A slot for each record that can be in flight, and for calls that outlive their attempt.
constexpr std::size_t fewest_slots = 1'024;
constexpr std::size_t most_slots = 65'536;
// Whether a process lives on without a record is told after as long as four of its attempts may
// take: of a thousand records that run for long while kills come from outside, one is condemned.
constexpr std::chrono::milliseconds shortest_doubt{2'000};
constexpr std::chrono::milliseconds longest_doubt{120'000};
// Each runs alone, while nothing else does.
constexpr std::size_t most_suspects = 1'024;

std::string random_process_name() {
  std::random_device device;
  std::array<char, 17> text{};
  std::snprintf(text.data(), text.size(), "%08x%08x", device(), device());
  return text.data();
}

quarantine_limits limits_for(const settings& config) {
  quarantine_limits limits;
  std::chrono::milliseconds longest{0};
  for (const auto& h : config.handlers) {
    longest = std::max(longest, h.timeout);
  }
  limits.patience = longest + std::chrono::seconds{1};
  limits.longest_run = longest + std::chrono::seconds{30};
  limits.doubt = std::clamp(4 * longest, shortest_doubt, longest_doubt);
  return limits;
}

} // namespace

worker_quarantine::worker_quarantine(const settings& config, bool embedded,
                                     std::shared_ptr<telemetry> metrics, const log_handle& log)
    : metrics_{std::move(metrics)},
      log_{log.with("quarantine")},
      process_{random_process_name()},
      limits_{limits_for(config)} {
  if (embedded) {
    calls_ = std::make_shared<handler_calls>();
    return;
  }
  open_journal(config);
  left_ = take_over_journals(config.runtime.state_dir);
  keeper_ = std::make_shared<suspect_keeper>(config, board_,
                                             metrics_->gauge(metric::suspects_shared), log_);
}

void worker_quarantine::open_journal(const settings& config) {
  const auto slots =
      std::clamp(config.consumer.max_in_flight + fewest_slots, fewest_slots, most_slots);
  auto created = journal_file::create(config.runtime.state_dir, slots);
  if (auto* file = std::get_if<std::unique_ptr<journal_file>>(&created)) {
    journal_ = std::move(*file);
    calls_ = std::make_shared<handler_calls>(journal_->memory(), slots, journal_);
    calls_->journal().name_process(process_);
    signals_ = std::make_unique<crash_signals>(calls_->journal());
  } else {
    calls_ = std::make_shared<handler_calls>();
    log_.warn("crash_journal_unavailable",
              "a crash will leave no suspects: runtime.state_dir cannot be written",
              {{"why", std::get<std::string>(created)}});
  }
  metrics_->gauge(metric::crash_journal_active).set(journal_ ? 1 : 0);
}

quarantine_context worker_quarantine::context() const {
  return {process_, board_, keeper_, calls_, limits_, metrics_, log_};
}

void worker_quarantine::publish_suspects() {
  std::set<record_place> found;
  std::vector<suspect_keeper::crash_alone> crashes;
  for (const auto& journal : left_) {
    for (const auto& e : journal.contents.entries) {
      log_.warn("suspect_found",
                "a record was in a handler's call when its process ended uncleanly",
                {{"topic", e.tp.topic},
                 {"partition", e.tp.partition.value()},
                 {"offset", e.offset.value()},
                 {"attempt", e.attempt},
                 {"alone", e.alone},
                 {"signal", journal.contents.ended_by}});
      // Of one that ran alone the group has a mark already, but does not know why it ended.
      if (!e.alone) {
        found.insert({e.tp, e.offset});
      } else if (journal.contents.ended_by != 0) {
        crashes.push_back({{e.tp, e.offset}, journal.contents.process});
      }
    }
  }
  std::vector<record_place> suspects{found.begin(), found.end()};
  if (suspects.size() > most_suspects) {
    // By chance, so that no record is left out in every crash.
    std::shuffle(suspects.begin(), suspects.end(), std::mt19937_64{std::random_device{}()});
    left_out_ = suspects.size() - most_suspects;
    suspects.resize(most_suspects);
    log_.warn("suspects_left_out", "more records were in calls than can run alone",
              {{"left_out", left_out_}, {"most", most_suspects}});
  }
  const bool news = !suspects.empty() || !crashes.empty();
  if (news && !keeper_->publish(suspects, crashes, publish_patience)) {
    log_.warn(
        "suspects_unpublished",
        "the group does not know yet which records this worker suspects: it is told when this "
        "worker starts again",
        {{"suspects", suspects.size()}});
    return;
  }
  for (const auto& journal : left_) {
    journal.remove();
  }
  left_.clear();
}

void worker_quarantine::refresh_metrics() const {
  metrics_->gauge(metric::suspects).set(static_cast<double>(board_->size()));
  const auto dropped = metrics_->counter(metric::suspects_dropped);
  dropped.add(left_out_ + board_->dropped() + calls_->displaced() - dropped.value());
}

void worker_quarantine::ended_cleanly() const {
  if (journal_) {
    journal_->remove();
  }
}

} // namespace streamer

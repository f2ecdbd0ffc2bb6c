#include "tools/ingest_run.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <limits>

#include "tools/text/numbers.hpp"
#include "tools/text/terminal.hpp"

namespace streamer::tools {
namespace {

using clock = std::chrono::steady_clock;

constexpr std::size_t batch_events = 500;
constexpr std::size_t batch_bytes = std::size_t{1} << 20U;
constexpr std::chrono::milliseconds source_pause{2};
// The client gives an event up after the delivery timeout; its report takes a moment more.
constexpr std::chrono::milliseconds report_grace{2'000};
constexpr std::chrono::milliseconds progress_interval{500};

std::string count_text(std::uint64_t count) { return grouped(static_cast<std::int64_t>(count)); }

/// Sends at a pace until something ends it.
class sender {
 public:
  sender(event_session& session, const stop_signal& stop, const ingest_pace& pace)
      : out_{session.output(), {}},
        topic_{session.config().producer.events_topic},
        stop_{stop},
        pace_{pace} {}

  void run(const event_source& source) {
    while (!ended() && !source_ended_) {
      const auto batch_size = due();
      if (batch_size == 0) {
        stop_.wait_for(source_pause);
        continue;
      }
      auto batch = gather(source, batch_size);
      const auto taken = batch.size();
      if (taken > 0 && out_.send(std::move(batch), [&] { return ended(); })) sent_ += taken;
      show_progress();
    }
  }

  [[nodiscard]] delivery_totals finish(std::chrono::milliseconds budget) {
    progress_.show("waiting for acknowledgements");
    const auto deadline = clock::now() + budget;
    // In short turns, so that Ctrl-C does not have to wait for a broker that is away.
    while (out_.totals().open() > 0 && clock::now() < deadline) {
      if (out_.finish(std::chrono::milliseconds{200}).open() > 0 && stop_.requested()) break;
    }
    progress_.clear();
    return out_.totals();
  }

  [[nodiscard]] double seconds() const {
    return std::chrono::duration<double>(clock::now() - begun_).count();
  }

 private:
  [[nodiscard]] bool ended() const {
    return stop_.requested() || out_.any_refused() || (pace_.count && sent_ >= *pace_.count);
  }

  /// At most `most` events; fewer when they are large or the source has no more for now.
  event_batch gather(const event_source& source, std::size_t most) {
    event_batch batch;
    std::size_t bytes = 0;
    while (batch.size() < most && bytes < batch_bytes) {
      auto turn = source();
      if (!turn.event) {
        source_ended_ = turn.ended;
        break;
      }
      bytes += turn.event->charged_bytes();
      batch.push_back(std::move(*turn.event));
    }
    return batch;
  }

  [[nodiscard]] std::size_t due() const {
    auto left = pace_.count ? *pace_.count - sent_ : std::numeric_limits<std::uint64_t>::max();
    if (pace_.rate > 0) {
      const auto planned = static_cast<std::uint64_t>(seconds() * pace_.rate) + 1;
      left = std::min(left, planned > sent_ ? planned - sent_ : 0);
      return static_cast<std::size_t>(std::min<std::uint64_t>(left, batch_events));
    }
    return static_cast<std::size_t>(std::min<std::uint64_t>(left, batch_events));
  }

  void show_progress() {
    if (!progress_.visible() || clock::now() - shown_ < progress_interval) return;
    shown_ = clock::now();
    const auto totals = out_.totals();
    progress_.show(count_text(totals.acknowledged) + " of " +
                   (pace_.count ? count_text(*pace_.count) : count_text(sent_)) + " delivered to " +
                   topic_);
  }

  publisher out_;
  std::string topic_;
  const stop_signal& stop_;
  ingest_pace pace_;
  bool source_ended_ = false;
  std::uint64_t sent_ = 0;
  clock::time_point begun_ = clock::now();
  clock::time_point shown_{};
  progress_line progress_;
};

} // namespace

std::optional<std::string> problem_of_count(std::int64_t count) {
  if (count >= 0) return std::nullopt;
  return "--count " + std::to_string(count) + " is out of range; use 0 or more";
}

int run_ingest(event_session& session, const stop_signal& stop, const ingest_pace& pace,
               const event_source& source, const std::string& problem) {
  const auto& config = session.config();
  sender sending{session, stop, pace};
  sending.run(source);
  const auto totals = sending.finish(config.producer.delivery_timeout + report_grace);
  const auto seconds = sending.seconds();

  const auto wanted = pace.count.value_or(totals.submitted);
  const auto missing = wanted - totals.acknowledged;
  std::printf("delivered %s of %s events to %s in %s\n", count_text(totals.acknowledged).c_str(),
              count_text(wanted).c_str(), config.producer.events_topic.c_str(),
              shown_duration(std::chrono::microseconds{std::llround(seconds * 1e6)}).c_str());
  std::fflush(stdout);
  if (missing > 0) {
    std::string line = count_text(missing) + (missing == 1 ? " event was" : " events were") +
                       " not delivered to '" + config.producer.events_topic + "' at " +
                       config.kafka.bootstrap_servers;
    if (!totals.errors.empty()) {
      line += ": " + totals.errors.begin()->first;
      line += "; they may be sent again with the same command";
    } else if (stop.requested()) {
      line += ": stopped";
    } else if (totals.open() > 0) {
      line += ": no answer within producer.delivery_timeout_ms";
    }
    report_error(line);
  }
  if (!problem.empty()) return fail(exit_failed, problem);
  return missing > 0 ? exit_failed : exit_done;
}

} // namespace streamer::tools

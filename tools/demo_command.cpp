// `streamer demo`: the whole system on an embedded cluster, judged by what its topics hold.
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "actors/dlq/dead_letter_record.hpp"
#include "runtime/kafka/admin.hpp"
#include "runtime/kafka/topic_reader.hpp"
#include "runtime/system/worker.hpp"
#include "tools/command_tree.hpp"
#include "tools/demo/demo_event.hpp"
#include "tools/demo/demo_ledger.hpp"
#include "tools/demo/demo_orders.hpp"
#include "tools/demo/demo_summary.hpp"
#include "tools/event_session.hpp"
#include "tools/load_test/random.hpp"
#include "tools/stop_signal.hpp"
#include "tools/text/numbers.hpp"
#include "tools/worker_ready.hpp"

namespace streamer::tools {
namespace {

using clock = std::chrono::steady_clock;

constexpr const char* orders_kind = "demo_orders";
constexpr std::uint32_t default_seconds = 5;
// A partition of the embedded cluster keeps 5 MB and drops the oldest silently.
constexpr std::uint32_t most_seconds = 120;
constexpr std::uint64_t rate = 250;
constexpr std::chrono::milliseconds send_interval{20};
constexpr std::chrono::milliseconds look_interval{200};
// No new record for this long, while some are missing, means that they will not come.
constexpr std::chrono::seconds demo_patience{10};
constexpr std::chrono::seconds demo_leave_grace{10};

void say(const std::string& line) {
  std::puts(line.c_str());
  std::fflush(stdout);
}

std::string shown(std::uint64_t count) { return grouped(static_cast<std::int64_t>(count)); }

/// What the demo runs with; the cluster's address comes with the cluster.
settings demo_settings(const settings& given, const demo_topics& topics) {
  auto made = given;
  made.topics.create_missing = true;
  // Never in the way of a worker that runs on this machine.
  made.observability.metrics_addr = "127.0.0.1:0";
  made.admin.addr = "127.0.0.1:0";
  made.retry.max_attempts = demo_healing_attempt + 1;
  made.retry.initial_backoff = std::chrono::milliseconds{50};
  handler_settings orders;
  orders.event_type = "order.*";
  orders.kind = orders_kind;
  orders.retry = made.retry;
  orders.options["to"] = topics.output;
  made.handlers = {orders};
  return made;
}

/// One run, from the cluster to the verdict.
class demo_run {
 public:
  demo_run(const command_context& context, std::uint32_t seconds)
      : log_{context.quiet_log},
        out_{context.out},
        topics_{context.values().producer.events_topic,
                context.values().producer.events_topic + ".processed",
                dlq_topic_for(context.values().dlq.topic, context.values().producer.events_topic)},
        config_{demo_settings(context.values(), topics_)},
        seconds_{seconds} {}

  int run() {
    if (auto problem = start()) {
      report_error(*problem);
      return failure_.exit_code;
    }
    send();
    if (auto problem = settle()) return fail(exit_failed, *problem);
    if (auto problem = wait_for_results()) return fail(exit_failed, *problem);
    const auto ended = stop_worker();
    if (!ended) return fail(exit_failed, "the worker did not stop in time");
    if (!ended->what.empty()) report_error(ended->what);
    if (auto problem = read_back()) return fail(exit_failed, *problem);
    const int judged = judge();
    return judged != exit_done ? judged : ended->exit_code;
  }

 private:
  std::optional<std::string> start() {
    const std::array more{topics_.output};
    auto session = event_session::open_embedded(config_, more, log_);
    if (!session) return session.error();
    session_ = std::move(session).value();
    config_ = session_->config();
    auto admin = admin_client::open(config_, log_);
    if (!admin) return admin.error();
    admin_ = std::move(admin).value();
    const auto partitions = std::to_string(config_.topics.partitions) + " partitions";
    say("streamer demo: events, a worker and a broker in this process. Ctrl-C ends it\n");
    say("  broker   " + config_.kafka.bootstrap_servers + ", embedded");
    say("  topics   " + topics_.input + " -> " + topics_.output + ", dead letters to " +
        topics_.dlq + "; " + partitions);
    handler_registry registry;
    registry.add_quick(orders_kind, demo_orders(topics_.output));
    worker_ = worker::start(config_, registry, log_, failure_, {.embedded = true});
    if (!worker_) return failure_.what;
    const auto metrics = "http://" + to_string(worker_->metrics_address());
    say("  worker   " + metrics + "/metrics  /healthz  /readyz");
    say("           http://" + to_string(worker_->admin_address()) +
        "/  the dashboard  /explain  /status");
    return wait_until_ready(*worker_, stop_);
  }

  /// Sends until the time is over, a stop is requested, or an event is refused.
  void send() {
    const auto wanted = rate * seconds_;
    say("  load     " + shown(rate) + " events a second for " + std::to_string(seconds_) +
        " s, of 4 tenants; most of delta's fail\n");
    demo_story story{config_.producer, fresh_seed()};
    publisher_.emplace(session_->output(), send_window{});
    const auto begun = clock::now();
    const auto ended = [this] { return stop_.requested() || publisher_->any_refused(); };
    for (std::uint64_t sent = 0; sent < wanted && !ended();) {
      const auto passed = std::chrono::duration<double>(clock::now() - begun).count();
      const auto due = std::min(wanted, static_cast<std::uint64_t>(passed * rate) + 1);
      event_batch batch;
      for (; sent < due; ++sent)
        batch.push_back(story.next());
      if (!batch.empty() && !publisher_->send(std::move(batch), ended)) break;
      show_progress();
      stop_.wait_for(send_interval);
    }
    progress_.clear();
    if (stop_.requested()) say("Stopped: no more events, here is what became of the others.\n");
  }

  std::optional<std::string> settle() {
    const auto totals = publisher_->finish(demo_patience);
    acknowledged_ = totals.acknowledged;
    if (totals.acknowledged == totals.submitted) return std::nullopt;
    return shown(totals.submitted - totals.acknowledged) + " events were not written to '" +
           topics_.input + "'" +
           (totals.errors.empty() ? std::string{} : ": " + totals.errors.begin()->first);
  }

  /// Returns when everything is in the output or in the DLQ, or nothing comes any more: the topics
  /// will say it.
  std::optional<std::string> wait_for_results() {
    std::uint64_t seen = 0;
    auto moved = clock::now();
    while (clock::now() - moved < demo_patience) {
      const auto processed = held_by(topics_.output);
      const auto dead = held_by(topics_.dlq);
      if (!processed || !dead) return processed ? dead.error() : processed.error();
      const auto now = processed.value() + dead.value();
      if (now >= acknowledged_) break;
      if (now != seen) {
        seen = now;
        moved = clock::now();
      }
      progress_.show(shown(now) + " of " + shown(acknowledged_) + " events done");
      std::this_thread::sleep_for(look_interval);
    }
    progress_.clear();
    return std::nullopt;
  }

  std::optional<worker_end> stop_worker() {
    worker_->request_stop();
    auto ended = worker_->wait_for(config_.consumer.drain_timeout + demo_leave_grace);
    worker_.reset();
    return ended;
  }

  std::optional<std::string> read_back() {
    auto reader = topic_reader::open(config_, log_);
    if (!reader) return reader.error();
    using taker = void (demo_ledger::*)(const record_ref&);
    const std::array<std::pair<std::string, taker>, 3> passes{
        {{topics_.input, &demo_ledger::input},
         {topics_.output, &demo_ledger::output},
         {topics_.dlq, &demo_ledger::dead_letter}}};
    read_limits limits;
    limits.idle = demo_patience;
    for (const auto& [topic, take] : passes) {
      const auto ranges = ranges_of(topic);
      if (!ranges) return ranges.error();
      const auto read =
          reader.value()->read(ranges.value(), limits, [this, take = take](const auto& stored) {
            (ledger_.*take)(record_ref{stored, 0});
            return read_next::go_on;
          });
      if (!read) return read.error();
      if (!read.value().unfinished.empty()) {
        return to_string(*read.value().unfinished.begin()) + " could not be read back";
      }
    }
    return std::nullopt;
  }

  int judge() {
    const auto verdict = ledger_.judge(acknowledged_);
    std::fputs(demo_summary(verdict, topics_).c_str(), stdout);
    const auto line = demo_verdict_line(verdict);
    say("\n" + painted(out_, verdict.clean() ? colour::green : colour::red, "verdict: " + line));
    for (const auto& example : verdict.examples)
      say("  " + example);
    if (verdict.clean()) return exit_done;
    return fail(exit_unverified, "the topics do not hold what they should: " + line);
  }

  /// What a topic holds, from the first record to the end.
  result<std::vector<read_range>> ranges_of(const std::string& topic) {
    using answer = result<std::vector<read_range>>;
    std::vector<topic_partition> partitions;
    for (std::int32_t p = 0; p < config_.topics.partitions; ++p)
      partitions.push_back({topic, partition_id{p}});
    const auto level = isolation::read_committed;
    const auto first = admin_->list_offsets(partitions, offset_query::earliest(), level);
    if (!first) return answer::failure(first.error());
    const auto last = admin_->list_offsets(partitions, offset_query::latest(), level);
    if (!last) return answer::failure(last.error());
    std::vector<read_range> ranges;
    for (const auto& tp : partitions) {
      const auto from = first.value().find(tp);
      const auto to = last.value().find(tp);
      if (from == first.value().end() || to == last.value().end()) {
        return answer::failure(to_string(tp) + " does not tell its offsets");
      }
      ranges.push_back({tp, from->second.offset.value_or(offset_id{0}),
                        to->second.offset.value_or(offset_id{0})});
    }
    return ranges;
  }

  result<std::uint64_t> held_by(const std::string& topic) {
    const auto ranges = ranges_of(topic);
    if (!ranges) return result<std::uint64_t>::failure(ranges.error());
    std::int64_t count = 0;
    for (const auto& range : ranges.value())
      count += range.to.value() - range.from.value();
    return static_cast<std::uint64_t>(count);
  }

  void show_progress() {
    if (!progress_.visible() || clock::now() - shown_ < look_interval) return;
    shown_ = clock::now();
    const auto processed = held_by(topics_.output);
    const auto dead = held_by(topics_.dlq);
    if (!processed || !dead) return;
    progress_.show(shown(publisher_->totals().acknowledged) + " events, " +
                   shown(processed.value()) + " processed, " + shown(dead.value()) +
                   " dead letters");
  }

  // The order of the members is the order of their ends, backwards: the cluster last.
  log_handle log_;
  terminal out_;
  demo_topics topics_;
  settings config_;
  std::uint32_t seconds_;
  stop_signal stop_;
  std::unique_ptr<event_session> session_;
  std::unique_ptr<admin_client> admin_;
  start_failure failure_;
  std::unique_ptr<worker> worker_;
  std::optional<publisher> publisher_;
  std::uint64_t acknowledged_ = 0;
  demo_ledger ledger_;
  progress_line progress_;
  clock::time_point shown_{};
};

int run(const command_context& context, std::uint32_t seconds) {
  if (seconds < 1 || seconds > most_seconds) {
    return fail(exit_usage, "--seconds " + std::to_string(seconds) + " is out of range; use 1 to " +
                                std::to_string(most_seconds));
  }
  return demo_run{context, seconds}.run();
}

} // namespace

void add_demo(command_tree& tree) {
  const auto seconds = std::make_shared<std::uint32_t>(default_seconds);
  command what;
  what.takes_embedded = true;
  what.own_config = true;
  what.run = [seconds](const command_context& context) { return run(context, *seconds); };
  tree.add(tree.root(), "demo", "The whole system on an embedded broker, verified", what)
      .add_option("--seconds", *seconds, "How long events are sent (5)")
      ->type_name("N");
}

} // namespace streamer::tools

#include "tools/load_run.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <utility>

#include "tools/ingest/cloud_event.hpp"
#include "tools/load_test/random.hpp"
#include "tools/load_test/report_page.hpp"
#include "tools/load_test/zipf.hpp"
#include "tools/text/numbers.hpp"
#include "tools/text/terminal.hpp"

namespace streamer::tools {
namespace {

constexpr std::size_t load_batch_events = 1'000;
constexpr std::size_t payloads = 256;
constexpr std::size_t payload_memory = std::size_t{16} << 20U;
constexpr std::chrono::milliseconds load_tick{1};
constexpr std::chrono::milliseconds load_report_grace{2'000};
constexpr std::chrono::milliseconds settle_turn{200};
constexpr std::chrono::milliseconds load_progress_interval{500};
constexpr send_window window{20'000, std::size_t{32} << 20U};

/// Makes the events of a load.
class event_maker {
 public:
  event_maker(const settings& config, const load_options& options, load_book& book)
      : config_{config},
        options_{options},
        book_{book},
        random_{fresh_seed()},
        lanes_{options.keys, options.zipf},
        ids_{random_.next()},
        placer_{config.producer} {
    const auto count = std::clamp<std::size_t>(payload_memory / options.payload_bytes, 1, payloads);
    for (std::size_t i = 0; i < count; ++i) {
      payloads_.push_back(load_payload(options.payload_bytes, random_.next()));
    }
  }

  [[nodiscard]] std::pair<outbound_event, load_mark> next(std::int64_t intended_us) {
    const auto lane = static_cast<std::uint32_t>(lanes_(random_));
    const auto tenant =
        options_.tenant_id ? *options_.tenant_id : lane_tenant(lane, options_.tenants);
    const auto mark = book_.next(lane, intended_us);
    outbound_event event;
    event.topic = config_.producer.events_topic;
    event.key = lane_key(lane);
    event.value = payloads_[random_.below(payloads_.size())];
    event.headers = cloud_event_headers({ids_.next(), "load.test", tenant, now_ms(), true});
    event.headers.push_back({load_mark_header, format_mark(mark)});
    placer_.place(event, tenant);
    return {std::move(event), mark};
  }

 private:
  const settings& config_;
  const load_options& options_;
  load_book& book_;
  random_source random_;
  zipf lanes_;
  event_ids ids_;
  event_placer placer_;
  std::vector<std::string> payloads_;
};

/// Sends the load of one run.
class load_sender {
 public:
  load_sender(event_session& session, const stop_signal& stop, const load_options& options,
              std::shared_ptr<load_book> book)
      : stop_{stop},
        options_{options},
        book_{std::move(book)},
        out_{session.output(), window},
        maker_{session.config(), options, *book_},
        duration_us_{static_cast<std::int64_t>(options.duration_s * 1e6)} {
    if (options.rate > 0) {
      plan_.emplace(options.rate, std::chrono::microseconds{duration_us_},
                    options.burst ? parse_burst(*options.burst) : std::nullopt);
    }
  }

  void run() {
    book_->start();
    while (!stop_.requested() && !over()) {
      const auto due = due_now();
      if (due > 0) send(due);
      // What is due within a tick goes as one batch: a message an event costs more than the event.
      if (due < load_batch_events) stop_.wait_for(load_tick);
      show_progress();
    }
    seconds_ = static_cast<double>(book_->elapsed_us()) / 1e6;
  }

  /// In short turns, so that Ctrl-C does not have to wait for a broker that is away.
  void settle(std::chrono::milliseconds budget) {
    progress_.show("waiting for acknowledgements");
    const auto deadline = load_book::clock::now() + budget;
    while (out_.totals().open() > 0 && load_book::clock::now() < deadline) {
      if (out_.finish(settle_turn).open() > 0 && stop_.requested()) break;
    }
    book_->give_up();
    progress_.clear();
  }

  [[nodiscard]] load_report report(const std::string& topic) const {
    const auto totals = out_.totals();
    load_report made;
    made.options = options_;
    made.topic = topic;
    made.stopped = !over();
    made.seconds = seconds_;
    made.planned = plan_ ? plan_->total() : 0;
    made.sent = totals.submitted;
    made.acknowledged = totals.acknowledged;
    made.refused = totals.refused;
    made.errors = totals.errors;
    made.delivery = book_->delivery();
    made.over_time = book_->over_time();
    return made;
  }

 private:
  [[nodiscard]] bool over() const {
    return plan_ ? sent_ >= plan_->total() : book_->elapsed_us() >= duration_us_;
  }

  [[nodiscard]] std::uint64_t due_now() const {
    if (!plan_) return load_batch_events;
    const auto due = plan_->due(book_->elapsed_us());
    return due > sent_ ? std::min<std::uint64_t>(due - sent_, load_batch_events) : 0;
  }

  void send(std::uint64_t count) {
    event_batch batch;
    auto marks = std::make_shared<std::vector<load_mark>>();
    batch.reserve(count);
    marks->reserve(count);
    const auto now = book_->elapsed_us();
    for (std::uint64_t i = 0; i < count; ++i) {
      auto [event, mark] = maker_.next(plan_ ? plan_->intended_us(sent_ + i) : now);
      batch.push_back(std::move(event));
      marks->push_back(mark);
    }
    const load_book::marks shared = std::move(marks);
    // Before the events are under way: one could arrive sooner than the call returns. A batch that
    // is cancelled stays without an answer, and so is given up.
    book_->submitted(shared);
    const bool sent = out_.send(
        std::move(batch), [this] { return stop_.requested(); },
        [book = book_, shared](const std::vector<delivery_result>& results) {
          book->settled(shared, results);
        });
    if (sent) sent_ += count;
  }

  void show_progress() {
    const auto now = load_book::clock::now();
    if (!progress_.visible() || now - shown_ < load_progress_interval) return;
    shown_ = now;
    const auto totals = out_.totals();
    const auto elapsed = static_cast<double>(book_->elapsed_us()) / 1e6;
    progress_.show(shown_decimal(elapsed, 1) + " of " + shown_decimal(options_.duration_s, 1) +
                   " s, sent " + grouped(static_cast<std::int64_t>(totals.submitted)) +
                   ", unsettled " + grouped(static_cast<std::int64_t>(totals.open())) + ", p99 " +
                   shown_duration(std::chrono::microseconds{book_->delivery_p99_us()}));
  }

  const stop_signal& stop_;
  const load_options& options_;
  std::shared_ptr<load_book> book_;
  publisher out_;
  event_maker maker_;
  std::int64_t duration_us_;
  std::optional<send_schedule> plan_;
  std::uint64_t sent_ = 0;
  double seconds_ = 0;
  load_book::clock::time_point shown_{};
  progress_line progress_;
};

std::int64_t peak_memory_kib() {
  rusage usage{};
  return ::getrusage(RUSAGE_SELF, &usage) == 0 ? usage.ru_maxrss : 0;
}

std::string report_line(const std::string& path, int why) {
  return "the report cannot be written to '" + path + "': " + std::strerror(why) +
         "; name another file with --report";
}

/// A line if it cannot be written.
std::optional<std::string> write_file(const std::string& path, const std::string& text) {
  errno = 0;
  std::ofstream file{path, std::ios::binary | std::ios::trunc};
  file << text;
  file.close();
  return file.fail() ? std::optional{report_line(path, errno)} : std::nullopt;
}

} // namespace

std::optional<std::string> problem_of_report(const load_options& options) {
  if (!options.report) return std::nullopt;
  const auto files = report_files_of(*options.report);
  for (const auto& path : {files.json, files.html}) {
    errno = 0;
    const std::ofstream file{path, std::ios::binary | std::ios::app};
    if (!file) return report_line(path, errno);
  }
  return std::nullopt;
}

void add_load_flags(CLI::App& app, load_options& options) {
  app.add_option("--rate", options.rate, "Events a second; 0: as fast as it goes (1000)")
      ->type_name("N");
  app.add_option("--duration", options.duration_s, "Seconds (30)")->type_name("S");
  app.add_option("--tenant-id", options.tenant_id, "One tenant of this name")->type_name("T");
  app.add_option("--tenants", options.tenants, "How many tenants (8)")->type_name("N");
  app.add_option("--keys", options.keys, "How many keys over all tenants (10000)")->type_name("N");
  app.add_option("--zipf", options.zipf, "Skew of the keys; 0: uniform (0.99)")->type_name("S");
  app.add_option("--payload-bytes", options.payload_bytes, "Size of a value (200)")->type_name("N");
  app.add_option("--burst", options.burst, "Seconds of load and of rest, by turns")
      ->type_name("ON:OFF");
  app.add_option("--report", options.report, "Write the report to FILE.json and FILE.html")
      ->type_name("FILE");
}

load_report send_load(event_session& session, const stop_signal& stop, const load_options& options,
                      const std::shared_ptr<load_book>& book) {
  const auto& config = session.config();
  load_sender sender{session, stop, options, book};
  sender.run();
  sender.settle(config.producer.delivery_timeout + load_report_grace);
  return sender.report(config.producer.events_topic);
}

int finish_load_test(load_report report) {
  report.peak_memory_kib = peak_memory_kib();
  std::fputs(report_text(report).c_str(), stdout);
  if (report.judged) {
    const auto shown = report.judged->clean() ? colour::green : colour::red;
    std::puts(("\n" + painted(terminal_of(stdout), shown, verdict_line(*report.judged))).c_str());
  }
  std::fflush(stdout);
  int code = exit_done;
  if (report.options.report) {
    const auto files = report_files_of(*report.options.report);
    auto problem = write_file(files.json, report_json(report));
    if (!problem) problem = write_file(files.html, report_html(report));
    if (problem) code = fail(exit_failed, *problem);
  }
  const auto missing = report.refused + unsettled(report);
  if (missing > 0) {
    code = fail(exit_failed, grouped(static_cast<std::int64_t>(missing)) +
                                 " events were not delivered to '" + report.topic + "'");
  }
  if (report.judged && !report.judged->clean()) {
    code = fail(exit_unverified,
                "the load was not processed cleanly: " + verdict_text(*report.judged));
  }
  return code;
}

} // namespace streamer::tools

#include "tests/bench/worker_handlers.hpp"

#include "runtime/handlers/builtin.hpp"
#include "tests/bench/tally.hpp"

#include <condition_variable>
#include <deque>
#include <stop_token>
#include <thread>

namespace streamer::bench {
namespace {

std::uint64_t checksum_of(const record_view& record) {
  return checksum(record.value().view(), record.tenant());
}

void count(const record_view& record) { tally::of_process().add(checksum_of(record)); }

outcome take(const record_view& record, emitter&) {
  count(record);
  return outcome::success();
}

outcome take_or_retry(const record_view& record, emitter& out) {
  return record.key().view().starts_with("retry-") ? outcome::retry("never done")
                                                   : take(record, out);
}

/// Lets every record wait, as many at a time as it is given.
class waiting_handler : public async_handler {
 public:
  explicit waiting_handler(std::chrono::microseconds wait)
      : wait_{wait}, timer_{[this](const std::stop_token& stop) { run(stop); }} {}

  void handle(std::span<delivery> batch) override {
    const auto at = clock::now() + wait_;
    const std::lock_guard lock{mutex_};
    const bool was_empty = due_.empty();
    for (auto& d : batch) {
      due_.push_back({at, std::move(d)});
    }
    if (was_empty) {
      woken_.notify_one();
    }
  }

 private:
  struct waiting {
    clock::time_point at;
    delivery of;
  };

  // All waits are equally long, so the first to come is the first to end.
  void run(const std::stop_token& stop) {
    std::vector<delivery> ended;
    std::unique_lock lock{mutex_};
    while (woken_.wait(lock, stop, [this] { return !due_.empty(); })) {
      const auto next = due_.front().at;
      if (clock::now() < next) {
        lock.unlock();
        std::this_thread::sleep_until(next);
        lock.lock();
      }
      const auto now = clock::now();
      while (!due_.empty() && due_.front().at <= now) {
        ended.push_back(std::move(due_.front().of));
        due_.pop_front();
      }
      lock.unlock();
      for (auto& d : ended) {
        count(d.record());
        d.complete(outcome::success());
      }
      ended.clear();
      lock.lock();
    }
  }

  std::chrono::microseconds wait_;
  std::mutex mutex_;
  std::condition_variable_any woken_;
  std::deque<waiting> due_;
  std::jthread timer_; // last: it uses all of the above
};

std::variant<any_handler, std::string> counted_forward(const handler_registry& builtin,
                                                       const handler_settings& entry) {
  auto made = builtin.make(entry);
  if (auto* const problem = std::get_if<std::string>(&made)) {
    return std::move(*problem);
  }
  auto inner = std::get<quick_handler>(std::get<any_handler>(made)).run;
  return any_handler{quick_handler{[inner](const record_view& record, emitter& out) {
    count(record);
    return inner(record, out);
  }}};
}

} // namespace

latency_book& latency_books::make() {
  const std::lock_guard lock{mutex_};
  books_.push_back(std::make_unique<latency_book>());
  return *books_.back();
}

std::string latency_books::text() const {
  const std::lock_guard lock{mutex_};
  latency_book all;
  for (const auto& book : books_) {
    all.merge(*book);
  }
  return all.text();
}

void add_handlers(handler_registry& registry, const handler_plan& plan, const log_handle& log,
                  const std::shared_ptr<latency_books>& latencies) {
  registry.add_quick("checksum", take);
  registry.add_quick("retrying", take_or_retry);
  registry.add_async("wait", std::make_shared<waiting_handler>(plan.wait));
  registry.add_blocking("block", [wait = plan.wait](const record_view& record, emitter& out) {
    std::this_thread::sleep_for(wait);
    return take(record, out);
  });
  registry.add_quick("latency", [latencies, plan](const record_view& record, emitter& out) {
    thread_local latency_book& mine = latencies->make();
    const auto mark = mark_of(record.value().view());
    if (mark.number >= plan.skip) {
      mine.add(mark.intended_ns, clock::now());
    }
    return take(record, out);
  });
  const auto builtin = std::make_shared<handler_registry>();
  add_builtin_handlers(*builtin, log);
  registry.add("forward", [builtin](const handler_settings& entry) {
    return counted_forward(*builtin, entry);
  });
}

} // namespace streamer::bench

#include "tests/support/scripted_handlers.hpp"

#include "tests/support/journal.hpp"
#include "tests/support/kill_points.hpp"

#include <signal.h>

#include <charconv>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace streamer::test {
namespace {

using std::chrono::milliseconds;
using clock = std::chrono::steady_clock;

// The script of one record, taken apart.
struct script {
  std::string verb;
  std::string argument;

  static script of(const record_view& record) {
    const std::string text{record.header(script_header).view()};
    const auto colon = text.find(':');
    return {text.substr(0, colon), colon == std::string::npos ? "" : text.substr(colon + 1)};
  }
  [[nodiscard]] std::uint64_t number() const {
    std::uint64_t value = 0;
    std::from_chars(argument.data(), argument.data() + argument.size(), value);
    return value;
  }
  [[nodiscard]] bool applies_to(std::uint32_t attempt) const {
    return argument.empty() || attempt <= number();
  }
};

// What the forms share: the options, the journal, and what needs no waiting.
class actor_of_scripts {
 public:
  explicit actor_of_scripts(const handler_settings& entry)
      : to_{entry.options.at("to")}, journal_{entry.options.at("journal")} {
    const auto gate = entry.options.find("gate");
    gate_ = gate == entry.options.end() ? "" : gate->second;
  }

  [[nodiscard]] journal_writer& journal() { return journal_; }

  // The outcome that the script asks for; absent: success.
  [[nodiscard]] std::optional<outcome> failure(const record_view& record, const script& s) const {
    if (s.verb == "segv" || s.verb == "kill") {
      raise(s.verb == "kill" ? SIGKILL : SIGSEGV);
    }
    if (s.verb == "reject") {
      return outcome::reject("scripted reject");
    }
    if (s.verb == "skip") {
      return outcome::skip("scripted skip");
    }
    if ((s.verb == "until" && is_closed(s)) ||
        (s.verb == "retry" && s.applies_to(record.attempt()))) {
      return outcome::retry("scripted retry");
    }
    return std::nullopt;
  }

  // Whether the gate that the script names has yet to open.
  [[nodiscard]] bool is_closed(const script& s) const {
    return !std::filesystem::exists(gate_ / s.argument);
  }

  // Lets escape what the script asks for. Apart from `failure`, since no exception may escape where
  // an asynchronous handler works.
  static void raise_exception(const record_view& record, const script& s) {
    if (s.verb == "permanent") {
      throw permanent_error{"scripted permanent error"};
    }
    if (s.verb == "throw" && s.applies_to(record.attempt())) {
      throw std::runtime_error{"scripted exception"};
    }
  }

  [[nodiscard]] outbound_event forwarded(const record_view& record) const {
    outbound_event event;
    event.topic = to_;
    event.keep_alive = record.ref();
    event.with_record_headers = true;
    return event;
  }

 private:
  std::string to_;
  std::filesystem::path gate_;
  journal_writer journal_;
};

std::string_view name_of(const outcome& result) {
  switch (result.kind) {
    case outcome_kind::success: return "success";
    case outcome_kind::skip: return "skip";
    case outcome_kind::retry: return "retry";
    case outcome_kind::reject: return "reject";
  }
  return "unknown";
}

outcome run_synchronous(actor_of_scripts& actor, const record_view& record, emitter& out) {
  const auto s = script::of(record);
  actor.journal().started(record);
  pass_kill_point("handler_begin");
  if (s.verb == "sleep") {
    std::this_thread::sleep_for(milliseconds{s.number()});
  }
  while (s.verb == "hang" && s.applies_to(record.attempt())) {
    std::this_thread::sleep_for(milliseconds{100});
  }
  auto result = actor.failure(record, s).value_or(outcome::success());
  if (s.verb == "permanent" || s.verb == "throw") {
    actor.journal().finished(record, s.verb);
    actor_of_scripts::raise_exception(record, s);
    return result;
  }
  if (result.kind == outcome_kind::success) {
    out.emit(actor.forwarded(record));
  }
  actor.journal().finished(record, name_of(result));
  return result;
}

record_function synchronous(const handler_settings& entry) {
  auto actor = std::make_shared<actor_of_scripts>(entry);
  return [actor](const record_view& record, emitter& out) {
    return run_synchronous(*actor, record, out);
  };
}

constexpr milliseconds gate_interval{20};

// Completes records on a thread of its own when their time has come.
class asynchronous final : public async_handler {
 public:
  explicit asynchronous(const handler_settings& entry)
      : actor_{entry}, thread_{[this] { serve(); }} {}
  asynchronous(const asynchronous&) = delete;
  asynchronous& operator=(const asynchronous&) = delete;
  ~asynchronous() override {
    {
      const std::lock_guard lock{mutex_};
      stopping_ = true;
    }
    wake_.notify_one();
    thread_.join();
  }

  void handle(std::span<delivery> batch) override {
    const std::lock_guard lock{mutex_};
    for (auto& one : batch) {
      const auto s = script::of(one.record());
      actor_.journal().started(one.record());
      pass_kill_point("handler_begin");
      if (s.verb == "hang" && s.applies_to(one.record().attempt())) {
        hanging_.push_back(std::move(one));
        continue;
      }
      const milliseconds pause{s.verb == "sleep" ? s.number() : 0};
      waiting_.emplace(clock::now() + pause, std::move(one));
    }
    wake_.notify_one();
  }

 private:
  void serve() {
    std::unique_lock lock{mutex_};
    while (!stopping_) {
      if (waiting_.empty()) {
        wake_.wait(lock);
        continue;
      }
      const auto due = waiting_.begin()->first;
      if (clock::now() < due) {
        wake_.wait_until(lock, due);
        continue;
      }
      auto one = std::move(waiting_.extract(waiting_.begin()).mapped());
      if (const auto s = script::of(one.record()); s.verb == "wait" && actor_.is_closed(s)) {
        waiting_.emplace(clock::now() + gate_interval, std::move(one));
        continue;
      }
      lock.unlock();
      finish(one);
      lock.lock();
    }
  }

  void finish(delivery& one) {
    // After its outcome a record is not to be looked at any more.
    const auto record = one.record();
    const auto s = script::of(record);
    auto result = actor_.failure(record, s).value_or(outcome::success());
    try {
      actor_of_scripts::raise_exception(record, s);
    } catch (const permanent_error& e) {
      result = outcome::reject(e.what());
    } catch (const std::exception& e) {
      result = outcome::retry(e.what());
    }
    actor_.journal().finished(record, one.cancel().cancelled() ? "cancelled" : name_of(result));
    if (result.kind == outcome_kind::success) {
      one.emit(actor_.forwarded(record));
    }
    one.complete(std::move(result));
    pass_kill_point("handler_end");
  }

  actor_of_scripts actor_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::multimap<clock::time_point, delivery> waiting_;
  std::vector<delivery> hanging_;
  bool stopping_ = false;
  std::thread thread_;
};

// Says what is missing, before a worker starts.
template <class Make>
handler_factory checked(Make make) {
  return [make](const handler_settings& entry) -> std::variant<any_handler, std::string> {
    for (const char* option : {"to", "journal"}) {
      if (!entry.options.contains(option)) {
        return "handlers: kind " + entry.kind + " needs `" + option + "`";
      }
    }
    return any_handler{make(entry)};
  };
}

} // namespace

void add_scripted_handlers(handler_registry& registry) {
  registry.add("scripted_quick", checked([](const handler_settings& entry) {
                 return quick_handler{synchronous(entry)};
               }));
  registry.add("scripted_blocking", checked([](const handler_settings& entry) {
                 return blocking_handler{synchronous(entry)};
               }));
  registry.add("scripted_async", checked([](const handler_settings& entry) {
                 return std::shared_ptr<async_handler>{std::make_shared<asynchronous>(entry)};
               }));
}

} // namespace streamer::test

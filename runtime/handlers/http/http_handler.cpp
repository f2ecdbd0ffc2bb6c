#include "runtime/handlers/http/http_handler.hpp"

#include "actors/tenant/pool_turns.hpp"
#include "config/secret.hpp"
#include "config/secret_file.hpp"
#include "runtime/handlers/delivery_inbox.hpp"
#include "runtime/handlers/http/concurrency_limit.hpp"
#include "runtime/handlers/http/transfer.hpp"
#include "runtime/handlers/options.hpp"
#include "runtime/logging/rate_limit.hpp"

#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <memory>
#include <mutex>
#include <thread>

namespace streamer {
namespace {

using clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds longest_sleep{1'000};
// How soon a request is broken off whose attempt nobody waits for any more.
constexpr milliseconds cancel_interval{100};
constexpr std::chrono::seconds authorization_interval{2};
constexpr std::chrono::seconds complaint_interval{5};
// Where the configuration names no number.
constexpr std::size_t first_concurrency = 4;
constexpr std::size_t most_concurrency = 256;

bool is_header_value(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= ' ' && c != '\x7f'; });
}

struct ends_multi {
  void operator()(CURLM* multi) const { curl_multi_cleanup(multi); }
};

/// The handler: a queue that is fair between tenants, and the thread of all its transfers.
class http_handler final : public async_handler {
 public:
  http_handler(http_plan plan, log_handle log, secret authorization)
      : plan_{std::move(plan)},
        log_{std::move(log)},
        limit_{plan_.concurrency == 0 ? first_concurrency : plan_.concurrency, most_concurrency},
        turns_{pool_share{allowed(), {}}},
        authorization_{std::move(authorization)},
        multi_{curl_multi_init()} {
    if (!multi_) {
      throw std::bad_alloc{};
    }
    curl_multi_setopt(
        multi_.get(), CURLMOPT_MAXCONNECTS,
        static_cast<long>(plan_.concurrency == 0 ? most_concurrency : plan_.concurrency));
    thread_ = std::thread{[this] { run(); }};
  }
  http_handler(const http_handler&) = delete;
  http_handler& operator=(const http_handler&) = delete;

  ~http_handler() override {
    stopping_.store(true);
    curl_multi_wakeup(multi_.get());
    thread_.join();
  }

  void handle(std::span<delivery> batch) override {
    if (inbox_.put(batch)) {
      curl_multi_wakeup(multi_.get());
    }
  }
  [[nodiscard]] bool queues() const override { return true; }

 private:
  void run() {
    pthread_setname_np(pthread_self(), "http-handler");
    while (!stopping_.load()) {
      turn();
    }
    for (auto& t : active_) {
      curl_multi_remove_handle(multi_.get(), t->handle());
    }
    active_.clear();
  }

  void turn() {
    const auto now = clock::now();
    for (auto& d : inbox_.take()) {
      const auto record = d.record();
      queue({std::move(d), std::string{record.tenant()}, record_guard(record)}, now);
    }
    renew_authorization(now);
    break_off(now);
    start_requests(now);
    int running = 0;
    curl_multi_perform(multi_.get(), &running);
    int left = 0;
    bool some_ended = false;
    while (const auto* message = curl_multi_info_read(multi_.get(), &left)) {
      if (message->msg == CURLMSG_DONE) {
        char* of = nullptr;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &of);
        ended(*reinterpret_cast<transfer*>(of), message->data.result);
        some_ended = true;
      }
    }
    if (!some_ended || turns_.queued() == 0) {
      curl_multi_poll(multi_.get(), nullptr, 0, sleep_time(clock::now()), nullptr);
    }
  }

  [[nodiscard]] int sleep_time(clock::time_point now) const {
    auto time = active_.empty() ? longest_sleep : cancel_interval;
    if (turns_.queued() > 0 && now < paused_until_) {
      time = std::min(time, std::chrono::ceil<milliseconds>(paused_until_ - now));
    }
    return static_cast<int>(time.count());
  }

  // Requests that may run now.
  [[nodiscard]] std::size_t allowed() const {
    return plan_.concurrency == 0 ? limit_.value() : plan_.concurrency;
  }

  void queue(http_record&& held, clock::time_point now) {
    const auto tenant = held.tenant;
    const auto guard = held.guard;
    turns_.push(tenant, guard, std::move(held), now);
  }

  void start_requests(clock::time_point now) {
    turns_.resize(allowed());
    while (now >= paused_until_ && active_.size() < allowed()) {
      auto next = turns_.take(now);
      if (!next) {
        return;
      }
      auto held = std::move(next->job);
      if (held.record.cancel().cancelled()) {
        turns_.finished(held.tenant, held.guard, {}, now);
        continue;
      }
      held.sent = now;
      held.record.begins();
      if (idle_.empty()) {
        idle_.push_back(std::make_unique<transfer>(plan_));
      }
      auto t = std::move(idle_.back());
      idle_.pop_back();
      t->prepare(std::move(held), authorization_);
      curl_multi_add_handle(multi_.get(), t->handle());
      active_.push_back(std::move(t));
    }
  }

  // Nobody waits for these any more: their time is up, or their partition has gone.
  void break_off(clock::time_point now) {
    if (now - looked_at_ < cancel_interval) {
      return;
    }
    looked_at_ = now;
    for (std::size_t i = active_.size(); i-- > 0;) {
      if (active_[i]->held().record.cancel().cancelled()) {
        const auto held = take_back(*active_[i]);
        turns_.finished(held.tenant, held.guard, now - held.sent, now);
      }
    }
  }

  // Takes the record out of a transfer, which is idle then.
  http_record take_back(transfer& t) {
    curl_multi_remove_handle(multi_.get(), t.handle());
    auto held = t.release();
    const auto at = std::ranges::find(active_, &t, [](const auto& a) { return a.get(); });
    idle_.push_back(std::move(*at));
    *at = std::move(active_.back());
    active_.pop_back();
    return held;
  }

  void ended(transfer& t, CURLcode result) {
    const auto now = clock::now();
    const auto successes = successes_;
    std::optional<outcome> settled =
        t.has_response(result) ? judge(t, now) : failure(t, result, now);
    // Not what failed: a service that refuses is quick.
    if (successes_ > successes) {
      limit_.answered(now - t.held().sent, active_.size());
    } else if (!settled || result == CURLE_OPERATION_TIMEDOUT) {
      limit_.turned_away();
    }
    auto held = take_back(t);
    turns_.finished(held.tenant, held.guard, now - held.sent, now);
    if (settled) {
      held.record.complete(std::move(*settled));
    } else {
      held.record.waits();
      queue(std::move(held), now);
    }
  }

  // Nothing: the record waits.
  std::optional<outcome> judge(transfer& t, clock::time_point now) {
    const auto status = t.status();
    const auto judged = judge_response(plan_.rules, status, t.retry_after());
    const auto text = std::to_string(status);
    const auto failed = [&](outcome_kind kind) {
      return outcome{kind, failure_class::handler, "the server answered " + text, "http_" + text};
    };
    switch (judged.meaning) {
      case response_meaning::success: ++successes_; return take_reply(t);
      case response_meaning::skip:
        ++successes_;
        return outcome::skip("the server answered " + text);
      case response_meaning::retry: return failed(outcome_kind::retry);
      case response_meaning::reject: return failed(outcome_kind::reject);
      case response_meaning::hold: break;
    }
    paused_until_ = std::max(paused_until_, now + judged.pause);
    if (const auto suppressed = paused_named_.pass(now)) {
      log_.warn("http_paused", "a server asks to wait: its handler pauses, and counts no attempt",
                {{"status", status},
                 {"pause_ms", judged.pause.count()},
                 {"queued", turns_.queued()},
                 {"suppressed", *suppressed}});
    }
    if (!t.held().patient.refused(successes_)) {
      return failed(outcome_kind::retry);
    }
    return std::nullopt;
  }

  outcome take_reply(transfer& t) {
    if (plan_.reply_to.empty()) {
      return outcome::success();
    }
    if (t.too_long()) {
      return {outcome_kind::reject, failure_class::handler,
              "the response is longer than max_response_bytes (" +
                  std::to_string(plan_.max_response_bytes) + ")",
              "http_response_too_long"};
    }
    const bool is_event =
        std::ranges::any_of(t.headers(), [](const auto& h) { return h.first == "ce-specversion"; });
    if (is_event || !t.body().empty()) {
      t.held().record.emit(
          reply_event(plan_.reply_to, t.held().record.record(), t.headers(), std::move(t.body())));
    }
    return outcome::success();
  }

  outcome failure(const transfer& t, CURLcode result, clock::time_point now) {
    if (result == CURLE_OPERATION_TIMEDOUT) {
      return {outcome_kind::retry, failure_class::timeout, t.problem(result), "http_timeout"};
    }
    const bool not_trusted = result == CURLE_PEER_FAILED_VERIFICATION;
    if (const auto suppressed = failure_named_.pass(now)) {
      log_.warn(not_trusted ? "http_not_trusted" : "http_failed",
                not_trusted ? "a server's certificate is refused: name its authority in "
                              "ssl_ca_location"
                            : "a request got no response",
                {{"why", t.problem(result)}, {"suppressed", *suppressed}});
    }
    return {outcome_kind::retry, failure_class::handler, "no response: " + t.problem(result),
            not_trusted ? "http_not_trusted" : "http_no_response"};
  }

  void renew_authorization(clock::time_point now) {
    if (plan_.authorization_file.empty() || now - authorization_read_ < authorization_interval) {
      return;
    }
    authorization_read_ = now;
    std::string error;
    auto text = read_secret_file(plan_.authorization_file, error);
    if (text && is_header_value(*text)) {
      authorization_ = secret{*text};
    } else if (const auto suppressed = failure_named_.pass(now)) {
      log_.warn("http_authorization",
                "the authorization_file of a handler cannot be used; the old "
                "value stays",
                {{"file", plan_.authorization_file},
                 {"why", text ? std::string{"it has a control character"} : error},
                 {"suppressed", *suppressed}});
    }
  }

  http_plan plan_;
  log_handle log_;
  delivery_inbox inbox_;
  std::atomic<bool> stopping_{false};

  // Of the thread.
  concurrency_limit limit_;
  pool_turns<http_record> turns_;
  secret authorization_;
  clock::time_point authorization_read_ = clock::now();
  clock::time_point paused_until_{};
  clock::time_point looked_at_{};
  std::uint64_t successes_ = 0;
  every paused_named_{complaint_interval};
  every failure_named_{complaint_interval};
  std::unique_ptr<CURLM, ends_multi> multi_;
  std::vector<std::unique_ptr<transfer>> active_;
  std::vector<std::unique_ptr<transfer>> idle_;

  std::thread thread_;
};

/// Why the URL cannot be one, as curl reads it.
std::optional<std::string> url_problem(const std::string& text) {
  const std::unique_ptr<CURLU, void (*)(CURLU*)> url{curl_url(), curl_url_cleanup};
  const auto result = curl_url_set(url.get(), CURLUPART_URL, text.c_str(), 0);
  return result == CURLUE_OK ? std::nullopt : std::optional{std::string{curl_url_strerror(result)}};
}

http_plan plan_of(const handler_settings& entry) {
  const handler_options options{entry};
  http_plan plan;
  plan.url = options.text("url");
  plan.method = options.text("method");
  plan.as_event = options.text("format") == "cloudevents";
  plan.own_headers = options.table("request_headers");
  plan.authorization_file = options.text("authorization_file");
  plan.concurrency = entry.concurrency;
  plan.timeout = entry.timeout;
  plan.connect_timeout = options.duration("connect_timeout_ms");
  const auto statuses = [&](const char* name) {
    return read_status_ranges(options.text(name)).value_or(status_ranges{});
  };
  plan.rules = {statuses("success_status"), statuses("skip_status"), statuses("retry_status"),
                options.duration("max_pause_ms")};
  plan.reply_to = options.text("reply_to");
  plan.max_response_bytes = options.number("max_response_bytes");
  plan.ssl_ca_location = options.text("ssl_ca_location");
  plan.allow_insecure = options.flag("allow_insecure");
  return plan;
}

} // namespace

std::variant<any_handler, std::string> make_http_handler(const handler_settings& entry,
                                                         const log_handle& log) {
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
  auto plan = plan_of(entry);
  if (const auto problem = url_problem(plan.url)) {
    return "handlers: the url of an http handler cannot be used: " + *problem;
  }
  std::error_code error;
  if (!plan.ssl_ca_location.empty() && !std::filesystem::exists(plan.ssl_ca_location, error)) {
    return "handlers.ssl_ca_location = \"" + plan.ssl_ca_location +
           "\": there is no such file or folder";
  }
  secret authorization;
  if (!plan.authorization_file.empty()) {
    std::string why;
    const auto text = read_secret_file(plan.authorization_file, why);
    if (!text || !is_header_value(*text)) {
      return "handlers.authorization_file = \"" + plan.authorization_file + "\" " +
             (text ? std::string{"has a control character in it"} : why);
    }
    authorization = secret{*text};
  }
  if (plan.allow_insecure) {
    log.warn("http_insecure", "allow_insecure: the server's certificate is not verified");
  }
  return any_handler{std::shared_ptr<async_handler>{
      std::make_shared<http_handler>(std::move(plan), log, std::move(authorization))}};
}

} // namespace streamer

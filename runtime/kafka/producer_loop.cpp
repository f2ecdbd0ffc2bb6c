#include "runtime/kafka/producer_loop.hpp"

#include "messages/planted_bugs.hpp"
#include "runtime/kafka/error_map.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace streamer {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr milliseconds longest_sleep{100};
constexpr seconds ask_interval{2};
// After a purge the reports come at once; the library is not waited for any longer.
constexpr seconds purge_budget{2};
// How long records that are on their way may hold up new certificates.
constexpr seconds renew_budget{10};
// A client that is refused for good (no right to write at all) fails anew each time.
constexpr int most_fruitless = 5;
constexpr milliseconds rebuild_pause{100};
// One turn hands over this much before it looks at reports again.
constexpr int most_a_turn = 5'000;

delivery_result refusal_of(rd_kafka_resp_err_t code) {
  delivery_result result;
  result.state = delivery_state_of(code);
  result.error_name = error_name(code);
  result.too_large = is_too_large(code);
  return result;
}

delivery_result given_up_result() { return refusal_of(RD_KAFKA_RESP_ERR__PURGE_QUEUE); }

} // namespace

producer_loop::producer_loop(const settings& config, producer_mode mode, producer_limits limits,
                             sink_events& events, log_handle log)
    : credentials_{config, log},
      mode_{mode},
      limits_{limits},
      events_{events},
      log_{log},
      health_{std::move(log), "producer", config.kafka} {}

producer_loop::~producer_loop() { close(milliseconds{0}); }

std::string producer_loop::open() {
  auto client = producing_client::create(config(), mode_, limits_, health_, reports_);
  if (!client) {
    return client.error();
  }
  client_ = std::move(client).value();
  thread_ = std::thread{[this] { thread_main(); }};
  return {};
}

void producer_loop::submit(std::uint64_t request, event_batch_ptr batch) {
  const bool open = [&] {
    const std::lock_guard lock{close_mutex_};
    if (!closed_) {
      waiting_.fetch_add(batch->size(), std::memory_order_relaxed);
      inbox_.put({request, batch});
    }
    return !closed_;
  }();
  if (!open) {
    refuse(request, *batch);
  }
}

void producer_loop::refuse(std::uint64_t request, const event_batch& batch) const {
  events_.on_delivered(request, std::vector<delivery_result>(batch.size(), given_up_result()));
}

bool producer_loop::close(milliseconds budget) {
  {
    const std::lock_guard lock{close_mutex_};
    if (std::exchange(closed_, true)) {
      return !given_up_.load();
    }
  }
  close_by_ns_.store((clock::now() + budget).time_since_epoch().count());
  closing_.store(true);
  inbox_.poke();
  if (thread_.joinable()) {
    thread_.join();
  }
  return !given_up_.load();
}

void producer_loop::thread_main() {
  for (;;) {
    const auto now = clock::now();
    const bool closing = closing_.load();
    take_submissions();
    look_at_credentials(now);
    serve_client();
    advance_renewal(now);
    if (closing) {
      if (book_.waiting() == 0) {
        break;
      }
      if (client_ == nullptr || now.time_since_epoch().count() >= close_by_ns_.load()) {
        give_up();
        break;
      }
    }
    wait();
  }
  replace_client(nullptr);
}

void producer_loop::serve_client() {
  if (client_ == nullptr) {
    return;
  }
  take_reports();
  if (client_->fatal() || (single_ != nullptr && single_->fatal())) {
    rebuild();
  }
  // Who is about to be replaced gets nothing more.
  if (client_ != nullptr && next_ == nullptr) {
    hand_over();
    hand_over_alone();
  }
}

void producer_loop::take_reports() {
  for (auto* const client : {client_.get(), single_.get()}) {
    if (client != nullptr) {
      client->take_reports([this](auto& which, const auto& message) { on_report(which, message); });
    }
  }
}

void producer_loop::take_submissions() {
  inbox_.take(taken_);
  for (auto& [request, batch] : taken_) {
    if (batch->empty()) {
      events_.on_delivered(request, {});
    } else {
      book_.enter(request, std::move(batch));
    }
  }
}

void producer_loop::hand_over() {
  full_ = false;
  for (int i = 0; i < most_a_turn; ++i) {
    auto* const which = book_.next();
    if (which == nullptr) {
      return;
    }
    const auto code = client_->produce(*which);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
      book_.hand_over(*which);
      continue;
    }
    if (code == RD_KAFKA_RESP_ERR__QUEUE_FULL) {
      queue_full_.fetch_add(1, std::memory_order_relaxed);
      if (planted("drop_on_queue_full")) {
        settle(*which, {});
        continue;
      }
      full_ = true;
      return;
    }
    if (client_->fatal()) {
      return; // the next turn builds a new client
    }
    settle(*which, refusal_of(code));
  }
  inbox_.poke();
}

// A topic's limit holds for a whole batch, and the broker does not say which record was too much.
void producer_loop::hand_over_alone() {
  if (alone_.empty()) {
    return;
  }
  if (single_ == nullptr) {
    log_.warn("batch_too_large",
              "a topic's max.message.bytes is smaller than a batch; its records are sent singly",
              {{"topic", alone_.front()->event().topic}});
    auto made =
        producing_client::create(config(), mode_, limits_, health_, reports_, batching::one);
    if (!made) {
      for (auto* const each : std::exchange(alone_, {})) {
        settle(*each, refusal_of(RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE));
      }
      return;
    }
    single_ = std::move(made).value();
  }
  while (!alone_.empty()) {
    auto& which = *alone_.front();
    const auto code = single_->produce(which);
    if (code == RD_KAFKA_RESP_ERR__QUEUE_FULL || single_->fatal()) {
      return;
    }
    alone_.pop_front();
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
      settle(which, refusal_of(code));
    }
  }
}

void producer_loop::on_report(delivery_book::slot& which, const rd_kafka_message_t& message) {
  if (message.err == RD_KAFKA_RESP_ERR_NO_ERROR) {
    delivery_result result;
    result.partition = partition_id{message.partition};
    result.offset = offset_id{message.offset};
    result.latency_us = rd_kafka_message_latency(&message);
    fruitless_ = 0;
    if (!health_.connected()) {
      health_.answered();
    }
    settle(which, std::move(result));
    return;
  }
  const bool taken_back = next_ != nullptr && (message.err == RD_KAFKA_RESP_ERR__PURGE_QUEUE ||
                                               message.err == RD_KAFKA_RESP_ERR__PURGE_INFLIGHT);
  if (taken_back || client_->fatal() || (single_ != nullptr && single_->fatal())) {
    return; // not the record's fault: it is handed over again, to a new client
  }
  if (is_too_large(message.err) && !which.alone) {
    which.alone = true;
    alone_.push_back(&which);
    return;
  }
  auto result = refusal_of(message.err);
  result.latency_us = rd_kafka_message_latency(&message);
  settle(which, std::move(result));
}

void producer_loop::settle(delivery_book::slot& which, delivery_result result) {
  (result.state == delivery_state::acknowledged ? acknowledged_ : refused_)
      .fetch_add(1, std::memory_order_relaxed);
  waiting_.fetch_sub(1, std::memory_order_relaxed);
  if (auto* const done = book_.settle(which, std::move(result))) {
    auto results = std::move(done->results);
    const auto id = done->id;
    book_.take(*done);
    events_.on_delivered(id, std::move(results));
  }
}

// A fatal error voids the order of what is on its way (the broker and the client disagree on the
// sequence). Reports of what did arrive are taken first; everything else is sent again in order.
void producer_loop::rebuild() {
  const auto reason = (client_->fatal() ? *client_ : *single_).fatal_line();
  log_.warn("producer_rebuilt", "the producer cannot go on; a new one sends the rest again",
            {{"reason", reason}, {"events", book_.waiting()}});
  client_->purge();
  take_reports();
  replace_client(nullptr);
  rebuilt_.fetch_add(1, std::memory_order_relaxed);
  if (++fruitless_ > most_fruitless) {
    fail(reason);
    return;
  }
  std::this_thread::sleep_for(rebuild_pause * fruitless_);
  auto next = producing_client::create(config(), mode_, limits_, health_, reports_);
  if (!next) {
    fail(next.error());
    return;
  }
  client_ = std::move(next).value();
}

void producer_loop::replace_client(std::unique_ptr<producing_client> next) {
  client_ = std::move(next);
  single_.reset();
  next_.reset();
  alone_.clear();
  book_.rewind();
}

void producer_loop::look_at_credentials(clock::time_point now) {
  if (client_ == nullptr || closing_.load()) {
    return;
  }
  switch (credentials_.look(now)) {
    case rotation::none: return;
    case rotation::login:
      for (auto* const client : {client_.get(), single_.get(), next_.get()}) {
        if (client != nullptr) {
          client->log_in_with(config().kafka);
        }
      }
      log_.info("credentials_renewed", "new logins use the new password", {{"client", "producer"}});
      return;
    case rotation::client: break;
  }
  // Made first: files that do not fit together must not cost the client that works.
  auto made = producing_client::create(config(), mode_, limits_, health_, reports_);
  if (!made) {
    log_.error("credentials_unusable",
               "the new certificate, key or secret cannot be used; the old ones stay in use until "
               "the files change again",
               {{"client", "producer"}, {"reason", made.error()}});
    return;
  }
  next_ = std::move(made).value();
  renew_by_ = now + renew_budget;
}

bool producer_loop::busy() const {
  return client_->busy() || (single_ != nullptr && single_->busy());
}

// Where nothing is on its way nothing is sent twice.
void producer_loop::advance_renewal(clock::time_point now) {
  if (next_ == nullptr || client_ == nullptr || (busy() && now < renew_by_)) {
    return;
  }
  client_->purge();
  take_reports();
  replace_client(std::move(next_));
  log_.info("credentials_renewed", "a new client uses the new certificates and secrets",
            {{"client", "producer"}});
  inbox_.poke();
}

void producer_loop::fail(std::string reason) {
  log_.error("producer_failed", "no producer can be set up", {{"reason", reason}});
  events_.on_sink_failed("the Kafka producer cannot go on: " + std::move(reason));
}

void producer_loop::give_up() {
  given_up_.store(true);
  next_.reset();
  if (client_ != nullptr) {
    log_.warn("producer_gives_up", "records are not acknowledged at the deadline; given up",
              {{"events", book_.waiting()}});
    client_->purge();
    if (single_ != nullptr) {
      single_->purge();
    }
    const auto until = clock::now() + purge_budget;
    // The purge's reports tell which records arrived all the same.
    for (bool first = true; first || (book_.waiting() > 0 && clock::now() < until); first = false) {
      take_reports();
      while (auto* const left = book_.next()) {
        settle(*left, given_up_result());
      }
      if (book_.waiting() > 0) {
        const std::array<const wakeup*, 1> flags{&reports_};
        wait_for_any(flags, milliseconds{20});
      }
    }
  }
  client_.reset();
  single_.reset();
  alone_.clear();
  book_.rewind();
  while (auto* const left = book_.next()) {
    settle(*left, given_up_result());
  }
}

void producer_loop::wait() {
  const auto now = clock::now();
  if (!health_.connected() && client_ != nullptr && now - asked_at_ >= ask_interval) {
    asked_at_ = now;
    client_->ask_brokers();
  }
  const std::array<const wakeup*, 2> flags{&inbox_.flag(), &reports_};
  auto sleep = longest_sleep;
  if (closing_.load()) {
    sleep = milliseconds{20};
  }
  // A full queue empties by reports; new submissions are no reason to try again.
  wait_for_any(full_ ? std::span{flags}.last(1) : std::span{flags}, sleep);
}

producer_status producer_loop::status() const {
  producer_status result;
  result.connected = health_.connected();
  result.authenticated = health_.authenticated();
  result.acknowledged = acknowledged_.load(std::memory_order_relaxed);
  result.refused = refused_.load(std::memory_order_relaxed);
  result.queue_full = queue_full_.load(std::memory_order_relaxed);
  result.rebuilt = rebuilt_.load(std::memory_order_relaxed);
  result.auth_failures = health_.auth_failures();
  result.broker_errors = health_.broker_errors();
  result.waiting_events = waiting_.load(std::memory_order_relaxed);
  return result;
}

} // namespace streamer

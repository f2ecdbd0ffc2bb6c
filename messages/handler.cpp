#include "messages/handler.hpp"

#include <cxxabi.h>
#include <typeinfo>

namespace streamer {
namespace {

std::string type_name(const std::type_info& type) {
  int status = 0;
  const std::unique_ptr<char, void (*)(void*)> text{
      abi::__cxa_demangle(type.name(), nullptr, nullptr, &status), std::free};
  return status == 0 ? std::string{text.get()} : std::string{type.name()};
}

} // namespace

bool completion_queue::push(std::shared_ptr<attempt> done) {
  std::function<void()> wake;
  {
    const std::lock_guard lock{mutex_};
    if (closed_) {
      return false;
    }
    done_.push_back(std::move(done));
    if (done_.size() > 1) {
      return true;
    }
    wake = wake_;
  }
  wake();
  return true;
}

std::vector<std::shared_ptr<attempt>> completion_queue::take() {
  const std::lock_guard lock{mutex_};
  return std::exchange(done_, {});
}

void completion_queue::close() {
  const std::lock_guard lock{mutex_};
  closed_ = true;
  done_.clear();
  wake_ = nullptr;
}

bool attempt::complete(outcome result) {
  int expected = running_;
  // The result is written before the attempt is queued; only the winner writes it.
  if (!phase_.compare_exchange_strong(expected, ended_, std::memory_order_acq_rel)) {
    if (expected >= fenced_) {
      count_late(counters_->late_completions);
    } else {
      counters_->repeated.fetch_add(1);
    }
    return false;
  }
  result_ = std::move(result);
  if (!queue_->push(shared_from_this())) {
    counters_->late_completions.fetch_add(1);
    return false;
  }
  return true;
}

void attempt::emit(outbound_event event) {
  if (ended()) {
    count_late(counters_->late_events);
    return;
  }
  events_.push_back(std::move(event));
}

bool attempt::fence(fence_cause why) {
  int expected = running_;
  return phase_.compare_exchange_strong(
      expected, why == fence_cause::epoch_ended ? stale_ : fenced_, std::memory_order_acq_rel);
}

void attempt::count_late(std::atomic<std::uint64_t>& what) const {
  if (phase_.load(std::memory_order_acquire) == stale_) {
    counters_->stale.fetch_add(1);
  }
  what.fetch_add(1);
}

delivery& delivery::operator=(delivery&& other) noexcept {
  if (this != &other) {
    abandon();
    attempt_ = std::move(other.attempt_);
  }
  return *this;
}

void delivery::begins() {
  attempt_->started_ns.store(std::chrono::steady_clock::now().time_since_epoch().count());
}

void delivery::waits() { attempt_->started_ns.store(0); }

void delivery::abandon() noexcept {
  if (!attempt_ || attempt_->ended()) {
    return;
  }
  try {
    attempt_->complete({outcome_kind::retry,
                        failure_class::abandoned,
                        "the handler let go of the record without an outcome",
                        {}});
  } catch (...) {
    // Out of memory while giving up: the attempt stays unfinished and its timeout ends it.
    return;
  }
}

outcome call_guarded(const record_function& run, const record_view& record, emitter& out) noexcept {
  try {
    return run(record, out);
  } catch (const permanent_error& e) {
    return {outcome_kind::reject, failure_class::exception, e.what(), type_name(typeid(e))};
  } catch (const std::exception& e) {
    return {outcome_kind::retry, failure_class::exception, e.what(), type_name(typeid(e))};
  } catch (...) {
    return {outcome_kind::retry, failure_class::exception, "an exception of unknown type", {}};
  }
}

} // namespace streamer

#include "runtime/system/start_checks.hpp"

#include "runtime/kafka/surroundings.hpp"
#include "runtime/system/local_facts.hpp"

#include <chrono>
#include <utility>

namespace streamer {
namespace {

constexpr std::chrono::milliseconds look_again{200};
constexpr std::chrono::seconds longest_wait{60};
constexpr std::chrono::seconds request_timeout{3};

void tell(const findings& all, const log_handle& log) {
  for (const auto& f : all) {
    const std::initializer_list<log_field> fields{
        {"check", f.id}, {"subject", f.subject}, {"what", f.what}, {"remedy", f.remedy}};
    if (f.how == severity::problem) {
      log.warn("doctor_problem", "something around this worker is wrong", fields);
    } else if (f.how == severity::warning) {
      log.info("doctor_warning", "something around this worker may go wrong", fields);
    }
  }
}

} // namespace

start_checks::start_checks(const settings& config, std::function<bool()> connected, log_handle log)
    : config_{config},
      connected_{std::move(connected)},
      log_{std::move(log)},
      thread_{[this](const std::stop_token& stop) { run(stop); }} {}

start_checks::~start_checks() {
  thread_.request_stop();
  {
    const std::lock_guard lock{mutex_};
    if (cluster_) {
      cluster_->cancel();
    }
  }
  thread_.join();
}

void start_checks::run(const std::stop_token& stop) {
  const auto give_up = std::chrono::steady_clock::now() + longest_wait;
  while (!connected_()) {
    if (stop.stop_requested() || std::chrono::steady_clock::now() > give_up) {
      return;
    }
    std::this_thread::sleep_for(look_again);
  }
  auto opened = admin_client::open(config_, log_, request_timeout);
  if (!opened) {
    return; // the worker's own clients have said so
  }
  auto* const cluster = opened.value().get();
  {
    const std::lock_guard lock{mutex_};
    cluster_ = std::move(opened).value();
  }
  if (!stop.stop_requested()) {
    const auto facts = ask_cluster(config_, *cluster, coordinator::left_alone);
    if (!stop.stop_requested()) {
      tell(judge_surroundings(config_, facts, look_around(config_), sizes_for(config_)), log_);
    }
  }
  const std::lock_guard lock{mutex_};
  cluster_.reset();
}

} // namespace streamer

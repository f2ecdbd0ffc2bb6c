#include "tests/chaos/support/fleet.hpp"

#include <signal.h>

#include <algorithm>
#include <catch2/catch_test_macros.hpp>

#include "tests/support/progress.hpp"

namespace streamer::test {
namespace {

// By which the group's members are told apart.
std::string client_id(std::size_t place) { return "place-" + std::to_string(place); }

} // namespace

fleet::fleet(const scenario& s, worker_config config, chaos_report& report, worker_binary which)
    : scenario_{s}, config_{std::move(config)}, report_{report}, which_{which} {}

std::size_t fleet::add() {
  places_.push_back(nullptr);
  start(places_.size() - 1);
  return places_.size() - 1;
}

// Who is started anew finds what its predecessor has left.
void fleet::start(std::size_t place) {
  auto config = config_;
  config.text("runtime.state_dir",
              (scenario_.directory() / ("state-" + std::to_string(place))).string());
  if (!config.has("kafka.client_id")) {
    config.text("kafka.client_id", client_id(place));
  }
  places_.at(place) = std::make_unique<worker>(
      scenario_.directory(),
      "worker-" + std::to_string(place) + "-run-" + std::to_string(++started_), config, which_);
  memory_.begin(at(place).program().id());
}

void fleet::tell_memory(std::size_t place, pid_t id) {
  note_memory(report_, at(place));
  report_.steady_memory(memory_.end(id));
}

void fleet::kill(std::size_t place) {
  auto& w = at(place);
  const auto id = w.program().id();
  w.program().signal(SIGKILL);
  const auto status = w.program().wait(10s);
  REQUIRE(status);
  INFO(w.log_tail());
  REQUIRE(status->signal == SIGKILL);
  tell_memory(place, id);
  places_.at(place) = nullptr;
}

fleet::stopped fleet::stop(std::size_t place) {
  auto& w = at(place);
  const auto id = w.program().id();
  const auto begin = std::chrono::steady_clock::now();
  const auto status = w.stop();
  const auto took =
      std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - begin);
  tell_memory(place, id);
  INFO(w.log_tail());
  CHECK(status.code == 0);
  places_.at(place) = nullptr;
  return {status, took};
}

void fleet::stop_all() {
  for (std::size_t place = 0; place < places_.size(); ++place) {
    if (runs(place)) {
      stop(place);
    }
  }
}

std::size_t fleet::running() const {
  return static_cast<std::size_t>(
      std::count_if(places_.begin(), places_.end(), [](const auto& w) { return w != nullptr; }));
}

void fleet::wait_until_ready() {
  for (const auto& w : places_) {
    if (w) {
      w->wait_until_ready();
    }
  }
}

std::vector<std::int32_t> fleet::partitions_of_others(std::size_t place) const {
  std::vector<std::int32_t> others;
  for (const auto& member : describe_group(scenario_.bootstrap, scenario_.group).members) {
    if (member.client_id != client_id(place)) {
      others.insert(others.end(), member.partitions.begin(), member.partitions.end());
    }
  }
  return others;
}

double fleet::received(std::size_t place) const {
  return metric_sum(places_.at(place)->metrics(), "streamer_records_received_total").value_or(0);
}

void fleet::wait_until_busy(std::size_t place, double beyond) {
  INFO("place " << place << "\n" << at(place).log_tail());
  REQUIRE(wait_until([&] { return received(place) > beyond; }, 60s));
}

void require_untouched(chaos_report& report, const output_windows& windows, const run_record& run) {
  const auto times = times_of_output(run.sent, run.output);
  std::size_t looked_at = 0;
  for (const auto& w : windows) {
    for (const auto& [partition, gap] : longest_gaps(times, w.from_ms, w.to_ms)) {
      if (std::find(w.partitions.begin(), w.partitions.end(), partition) != w.partitions.end()) {
        ++looked_at;
        report.recovered("partitions not hit go on", milliseconds{gap}, 2s);
      }
    }
  }
  REQUIRE(looked_at > 0);
}

worker_config brisk(worker_config config) {
  config.value("consumer.session_timeout_ms", std::to_string(brisk_session.count()));
  config.value("consumer.properties", "{ \"heartbeat.interval.ms\" = \"500\" }");
  return config;
}

} // namespace streamer::test

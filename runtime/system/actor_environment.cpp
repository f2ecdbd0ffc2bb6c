#include "runtime/system/actor_environment.hpp"

#include "runtime/inspection/message_types.hpp"

#include <caf/config.hpp>
#include <caf/io/middleman.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <fstream>
#include <thread>
#include <utility>
#include <vector>

namespace streamer {
namespace {

// Messages that an actor may handle before it yields; the default never yields.
constexpr std::size_t max_throughput = 64;

constexpr std::array supervised_kinds{
    "consumer_supervisor", "partition_consumer", "tenant_supervisor", "handler",
    "retry_supervisor",    "dlq_supervisor",     "quarantine",        "producer",
    "root_supervisor",     "inspector"};

// cgroup v2: "max 100000" or "quota period". 0: no limit.
double cgroup_limit() {
  std::ifstream file{"/sys/fs/cgroup/cpu.max"};
  std::string quota;
  double period = 0;
  if (!(file >> quota >> period) || quota == "max" || period <= 0) {
    return 0;
  }
  return std::strtod(quota.c_str(), nullptr) / period;
}

} // namespace

std::size_t usable_cpus() {
  const auto all = std::max(1U, std::thread::hardware_concurrency());
  const auto limit = cgroup_limit();
  return limit > 0 ? std::clamp<std::size_t>(static_cast<std::size_t>(std::ceil(limit)), 1, all)
                   : all;
}

void count_mailboxes(caf::actor_system_config& config) {
  config.set("caf.metrics-filters.actors.includes",
             std::vector<std::string>{supervised_kinds.begin(), supervised_kinds.end()});
}

actor_environment::actor_environment(std::size_t threads, bool remote) {
  register_message_types();
  config_ = std::make_unique<caf::actor_system_config>();
  config_->set("caf.scheduler.policy", "sharing");
  config_->set("caf.scheduler.max-threads",
               threads > 0 ? threads : std::max<std::size_t>(2, usable_cpus()));
  config_->set("caf.scheduler.max-throughput", max_throughput);
  count_mailboxes(*config_);
  if (remote) {
    config_->load<caf::io::middleman>();
  }
  system_ = std::make_unique<caf::actor_system>(*config_);
  if (remote) {
    hide_named_actors(*system_);
  }
}

std::string caf_version() {
  return std::to_string(CAF_MAJOR_VERSION) + "." + std::to_string(CAF_MINOR_VERSION) + "." +
         std::to_string(CAF_PATCH_VERSION);
}

} // namespace streamer

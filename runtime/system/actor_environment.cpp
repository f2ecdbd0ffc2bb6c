#include "runtime/system/actor_environment.hpp"

#include "messages/actor_interfaces.hpp"

#include <caf/config.hpp>
#include <caf/init_global_meta_objects.hpp>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <mutex>
#include <thread>

namespace streamer {
namespace {

// Messages that an actor may handle before it yields; the default never yields.
constexpr std::size_t max_throughput = 64;

void register_types_once() {
  static std::once_flag once;
  std::call_once(once, [] {
    caf::init_global_meta_objects<caf::id_block::streamer>();
    caf::core::init_global_meta_objects();
  });
}

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

actor_environment::actor_environment(std::size_t threads) {
  register_types_once();
  config_ = std::make_unique<caf::actor_system_config>();
  config_->set("caf.scheduler.policy", "sharing");
  config_->set("caf.scheduler.max-threads",
               threads > 0 ? threads : std::max<std::size_t>(2, usable_cpus()));
  config_->set("caf.scheduler.max-throughput", max_throughput);
  system_ = std::make_unique<caf::actor_system>(*config_);
}

std::string caf_version() {
  return std::to_string(CAF_MAJOR_VERSION) + "." + std::to_string(CAF_MINOR_VERSION) + "." +
         std::to_string(CAF_PATCH_VERSION);
}

} // namespace streamer

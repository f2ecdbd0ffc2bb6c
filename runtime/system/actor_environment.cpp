#include "runtime/system/actor_environment.hpp"

#include "messages/actor_interfaces.hpp"

#include <caf/config.hpp>
#include <caf/init_global_meta_objects.hpp>
#include <caf/telemetry/gauge.hpp>
#include <caf/telemetry/metric.hpp>
#include <caf/telemetry/metric_family.hpp>
#include <caf/telemetry/metric_registry.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <fstream>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace streamer {
namespace {

// Messages that an actor may handle before it yields; the default never yields.
constexpr std::size_t max_throughput = 64;

constexpr std::array supervised_kinds{
    "consumer_supervisor", "partition_consumer", "tenant_supervisor", "handler",
    "retry_supervisor",    "dlq_supervisor",     "quarantine",        "producer"};

// Picks the mailbox sizes from CAF's own metrics.
struct depth_collector {
  std::map<std::string, std::int64_t> depths;

  template <class Value>
  void operator()(const caf::telemetry::metric_family*, const caf::telemetry::metric*,
                  const Value*) {}

  void operator()(const caf::telemetry::metric_family* family,
                  const caf::telemetry::metric* instance, const caf::telemetry::int_gauge* gauge) {
    if (family->name() != std::string{"mailbox-size"}) {
      return;
    }
    for (const auto& label : instance->labels()) {
      if (label.name() == caf::string_view{"name"}) {
        depths[std::string{label.value().begin(), label.value().end()}] += gauge->value();
      }
    }
  }
};

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
  config_->set("caf.metrics-filters.actors.includes",
               std::vector<std::string>{supervised_kinds.begin(), supervised_kinds.end()});
  system_ = std::make_unique<caf::actor_system>(*config_);
}

std::map<std::string, std::int64_t> actor_environment::mailbox_depths() const {
  depth_collector found;
  system_->metrics().collect(found);
  return std::move(found.depths);
}

std::string caf_version() {
  return std::to_string(CAF_MAJOR_VERSION) + "." + std::to_string(CAF_MINOR_VERSION) + "." +
         std::to_string(CAF_PATCH_VERSION);
}

} // namespace streamer

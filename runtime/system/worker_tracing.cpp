#include "runtime/system/worker_tracing.hpp"

#include "runtime/system/version.hpp"
#include "runtime/tracing/exporter_module.hpp"

#include <utility>
#include <variant>

namespace streamer {
namespace {

constexpr std::chrono::milliseconds flush_budget{1'000};

} // namespace

std::optional<std::string> worker_tracing::start(const observability_settings& config,
                                                 const std::string& group,
                                                 const std::string& client, std::uint64_t seed) {
  if (config.otlp_endpoint.empty()) {
    return std::nullopt;
  }
  auto loaded = load_otlp_exporter({config.otlp_endpoint, std::string{streamer_version()}});
  if (auto* problem = std::get_if<std::string>(&loaded)) {
    return std::move(*problem);
  }
  endpoint_ = config.otlp_endpoint;
  tracer_ =
      std::make_shared<const tracer>(group, client, config.trace_sample_ratio, seed,
                                     std::get<std::shared_ptr<span_exporter>>(std::move(loaded)));
  log_.info("tracing", "records are traced",
            {{"collector", endpoint_}, {"sample_ratio", config.trace_sample_ratio}});
  return std::nullopt;
}

void worker_tracing::refresh_metrics() const {
  if (!tracer_) {
    return;
  }
  const auto totals = tracer_->exporter().totals();
  const auto raise = [this](const char* result, std::uint64_t to) {
    const auto counter = metrics_->counter(metric::trace_spans, {{"result", result}});
    counter.add(to - counter.value());
  };
  raise("exported", totals.exported);
  raise("queue_full", totals.queue_full);
  raise("failed", totals.failed);
}

void worker_tracing::watch(std::chrono::steady_clock::time_point now) {
  if (!tracer_ || !looked_.pass(now)) {
    return;
  }
  const auto totals = tracer_->exporter().totals();
  const auto dropped = totals.queue_full + totals.failed;
  if (dropped == dropped_ || !told_.pass(now)) {
    return;
  }
  dropped_ = dropped;
  log_.warn("spans_dropped", "spans were dropped; records are processed all the same",
            {{"collector", endpoint_},
             {"exported", totals.exported},
             {"queue_full", totals.queue_full},
             {"failed", totals.failed},
             {"problem", totals.last_problem}});
}

void worker_tracing::close() {
  if (tracer_) {
    tracer_->exporter().close(flush_budget);
  }
}

} // namespace streamer

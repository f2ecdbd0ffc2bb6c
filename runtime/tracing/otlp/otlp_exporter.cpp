// The module libstreamer_otlp.so: spans to a collector by OTLP over HTTP. The only user of
// OpenTelemetry. Its batch processor has the queue and the thread; nothing global is set but where
// its complaints go.
#include "runtime/tracing/exporter_module.hpp"

#include <opentelemetry/exporters/otlp/otlp_http_exporter_factory.h>
#include <opentelemetry/exporters/otlp/otlp_http_exporter_options.h>
#include <opentelemetry/sdk/common/global_log_handler.h>
#include <opentelemetry/sdk/instrumentationscope/instrumentation_scope.h>
#include <opentelemetry/sdk/resource/resource.h>
#include <opentelemetry/sdk/trace/batch_span_processor_factory.h>
#include <opentelemetry/sdk/trace/batch_span_processor_options.h>
#include <opentelemetry/sdk/trace/exporter.h>
#include <opentelemetry/sdk/trace/processor.h>
#include <opentelemetry/sdk/trace/recordable.h>
#include <opentelemetry/trace/span_context.h>
#include <opentelemetry/trace/trace_state.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <new>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

namespace streamer {
namespace {

namespace otel = opentelemetry;
namespace sdk = opentelemetry::sdk;
using steady = std::chrono::steady_clock;

// A few MiB of spans.
constexpr std::size_t longest_queue = 4'096;
constexpr std::size_t batch_size = 512;
constexpr std::chrono::milliseconds batch_delay{1'000};
constexpr std::size_t longest_problem = 200;
constexpr const char* traces_path = "/v1/traces";

/// What the exporter, its batches and its complaints have in common.
struct export_state {
  std::atomic<std::size_t> queued{0};
  std::atomic<std::uint64_t> exported{0};
  std::atomic<std::uint64_t> queue_full{0};
  std::atomic<std::uint64_t> failed{0};
  std::atomic<steady::rep> give_up{steady::time_point::max().time_since_epoch().count()};
  std::mutex mutex;          // of what follows
  std::thread::id exporting; // the thread that has an export under way
  bool refused = false;      // that export
  bool told = false;         // why
  std::string last_problem;
};

/// Counts what goes through, and lets nothing through once it is time to give up: the processor
/// would drain its whole queue into a collector that does not answer.
class counting_exporter final : public sdk::trace::SpanExporter {
 public:
  counting_exporter(std::unique_ptr<sdk::trace::SpanExporter> to,
                    std::shared_ptr<export_state> state)
      : to_{std::move(to)}, state_{std::move(state)} {}

  std::unique_ptr<sdk::trace::Recordable> MakeRecordable() noexcept override {
    return to_->MakeRecordable();
  }

  sdk::common::ExportResult Export(
      const otel::nostd::span<std::unique_ptr<sdk::trace::Recordable>>& spans) noexcept override {
    state_->queued.fetch_sub(spans.size());
    const bool late = steady::now().time_since_epoch().count() >= state_->give_up.load();
    const bool taken = !late && exported(spans);
    (taken ? state_->exported : state_->failed).fetch_add(spans.size());
    return taken ? sdk::common::ExportResult::kSuccess : sdk::common::ExportResult::kFailure;
  }

  bool ForceFlush(std::chrono::microseconds timeout) noexcept override {
    return to_->ForceFlush(timeout);
  }

  bool Shutdown(std::chrono::microseconds timeout) noexcept override {
    return to_->Shutdown(timeout);
  }

 private:
  // What it returns is success always; that it was refused is only in its log, of the same thread.
  bool exported(const otel::nostd::span<std::unique_ptr<sdk::trace::Recordable>>& spans) noexcept {
    {
      const std::lock_guard lock{state_->mutex};
      state_->exporting = std::this_thread::get_id();
      state_->refused = state_->told = false;
    }
    const auto result = to_->Export(spans);
    const std::lock_guard lock{state_->mutex};
    state_->exporting = {};
    return result == sdk::common::ExportResult::kSuccess && !state_->refused;
  }

  std::unique_ptr<sdk::trace::SpanExporter> to_;
  std::shared_ptr<export_state> state_;
};

/// Keeps the first complaint of an export instead of writing to stderr: those behind it say less.
class problem_keeper final : public sdk::common::internal_log::LogHandler {
 public:
  explicit problem_keeper(std::shared_ptr<export_state> state) : state_{std::move(state)} {}

  void Handle(sdk::common::internal_log::LogLevel level, const char* /*file*/, int /*line*/,
              const char* text, const sdk::common::AttributeMap& /*more*/) noexcept override {
    using sdk::common::internal_log::LogLevel;
    if (text == nullptr || level != LogLevel::Error) {
      return;
    }
    try {
      const std::lock_guard lock{state_->mutex};
      state_->refused = state_->refused || state_->exporting == std::this_thread::get_id();
      if (!std::exchange(state_->told, true)) {
        state_->last_problem.assign(text, std::min(std::string_view{text}.size(), longest_problem));
      }
    } catch (const std::bad_alloc&) {
      return; // a complaint less
    }
  }

 private:
  std::shared_ptr<export_state> state_;
};

sdk::resource::Resource make_resource(const std::string& version) {
  sdk::resource::ResourceAttributes attributes;
  attributes.SetAttribute("service.version", version);
  // What the environment says is not to be overruled.
  const char* const name = std::getenv("OTEL_SERVICE_NAME");
  const char* const more = std::getenv("OTEL_RESOURCE_ATTRIBUTES");
  const bool named =
      name != nullptr ||
      (more != nullptr && std::string_view{more}.find("service.name=") != std::string_view::npos);
  if (!named) {
    attributes.SetAttribute("service.name", "streamer");
  }
  return sdk::resource::Resource::Create(attributes);
}

std::unique_ptr<sdk::trace::SpanExporter> make_exporter(const std::string& endpoint) {
  otel::exporter::otlp::OtlpHttpExporterOptions options; // headers and TLS from the environment
  options.url = endpoint;
  while (options.url.ends_with('/')) {
    options.url.pop_back();
  }
  if (!options.url.ends_with(traces_path)) {
    options.url += traces_path;
  }
  options.content_type = otel::exporter::otlp::HttpRequestContentType::kBinary;
  options.timeout = export_timeout;
  options.retry_policy_max_attempts = 1; // the next batch is the next try
  return otel::exporter::otlp::OtlpHttpExporterFactory::Create(options);
}

class otlp_exporter final : public span_exporter {
 public:
  explicit otlp_exporter(const otlp_options& options)
      : resource_{make_resource(options.version)},
        scope_{
            sdk::instrumentationscope::InstrumentationScope::Create("streamer", options.version)} {
    sdk::common::internal_log::GlobalLogHandler::SetLogHandler(
        otel::nostd::shared_ptr<sdk::common::internal_log::LogHandler>{new problem_keeper{state_}});
    sdk::trace::BatchSpanProcessorOptions batches;
    // One place more than what is ever queued: it would drop without a word.
    batches.max_queue_size = longest_queue + 1;
    batches.max_export_batch_size = batch_size;
    batches.schedule_delay_millis = batch_delay;
    processor_ = sdk::trace::BatchSpanProcessorFactory::Create(
        std::make_unique<counting_exporter>(make_exporter(options.endpoint), state_), batches);
  }

  ~otlp_exporter() override { close(std::chrono::milliseconds{0}); }
  otlp_exporter(const otlp_exporter&) = delete;
  otlp_exporter& operator=(const otlp_exporter&) = delete;

  void submit(span finished) noexcept override {
    if (state_->queued.fetch_add(1) >= longest_queue) {
      state_->queued.fetch_sub(1);
      state_->queue_full.fetch_add(1);
      return;
    }
    try {
      processor_->OnEnd(recordable_of(finished));
    } catch (const std::bad_alloc&) {
      state_->queued.fetch_sub(1);
      state_->queue_full.fetch_add(1);
    }
  }

  [[nodiscard]] span_totals totals() const override {
    const std::lock_guard lock{state_->mutex};
    return {state_->exported, state_->queue_full, state_->failed, state_->last_problem};
  }

  void close(std::chrono::milliseconds budget) noexcept override {
    state_->give_up.store((steady::now() + budget).time_since_epoch().count());
    processor_->Shutdown(budget);
    state_->failed.fetch_add(state_->queued.exchange(0));
  }

 private:
  std::unique_ptr<sdk::trace::Recordable> recordable_of(const span& s) {
    auto to = processor_->MakeRecordable();
    const otel::trace::TraceFlags flags{otel::trace::TraceFlags::kIsSampled};
    to->SetIdentity(otel::trace::SpanContext{otel::trace::TraceId{s.context.trace},
                                             otel::trace::SpanId{s.context.span}, flags, false,
                                             otel::trace::TraceState::FromHeader(s.tracestate)},
                    otel::trace::SpanId{s.parent});
    to->SetTraceFlags(flags);
    to->SetName(s.name);
    to->SetSpanKind(s.kind == span_kind::consumer ? otel::trace::SpanKind::kConsumer
                                                  : otel::trace::SpanKind::kProducer);
    to->SetResource(resource_);
    to->SetInstrumentationScope(*scope_);
    to->SetStartTime(otel::common::SystemTimestamp{std::chrono::nanoseconds{s.began_ns}});
    to->SetDuration(std::chrono::nanoseconds{s.ended_ns - s.began_ns});
    for (const auto& [name, value] : s.attributes) {
      const otel::nostd::string_view key{name.data(), name.size()};
      if (const auto* const text = std::get_if<std::string>(&value)) {
        to->SetAttribute(key, otel::nostd::string_view{*text});
      } else {
        to->SetAttribute(key, std::get<std::int64_t>(value));
      }
    }
    if (!s.error.empty()) {
      to->SetStatus(otel::trace::StatusCode::kError, s.error);
    }
    return to;
  }

  std::shared_ptr<export_state> state_ = std::make_shared<export_state>();
  sdk::resource::Resource resource_;
  std::unique_ptr<sdk::instrumentationscope::InstrumentationScope> scope_;
  std::unique_ptr<sdk::trace::SpanProcessor> processor_; // refers to what is above
};

} // namespace
} // namespace streamer

extern "C" {

[[gnu::visibility("default")]] extern const char* const streamer_otlp_version;
const char* const streamer_otlp_version = STREAMER_VERSION;

[[gnu::visibility("default")]] streamer::span_exporter* streamer_otlp_open(
    const streamer::otlp_options& options) noexcept;

streamer::span_exporter* streamer_otlp_open(const streamer::otlp_options& options) noexcept {
  try {
    return new streamer::otlp_exporter{options};
  } catch (const std::exception&) {
    return nullptr;
  }
}
}

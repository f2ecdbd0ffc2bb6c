#pragma once

#include "runtime/tracing/span.hpp"

#include <memory>
#include <string>
#include <variant>

namespace streamer {

/// What the module is told. Headers and certificates come from the environment, by OpenTelemetry's
/// names (OTEL_EXPORTER_OTLP_HEADERS, OTEL_EXPORTER_OTLP_CERTIFICATE, OTEL_SERVICE_NAME …).
struct otlp_options {
  std::string endpoint; ///< base URL of the collector
  std::string version;  ///< of this program
};

/// Loads OpenTelemetry's exporter, which is a module of its own: nothing of it is in a process that
/// does not trace. Looked for beside the program (`../lib/streamer`), then where the system looks.
/// On failure one line: what, and what to do.
[[nodiscard]] std::variant<std::shared_ptr<span_exporter>, std::string> load_otlp_exporter(
    const otlp_options& options);

/// The name of the module's file.
inline constexpr const char* otlp_module_file = "libstreamer_otlp.so";
/// What the module exports: the version that it was built with, a C string.
inline constexpr const char* otlp_module_version = "streamer_otlp_version";
/// What the module exports: an `otlp_module_open_fn`.
inline constexpr const char* otlp_module_open = "streamer_otlp_open";
/// Makes an exporter that the caller deletes; null when there is no memory for it.
using otlp_module_open_fn = span_exporter* (*)(const otlp_options& options) noexcept;

} // namespace streamer

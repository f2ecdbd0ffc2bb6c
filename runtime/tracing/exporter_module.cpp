#include "runtime/tracing/exporter_module.hpp"

#include <dlfcn.h>

#include <filesystem>
#include <system_error>

namespace streamer {
namespace {

std::string beside_the_program() {
  std::error_code failure;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", failure);
  const auto file = program.parent_path().parent_path() / "lib" / "streamer" / otlp_module_file;
  return !failure && std::filesystem::exists(file, failure) ? file.string() : std::string{};
}

std::string refusal(const std::string& why) {
  return "observability.otlp_endpoint is set, but the tracing module cannot be used: " + why +
         "; install it, or remove the key";
}

std::string last_error() {
  const char* const text = ::dlerror();
  return text == nullptr ? "unknown error" : text;
}

} // namespace

std::variant<std::shared_ptr<span_exporter>, std::string> load_otlp_exporter(
    const otlp_options& options) {
  const auto file = beside_the_program();
  // Never closed: threads of its libraries may outlive the exporter.
  void* const module =
      ::dlopen(file.empty() ? otlp_module_file : file.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (module == nullptr) {
    return refusal(last_error());
  }
  const auto* const version = static_cast<const char* const*>(::dlsym(module, otlp_module_version));
  if (version == nullptr || options.version != *version) {
    return refusal(std::string{otlp_module_file} + " is of streamer " +
                   (version == nullptr ? "unknown" : *version) + ", this is " + options.version);
  }
  const auto open = reinterpret_cast<otlp_module_open_fn>(::dlsym(module, otlp_module_open));
  if (open == nullptr) {
    return refusal(last_error());
  }
  std::shared_ptr<span_exporter> exporter{open(options)};
  if (exporter == nullptr) {
    return refusal("it could not be set up");
  }
  return exporter;
}

} // namespace streamer

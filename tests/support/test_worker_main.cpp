// The worker of the product with scripted handlers beside its own kinds. Takes
// `--role consumer --config FILE --json-logs`, as `streamer` does.
#include <cstdio>
#include <string>
#include <vector>

#include "config/load.hpp"
#include "runtime/handlers/builtin.hpp"
#include "runtime/system/worker.hpp"
#include "tests/support/scripted_handlers.hpp"

int main(int argc, char** argv) {
  using namespace streamer;
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  if (arguments.size() != 5 || arguments[2] != "--config") {
    std::fputs("usage: streamer_test_worker --role consumer --config FILE --json-logs\n", stderr);
    return 2;
  }
  handler_registry registry;
  test::add_scripted_handlers(registry);
  sources from;
  from.config_file = arguments[3];
  from.environment = process_environment();
  from.handler_kinds = registry.kinds();
  const auto loaded = load(from);
  for (const auto& problem : loaded.problems) {
    std::fprintf(stderr, "%s\n", to_string(problem).c_str());
  }
  if (!loaded) {
    return 2;
  }
  logger logs{{.level = log_level::info, .json = true}};
  add_builtin_handlers(registry, logs.with("handler"));
  const worker_options options{false, [&from] { return load(from); },
                               [&logs](log_level level) { logs.set_level(level); }};
  return run_worker(loaded.loaded->values, registry, options, logs.with("streamer"));
}

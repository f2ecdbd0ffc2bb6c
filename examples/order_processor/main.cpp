// A worker whose handler `order_processor` books orders: order_processor [FILE.toml]
#include "order_processor.hpp"

#include <streamer/worker.hpp>

#include <cstdio>

int main(int argc, char** argv) {
  streamer::handler_registry registry;
  registry.add_quick("order_processor", orders::process);

  auto from = streamer::standard_sources(); // config/*.toml and the environment
  if (argc > 1) from.config_file = argv[1];
  from.handler_kinds = registry.kinds();
  const auto loaded = streamer::load(from);
  for (const auto& problem : loaded.problems) {
    std::fprintf(stderr, "order_processor: %s\n", to_string(problem).c_str());
  }
  if (!loaded) return 2;

  const streamer::logger logs{{}};
  streamer::add_builtin_handlers(registry, logs.with("handler"));
  return streamer::run_worker(loaded.loaded->values, registry, {}, logs.with("streamer"));
}

// A worker whose handler `enrich` asks an HTTP service: enrichment FILE.toml
#include "enricher.hpp"

#include <streamer/worker.hpp>

#include <chrono>
#include <cstdio>

int main(int argc, char** argv) {
  const auto requests =
      std::make_shared<enrichment::http_requests>(256, std::chrono::milliseconds{5000});
  streamer::handler_registry registry;
  registry.add("enrich",
               [requests](const streamer::handler_settings& entry)
                   -> std::variant<streamer::any_handler, std::string> {
                 const auto url = entry.options.find("url");
                 const auto to = entry.options.find("to");
                 if (url == entry.options.end() || to == entry.options.end()) {
                   return "a handler of kind \"enrich\" needs url and to";
                 }
                 return streamer::any_handler{
                     std::make_shared<enrichment::enricher>(requests, url->second, to->second)};
               });

  auto from = streamer::standard_sources();
  if (argc > 1) from.config_file = argv[1];
  from.handler_kinds = registry.kinds();
  const auto loaded = streamer::load(from);
  for (const auto& problem : loaded.problems) {
    std::fprintf(stderr, "enrichment: %s\n", to_string(problem).c_str());
  }
  if (!loaded) return 2;

  const streamer::logger logs{{}};
  streamer::add_builtin_handlers(registry, logs.with("handler"));
  return streamer::run_worker(loaded.loaded->values, registry, {}, logs.with("streamer"));
}

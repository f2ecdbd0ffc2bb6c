// A worker whose handler `daily_totals` keeps exact totals: per_key_aggregate FILE.toml
#include "daily_totals.hpp"

#include <streamer/worker.hpp>

#include <chrono>
#include <cstdio>
#include <exception>

namespace {

std::int64_t seconds_now() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::seconds>(now).count();
}

std::variant<streamer::any_handler, std::string> make(const streamer::handler_settings& entry) {
  const auto file = entry.options.find("file");
  const auto to = entry.options.find("to");
  if (file == entry.options.end() || to == entry.options.end()) {
    return "a handler of kind \"daily_totals\" needs file and to";
  }
  try {
    auto store = std::make_shared<payments::totals_store>(file->second);
    store->close_before(payments::day_of(seconds_now() - (payments::open_days + 1) * 86'400));
    return streamer::any_handler{streamer::blocking_handler{
        payments::daily_totals{std::move(store), to->second, seconds_now}}};
  } catch (const std::exception& why) {
    return std::string{why.what()};
  }
}

} // namespace

int main(int argc, char** argv) {
  streamer::handler_registry registry;
  registry.add("daily_totals", make);

  auto from = streamer::standard_sources();
  if (argc > 1) from.config_file = argv[1];
  from.handler_kinds = registry.kinds();
  const auto loaded = streamer::load(from);
  for (const auto& problem : loaded.problems) {
    std::fprintf(stderr, "per_key_aggregate: %s\n", to_string(problem).c_str());
  }
  if (!loaded) return 2;

  const streamer::logger logs{{}};
  streamer::add_builtin_handlers(registry, logs.with("handler"));
  return streamer::run_worker(loaded.loaded->values, registry, {}, logs.with("streamer"));
}

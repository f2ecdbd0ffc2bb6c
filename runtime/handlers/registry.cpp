#include "runtime/handlers/registry.hpp"

namespace streamer {

void handler_registry::add(std::string kind, handler_factory make) {
  factories_.insert_or_assign(std::move(kind), std::move(make));
}

void handler_registry::add_quick(std::string kind, record_function run) {
  add(std::move(kind),
      [run = std::move(run)](const handler_settings&) { return any_handler{quick_handler{run}}; });
}

void handler_registry::add_blocking(std::string kind, record_function run) {
  add(std::move(kind), [run = std::move(run)](const handler_settings&) {
    return any_handler{blocking_handler{run}};
  });
}

void handler_registry::add_async(std::string kind, std::shared_ptr<async_handler> handler) {
  add(std::move(kind),
      [handler = std::move(handler)](const handler_settings&) { return any_handler{handler}; });
}

std::vector<std::string> handler_registry::kinds() const {
  std::vector<std::string> names;
  for (const auto& [name, factory] : factories_) {
    names.push_back(name);
  }
  return names;
}

std::variant<any_handler, std::string> handler_registry::make(const handler_settings& entry) const {
  const auto found = factories_.find(entry.kind);
  if (found != factories_.end()) {
    return found->second(entry);
  }
  std::string known;
  for (const auto& [name, factory] : factories_) {
    known += known.empty() ? name : ", " + name;
  }
  return "handlers.kind = \"" + entry.kind + "\" is not a registered handler; there are: " + known;
}

} // namespace streamer

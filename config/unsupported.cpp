#include "config/unsupported.hpp"

#include <array>

#include "config/effective.hpp"

namespace streamer::config_impl {
namespace {

constexpr auto entries = std::to_array<unsupported_key>({
    {"handlers.kind", "\"http\""},
    {"handlers.kind", "\"subprocess\""},
    {"handlers.conflate", "true"},
});

bool covers(const unsupported_key& entry, const effective_value& used) {
  bool named = used.key == entry.key || (used.key.starts_with(entry.key) &&
                                         used.key.substr(entry.key.size()).starts_with('.'));
  if (!named) return false;
  return entry.value.empty() ? used.literal != used.fallback : used.literal == entry.value;
}

std::string remedy_for(const unsupported_key& entry, const effective_value& used) {
  if (used.fallback.empty()) return "remove it";
  return (entry.value.empty() ? "leave it at " : "use another one, such as ") + used.fallback;
}

} // namespace

std::span<const unsupported_key> unsupported_keys() { return entries; }

std::vector<problem> not_in_this_version(const settings& values, const provenance& where) {
  std::vector<problem> problems;
  for (const auto& used : effective_values(values)) {
    const auto& place = where.of(used.name);
    if (place.from == origin::layer::built_in) continue;
    for (const auto& entry : entries)
      if (covers(entry, used))
        problems.push_back({.where = place,
                            .key = used.name,
                            .value = used.literal,
                            .message = "is not in this version",
                            .remedy = remedy_for(entry, used),
                            .nearest = {}});
  }
  return problems;
}

} // namespace streamer::config_impl

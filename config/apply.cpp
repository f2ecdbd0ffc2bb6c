#include "config/apply.hpp"

#include <algorithm>

#include "config/keys.hpp"
#include "config/properties.hpp"

namespace streamer::config_impl {
namespace {

problem about(const assignment& given, std::string name, std::string message) {
  return {.where = given.where,
          .key = std::move(name),
          .value = {},
          .message = std::move(message),
          .remedy = {},
          .nearest = {}};
}

/// Name and section with the section's typing error forgiven once, so that a key in the wrong
/// section is found in the right one.
std::string nearest_name(const std::vector<std::string>& path) {
  std::string full = joined(path, ".");
  if (auto near = nearest(full, names_in(path.front()))) return *near;
  std::string ending = '.' + path.back();
  for (const auto& name : all_names())
    if (name.ends_with(ending)) return name;
  return nearest(full, all_names()).value_or("");
}

void apply_property(loading& state, property_map& properties, const assignment& given) {
  std::vector<std::string> parts{given.path.begin() + 2, given.path.end()};
  std::string property = joined(parts, ".");
  std::string name = given.path[0] + ".properties." + property;
  std::string value = plain_text(given.value);
  bool is_secret = looks_secret(property);
  if (const auto* foreign = std::get_if<foreign_value>(&given.value)) {
    auto& found = state.problems.emplace_back(about(given, name, "is " + foreign->type));
    found.remedy = "use text, a number, true or false";
    return;
  }
  if (const auto* rule = refusal_of(property, value)) {
    auto& found = state.problems.emplace_back(about(given, name, "is refused: "));
    found.value = is_secret ? "" : shown_value(given.value);
    found.message += rule->reason;
    if (!rule->own_key.empty()) found.remedy = "use " + std::string{rule->own_key};
    return;
  }
  properties.insert_or_assign(property, std::move(value));
  state.where.record(std::move(name), given.where);
}

void apply_limit(loading& state, const assignment& given) {
  std::string name = joined(given.path, ".");
  if (given.path.size() == 3) {
    if (std::holds_alternative<foreign_value>(given.value)) {
      state.values.tenants.limits.try_emplace(given.path[2]);
      state.where.record(std::move(name), given.where);
    } else {
      state.problems.push_back(about(given, name, "is not a table"));
      state.problems.back().remedy = "write [tenants.limits.ID] with weight, max_in_flight, rate";
    }
    return;
  }
  if (const auto* entry = find_key(limit_keys(), given.path.back())) {
    assign_field(state, *entry, state.values.tenants.limits[given.path[2]], given, name);
    return;
  }
  std::vector<std::string> candidates;
  for (const auto& entry : limit_keys())
    candidates.push_back(entry.name);
  state.problems.push_back(about(given, name, "is not a key"));
  state.problems.back().nearest = nearest(given.path.back(), candidates).value_or("");
}

} // namespace

bool is_secret_path(const std::vector<std::string>& path) {
  const auto* entry = find_key(setting_keys(), joined(path, "."));
  if (entry != nullptr) return entry->is_secret;
  return path.size() > 2 && looks_secret(path.back());
}

void apply(loading& state, const assignment& given) {
  std::string name = joined(given.path, ".");
  if (given.path.size() > 2 && given.path[1] == "properties")
    if (auto* properties = properties_of(state.values, given.path[0]))
      return apply_property(state, *properties, given);
  if (given.path.size() > 2 && given.path[0] == "tenants" && given.path[1] == "limits")
    return apply_limit(state, given);
  if (const auto* entry = find_key(setting_keys(), name)) {
    assign_field(state, *entry, state.values, given, name);
    return;
  }
  auto names = names_in(given.path.front());
  if (std::ranges::find(names, name) != names.end()) {
    state.problems.push_back(about(given, name, "is a table, not a value"));
    state.problems.back().remedy = "write it as [" + name + ']';
    return;
  }
  // The value is not shown: the misspelt key may be a secret's.
  state.problems.push_back(about(given, name, "is not a key"));
  state.problems.back().nearest = nearest_name(given.path);
}

} // namespace streamer::config_impl

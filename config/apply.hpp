#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/field.hpp"
#include "config/layer.hpp"
#include "config/problem.hpp"
#include "config/settings.hpp"
#include "config/text.hpp"

namespace streamer::config_impl {

/// Where settings and findings gather while layers are laid over each other.
struct loading {
  settings values;
  provenance where;
  std::vector<problem> problems;
  std::vector<problem> warnings;
};

/// Sets one key of a section, or says why not.
void apply(loading& state, const assignment& given);

/// Replaces the handlers by `entries`. Their [handlers.retry] is laid over the [retry] that
/// `state` has by now, so call it when every other key is applied.
void apply_handlers(loading& state, const std::vector<handler_entry>& entries,
                    const std::optional<std::vector<std::string>>& registered_kinds);

/// Gives the built-in handlers the [retry] of `state`.
void resolve_handlers(loading& state);

/// Sets the field of `owner`, or adds a problem for the full name `name`.
template <class Owner>
void assign_field(loading& state, const field<Owner>& entry, Owner& owner, const assignment& given,
                  const std::string& name) {
  bool is_clean = !has_control_characters(given.value);
  assigned outcome = is_clean ? entry.assign(owner, given.value) : assigned::wrong_type;
  if (outcome == assigned::done) return state.where.record(name, given.where);
  std::string near;
  if (const auto* text = text_of(given.value); text != nullptr && !entry.choices.empty())
    near = nearest(lowered(*text), entry.choices).value_or("");
  std::string message = "is not allowed";
  if (!is_clean)
    message = "has control characters";
  else if (!entry.choices.empty())
    message = "is not one of its values";
  else if (outcome == assigned::wrong_type)
    message = "is not " + entry.type;
  state.problems.push_back({.where = given.where,
                            .key = name,
                            .value = entry.is_secret ? "" : shown_value(given.value),
                            .message = std::move(message),
                            .remedy = "use " + entry.expected(),
                            .nearest = std::move(near)});
}

} // namespace streamer::config_impl

#pragma once

#include <string>
#include <vector>

#include "config/field.hpp"
#include "config/settings.hpp"

namespace streamer::config_impl {

/// Every scalar and list key outside the tables that have names chosen by the user, as
/// `section.key`, in the order of the documentation.
[[nodiscard]] const std::vector<field<settings>>& setting_keys();

/// The keys of [retry], which [handlers.retry] shares.
[[nodiscard]] const std::vector<field<retry_settings>>& retry_keys();

/// The keys of a [[handlers]] entry, without `header`, `retry` and the kind's own keys.
[[nodiscard]] const std::vector<field<handler_settings>>& handler_keys();

/// The keys of [tenants.limits.ID].
[[nodiscard]] const std::vector<field<tenant_limit>>& limit_keys();

/// How a built-in kind's own key is written.
enum class option_form {
  needed, ///< one value, which must be given
  scalar, ///< one value, or its fallback
  list,   ///< a list of texts, which must be given and not be empty
  table,  ///< NAME.KEY, any number of them
};

/// A key of one built-in handler kind.
struct kind_option {
  std::string kind;
  std::string name;
  option_form form = option_form::scalar;
  std::string fallback;
  std::string type;
  std::string help;
  bool (*accepts)(std::string_view text); ///< of a value; of a list or a table each
};

/// The own key of a kind; null if it has none of that name.
[[nodiscard]] const kind_option* find_kind_option(std::string_view kind, std::string_view name);

/// The own keys of the built-in kinds.
[[nodiscard]] const std::vector<kind_option>& kind_options();

/// log, discard, forward, http, subprocess.
[[nodiscard]] const std::vector<std::string>& built_in_kinds();

/// Full name of the unmatched policy: a file writes it at the top, as [[handlers]] is an array.
inline constexpr std::string_view unmatched_key = "handlers.unmatched";

/// Names of the sections, in the order of the documentation.
[[nodiscard]] const std::vector<std::string>& section_names();

/// Full names of all keys and tables of `section`, for suggestions.
[[nodiscard]] std::vector<std::string> names_in(std::string_view section);

/// Full names of all keys and tables, for suggestions.
[[nodiscard]] std::vector<std::string> all_names();

/// The property map of [`section`.properties]; null for other sections.
[[nodiscard]] property_map* properties_of(settings& values, std::string_view section);
[[nodiscard]] const property_map* properties_of(const settings& values, std::string_view section);

/// The field called `name`, or null.
template <class Owner>
const field<Owner>* find_key(const std::vector<field<Owner>>& keys, std::string_view name) {
  for (const auto& entry : keys)
    if (entry.name == name) return &entry;
  return nullptr;
}

} // namespace streamer::config_impl

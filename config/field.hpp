#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "config/bounds.hpp"
#include "config/raw_value.hpp"
#include "config/readers.hpp"

namespace streamer::config_impl {

/// How an assignment to a key went.
enum class assigned { done, wrong_type, out_of_bounds };

/// A key: everything that loading, `config show`, suggestions and the documentation know of it.
/// `Owner` is the struct that holds the value.
template <class Owner>
struct field {
  std::string name;
  /// "a whole number", "one of tenant, key".
  std::string type;
  /// Further limits, "1 to 100000"; empty when there are none.
  std::string limits;
  /// The words of a closed set.
  std::vector<std::string> choices;
  /// Meaning in a sentence.
  std::string help;
  bool is_secret = false;
  /// Sets the value in `owner`, or leaves it as it is.
  std::function<assigned(Owner& owner, const raw_value& value)> assign;
  /// The value as a TOML literal; a secret as `***`.
  std::function<std::string(const Owner& owner)> literal;

  /// Completes "use ...".
  [[nodiscard]] std::string expected() const {
    if (limits.empty()) return type;
    return type == "text" ? limits : type + ", " + limits;
  }
};

/// Declares the key `name`: the member gives its type and default.
template <class Owner, class T>
field<Owner> key(std::string_view name, T Owner::*member, std::type_identity_t<bound<T>> limits,
                 std::string_view help) {
  auto assign = [member, holds = limits.holds](Owner& owner, const raw_value& raw) {
    auto value = reader<T>::read(raw);
    if (!value) return assigned::wrong_type;
    if (holds && !holds(*value)) return assigned::out_of_bounds;
    owner.*member = std::move(*value);
    return assigned::done;
  };
  auto literal = [member](const Owner& owner) { return reader<T>::literal(owner.*member); };
  return {.name = std::string{name},
          .type = reader<T>::type(),
          .limits = std::move(limits.text),
          .choices = reader<T>::choices(),
          .help = std::string{help},
          .is_secret = std::is_same_v<T, secret>,
          .assign = std::move(assign),
          .literal = std::move(literal)};
}

/// The same key seen from the struct that holds `Part`, under `prefix` + its name.
template <class Owner, class Part>
field<Owner> lifted(const field<Part>& inner, std::string_view prefix, Part Owner::*part) {
  return {.name = std::string{prefix} + inner.name,
          .type = inner.type,
          .limits = inner.limits,
          .choices = inner.choices,
          .help = inner.help,
          .is_secret = inner.is_secret,
          .assign = [assign = inner.assign, part](
                        Owner& owner, const raw_value& raw) { return assign(owner.*part, raw); },
          .literal = [literal = inner.literal,
                      part](const Owner& owner) { return literal(owner.*part); }};
}

} // namespace streamer::config_impl

#pragma once

#include <span>
#include <string>
#include <string_view>

namespace streamer::config_impl {

/// A librdkafka property that [*.properties] must not set, or not to every value.
struct property_rule {
  /// Exact name, or a name with one `*` at its start or end.
  std::string_view name;
  /// Why it is refused.
  std::string_view reason;
  /// The key to use instead; empty when there is none.
  std::string_view own_key;
  /// Values that are harmless; null: none are.
  bool (*harmless)(std::string_view value) = nullptr;
};

/// All rules, for the documentation.
[[nodiscard]] std::span<const property_rule> property_rules();

/// The rule that refuses `name` = `value`, or null.
[[nodiscard]] const property_rule* refusal_of(std::string_view name, std::string_view value);

} // namespace streamer::config_impl

#pragma once

#include <charconv>
#include <chrono>
#include <concepts>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/enum_names.hpp"
#include "config/raw_value.hpp"
#include "config/secret.hpp"
#include "config/settings.hpp"
#include "config/text.hpp"

namespace streamer::config_impl {

/// How a member type is read from a raw value and written as a TOML literal:
/// `type()` names it in messages, `read()` is nothing when the value is not of the type,
/// `choices()` are the words of a closed set.
template <class T>
struct reader;

/// The text of an untyped or TOML string; null for other types.
[[nodiscard]] const std::string* text_of(const raw_value& value);

/// Readers of types without a closed set of words.
struct open_reader {
  static std::vector<std::string> choices() { return {}; }
};

template <>
struct reader<bool> : open_reader {
  static std::string type() { return "true or false"; }
  static std::optional<bool> read(const raw_value& value);
  static std::string literal(bool value) { return value ? "true" : "false"; }
};

template <std::integral T>
struct reader<T> : open_reader {
  static std::string type() { return "a whole number"; }

  static std::optional<T> read(const raw_value& value) {
    if (const auto* number = std::get_if<std::int64_t>(&value)) {
      if (!std::in_range<T>(*number)) return std::nullopt;
      return static_cast<T>(*number);
    }
    const auto* untyped = std::get_if<untyped_text>(&value);
    if (untyped == nullptr) return std::nullopt;
    T number{};
    const char* end = untyped->text.data() + untyped->text.size();
    auto [stop, error] = std::from_chars(untyped->text.data(), end, number);
    if (error != std::errc{} || stop != end) return std::nullopt;
    return number;
  }

  static std::string literal(T value) { return std::to_string(value); }
};

template <>
struct reader<double> : open_reader {
  static std::string type() { return "a number"; }
  static std::optional<double> read(const raw_value& value);
  static std::string literal(double value);
};

template <>
struct reader<milliseconds> : open_reader {
  static std::string type() { return "a whole number of milliseconds"; }

  static std::optional<milliseconds> read(const raw_value& value) {
    auto count = reader<std::int64_t>::read(value);
    return count ? std::optional{milliseconds{*count}} : std::nullopt;
  }

  static std::string literal(milliseconds value) { return std::to_string(value.count()); }
};

template <>
struct reader<std::string> : open_reader {
  static std::string type() { return "text"; }
  static std::optional<std::string> read(const raw_value& value);
  static std::string literal(const std::string& value) { return toml_quoted(value); }
};

template <>
struct reader<std::filesystem::path> : open_reader {
  static std::string type() { return "a path"; }

  static std::optional<std::filesystem::path> read(const raw_value& value) {
    auto text = reader<std::string>::read(value);
    return text ? std::optional<std::filesystem::path>{*text} : std::nullopt;
  }

  static std::string literal(const std::filesystem::path& value) {
    return toml_quoted(value.string());
  }
};

template <>
struct reader<secret> : open_reader {
  static std::string type() { return "text (a secret)"; }

  static std::optional<secret> read(const raw_value& value) {
    auto text = reader<std::string>::read(value);
    return text ? std::optional<secret>{*text} : std::nullopt;
  }

  static std::string literal(const secret& value) { return value.empty() ? "\"\"" : "***"; }
};

template <>
struct reader<std::vector<std::string>> : open_reader {
  static std::string type() { return "a list of text"; }
  static std::optional<std::vector<std::string>> read(const raw_value& value);
  static std::string literal(const std::vector<std::string>& value) { return toml_list(value); }
};

template <>
struct reader<tenant_source> : open_reader {
  static std::string type() { return "header:NAME, topic:REGEX or key_prefix:SEP"; }
  static std::optional<tenant_source> read(const raw_value& value);
  static std::string literal(const tenant_source& value);
};

template <named_enum T>
struct reader<T> {
  static std::vector<std::string> choices() {
    std::vector<std::string> names;
    for (const auto& entry : enumerators(T{}))
      names.emplace_back(entry.name);
    return names;
  }

  static std::string type() { return "one of " + joined(choices(), ", "); }

  static std::optional<T> read(const raw_value& value) {
    if (const auto* text = text_of(value))
      for (const auto& entry : enumerators(T{}))
        if (entry.name == *text) return entry.value;
    return std::nullopt;
  }

  static std::string literal(T value) { return toml_quoted(name_of(value)); }
};

} // namespace streamer::config_impl

#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <variant>
#include <vector>

#include "config/problem.hpp"

namespace streamer::config_impl {

/// Text from the environment or a flag: its type is the key's.
struct untyped_text {
  std::string text;
};

/// A TOML value that no key takes: a table, a date, a mixed array.
struct foreign_value {
  /// "a table", "a date", ...
  std::string type;
};

/// A value as its source gave it.
using raw_value = std::variant<untyped_text, std::string, bool, std::int64_t, double,
                               std::vector<std::string>, foreign_value>;

/// `value` for an error message.
[[nodiscard]] std::string shown_value(const raw_value& value);

/// `value` as text without quotes: scalars as TOML writes them, lists joined by commas.
[[nodiscard]] std::string plain_text(const raw_value& value);

/// True when a text in `value` has a control character: no key takes one.
[[nodiscard]] bool has_control_characters(const raw_value& value);

/// One key that one source sets.
struct assignment {
  /// The parts of its name: {"kafka", "properties", "fetch.min.bytes"}.
  std::vector<std::string> path;
  raw_value value;
  origin where;
  /// The file that a _FILE variable named; empty: the value stands in its source itself.
  std::filesystem::path file{};
};

} // namespace streamer::config_impl

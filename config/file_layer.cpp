#include <toml++/toml.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>

#include "config/keys.hpp"
#include "config/layer.hpp"
#include "config/text.hpp"

namespace streamer::config_impl {
namespace {

using path_parts = std::vector<std::string>;

std::string type_name(const toml::node& node) {
  switch (node.type()) {
    case toml::node_type::table: return "a table";
    case toml::node_type::array: return "an array";
    case toml::node_type::none:
    case toml::node_type::string:
    case toml::node_type::integer:
    case toml::node_type::floating_point:
    case toml::node_type::boolean: break;
    case toml::node_type::date:
    case toml::node_type::time:
    case toml::node_type::date_time: return "a date or time";
  }
  return "a value";
}

raw_value raw(const toml::node& node) {
  if (const auto* text = node.as_string()) return text->get();
  if (const auto* flag = node.as_boolean()) return flag->get();
  if (const auto* number = node.as_integer()) return number->get();
  if (const auto* number = node.as_floating_point()) return number->get();
  const auto* array = node.as_array();
  if (array == nullptr) return foreign_value{type_name(node)};
  std::vector<std::string> texts;
  for (const auto& item : *array) {
    const auto* text = item.as_string();
    if (text == nullptr)
      return foreign_value{"an array with " + type_name(item) + " that is not text"};
    texts.push_back(text->get());
  }
  return texts;
}

path_parts extended(path_parts path, std::string_view name) {
  path.emplace_back(name);
  return path;
}

/// Walks one parsed file and collects what it sets.
class file_walk {
 public:
  file_walk(const std::string& name, origin::layer from) : name_(name), from_(from) {}

  layer walk(const toml::table& root) {
    for (const auto& [key, node] : root) {
      std::string_view section = key.str();
      if (section == "unmatched" && !node.is_table())
        set({"handlers", "unmatched"}, key, node);
      else if (section == "handlers")
        handlers(key, node);
      else if (properties_of(settings_, section) != nullptr || is_section(section))
        section_table(key, node);
      else
        unknown(key);
    }
    return std::move(layer_);
  }

 private:
  static bool is_section(std::string_view name) {
    const auto& names = section_names();
    return std::find(names.begin(), names.end(), name) != names.end();
  }

  origin at(const toml::source_region& region) const {
    return {from_, name_, region.begin.line, region.begin.column};
  }

  void set(path_parts path, const toml::key& key, const toml::node& node) {
    layer_.assignments.push_back({std::move(path), raw(node), at(key.source())});
  }

  void wrong(const toml::key& key, std::string message, std::string remedy) {
    layer_.problems.push_back({.where = at(key.source()),
                               .key = std::string{key.str()},
                               .value = {},
                               .message = std::move(message),
                               .remedy = std::move(remedy),
                               .nearest = {}});
  }

  void unknown(const toml::key& key) {
    wrong(key, "is not a section of the configuration", {});
    auto candidates = section_names();
    candidates.emplace_back("unmatched");
    auto near = nearest(key.str(), candidates);
    // A key above the first section, where its section's header was forgotten.
    for (const auto& name : all_names())
      if (name.ends_with('.' + std::string{key.str()})) near = name;
    layer_.problems.back().nearest = near.value_or("");
  }

  void section_table(const toml::key& key, const toml::node& node) {
    const auto* table = node.as_table();
    if (table == nullptr)
      return wrong(key, "is a section, not a value", "write it as [" + std::string{key} + ']');
    for (const auto& [name, inner] : *table) {
      path_parts path{std::string{key.str()}, std::string{name.str()}};
      const auto* inner_table = inner.as_table();
      if (name == "properties" && inner_table != nullptr)
        leaves(path, *inner_table, layer_.assignments);
      else if (key == "tenants" && name == "limits" && inner_table != nullptr)
        limits(*inner_table);
      else
        set(std::move(path), name, inner);
    }
  }

  void limits(const toml::table& table) {
    for (const auto& [tenant, node] : table) {
      path_parts path{"tenants", "limits", std::string{tenant.str()}};
      set(path, tenant, node);
      if (const auto* inner = node.as_table())
        for (const auto& [name, value] : *inner)
          set(extended(path, name), name, value);
    }
  }

  void handlers(const toml::key& key, const toml::node& node) {
    if (const auto* table = node.as_table()) {
      for (const auto& [name, inner] : *table)
        if (name == "unmatched")
          set({"handlers", "unmatched"}, name, inner);
        else
          wrong(name, "does not belong in [handlers]",
                "write each handler as its own [[handlers]] entry");
      return;
    }
    const auto* array = node.as_array();
    bool only_tables =
        array != nullptr && (array->empty() || array->is_homogeneous(toml::node_type::table));
    if (!only_tables)
      return wrong(key, "is not a list of tables", "write each handler as a [[handlers]] entry");
    auto& entries = layer_.handlers.emplace();
    for (const auto& item : *array) {
      auto& entry = entries.emplace_back(handler_entry{at(item.source()), {}});
      leaves({}, *item.as_table(), entry.keys);
    }
  }

  /// Every value in `table`, with the names of nested tables in its path.
  void leaves(const path_parts& prefix, const toml::table& table, std::vector<assignment>& out) {
    for (const auto& [name, node] : table) {
      auto path = extended(prefix, name);
      if (const auto* inner = node.as_table())
        leaves(path, *inner, out);
      else
        out.push_back({std::move(path), raw(node), at(name.source())});
    }
  }

  const std::string& name_;
  origin::layer from_;
  layer layer_;
  const settings settings_;
};

/// The name that a line of TOML assigns to, or nothing.
std::string_view assigned_name(std::string_view line) {
  std::size_t equals = line.find('=');
  return equals == std::string_view::npos ? std::string_view{} : line.substr(0, equals);
}

/// The parser quotes what it stumbled over: not to be shown where that may be a secret.
bool may_quote_secret(std::string_view text, std::size_t line_number) {
  std::vector<std::string_view> lines;
  while (lines.size() < line_number) {
    std::size_t end = text.find('\n');
    lines.push_back(text.substr(0, end));
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  if (lines.empty()) return false;
  if (looks_secret(lines.back())) return true;
  for (auto line = lines.rbegin(); line != lines.rend(); ++line)
    if (!assigned_name(*line).empty()) return looks_secret(assigned_name(*line));
  return false;
}

layer unreadable(const std::string& name, origin::layer from, std::string message,
                 std::string remedy) {
  layer result;
  result.problems.push_back({.where = {from, name, 0, 0},
                             .key = {},
                             .value = {},
                             .message = std::move(message),
                             .remedy = std::move(remedy),
                             .nearest = {}});
  return result;
}

} // namespace

std::optional<std::string> file_content(const std::filesystem::path& file, std::string& error) {
  std::error_code ignored;
  if (std::filesystem::is_directory(file, ignored)) {
    error = "is a directory";
    return std::nullopt;
  }
  errno = 0;
  std::ifstream in{file, std::ios::binary};
  if (!in) {
    error = std::string{"cannot be read: "} + std::strerror(errno);
    return std::nullopt;
  }
  std::string content(largest_file + 1, '\0');
  in.read(content.data(), static_cast<std::streamsize>(content.size()));
  content.resize(static_cast<std::size_t>(in.gcount()));
  if (in.bad() || content.size() > largest_file) {
    error = in.bad() ? "cannot be read" : "is larger than 4 MiB";
    return std::nullopt;
  }
  return content;
}

layer read_toml(std::string_view text, const std::string& name, origin::layer from) {
  try {
    auto root = toml::parse(text, name);
    return file_walk{name, from}.walk(root);
  } catch (const toml::parse_error& failure) {
    auto place = failure.source().begin;
    auto result = may_quote_secret(text, place.line)
                      ? unreadable(name, from, "is not valid TOML here",
                                   "is the value in quotes? (it may be secret and is not shown)")
                      : unreadable(name, from, std::string{failure.description()}, {});
    result.problems.back().where.line = place.line;
    result.problems.back().where.column = place.column;
    return result;
  }
}

layer read_file(const std::filesystem::path& file, origin::layer from, bool required) {
  std::error_code error;
  if (!required && (file.empty() || !std::filesystem::exists(file, error)) && !error) return {};
  std::string reason;
  auto content = file_content(file, reason);
  if (!content)
    return unreadable(file.string(), from, reason,
                      required ? "name a readable file with --config" : "make it readable");
  return read_toml(*content, file.string(), from);
}

} // namespace streamer::config_impl

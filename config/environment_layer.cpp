#include <algorithm>

#include "config/keys.hpp"
#include "config/layer.hpp"
#include "config/secret_file.hpp"
#include "config/text.hpp"

namespace streamer::config_impl {
namespace {

constexpr std::string_view variable_prefix = "KAFKA_";
constexpr std::string_view separator = "__";
constexpr std::string_view file_suffix = "_FILE";
constexpr std::string_view properties_prefix = "PROPERTIES__";

std::string uppered(std::string_view text) {
  std::string out{text};
  std::ranges::transform(out, out.begin(), [](char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
  });
  return out;
}

bool is_upper(std::string_view text) {
  return std::ranges::none_of(text, [](char c) { return c >= 'a' && c <= 'z'; });
}

/// `consumer.batch_size` as a variable.
std::string variable_for(std::string_view key) {
  std::string name = uppered(key);
  std::size_t dot = name.find('.');
  name.replace(dot, 1, separator);
  std::ranges::replace(name, '.', '_');
  return std::string{variable_prefix} + name;
}

/// FETCH_MIN_BYTES as a librdkafka property.
std::string property_name(std::string_view variable_part) {
  std::string name = lowered(variable_part);
  std::ranges::replace(name, '_', '.');
  return name;
}

class environment_walk {
 public:
  void visit(const environment_variable& variable) {
    std::string_view rest = variable.name;
    if (!rest.starts_with(variable_prefix)) return;
    rest.remove_prefix(variable_prefix.size());
    std::size_t split = rest.find(separator);
    if (split == std::string_view::npos) return;
    std::string section = lowered(rest.substr(0, split));
    std::string_view name = rest.substr(split + separator.size());
    const auto& sections = section_names();
    bool known =
        is_upper(rest.substr(0, split)) && std::ranges::find(sections, section) != sections.end();
    if (!known) return foreign(variable, section);
    if (!is_upper(name)) return unknown(variable, section, name);
    in_section(variable, section, name);
  }

  layer take() {
    for (const auto& assigned : from_files_)
      if (has(assigned.path))
        layer_.problems.push_back({.where = assigned.where,
                                   .key = joined(assigned.path, "."),
                                   .value = {},
                                   .message = "is set by two variables, with and without _FILE",
                                   .remedy = "keep one of them",
                                   .nearest = {}});
      else
        layer_.assignments.push_back(assigned);
    return std::move(layer_);
  }

 private:
  static origin place(const environment_variable& variable) {
    return {origin::layer::environment, variable.name, 0, 0};
  }

  bool has(const std::vector<std::string>& path) const {
    return std::ranges::any_of(layer_.assignments,
                               [&](const assignment& other) { return other.path == path; });
  }

  void in_section(const environment_variable& variable, const std::string& section,
                  std::string_view name) {
    settings scratch;
    if (name.starts_with(properties_prefix) && properties_of(scratch, section) != nullptr) {
      name.remove_prefix(properties_prefix.size());
      std::string_view stem =
          name.substr(0, name.size() - file_suffix.size() * name.ends_with(file_suffix));
      std::vector<std::string> path{section, "properties", property_name(stem)};
      if (stem != name && is_secret_path(path)) return from_file(variable, std::move(path));
      path.back() = property_name(name);
      return from_value(variable, std::move(path));
    }
    std::vector<std::string> path{section, lowered(name)};
    if (find_key(setting_keys(), joined(path, ".")) != nullptr)
      return from_value(variable, std::move(path));
    if (name.ends_with(file_suffix)) {
      path.back() = lowered(name.substr(0, name.size() - file_suffix.size()));
      if (is_secret_path(path)) return from_file(variable, std::move(path));
    }
    unknown(variable, section, name);
  }

  void from_value(const environment_variable& variable, std::vector<std::string> path) {
    layer_.assignments.push_back({std::move(path), untyped_text{variable.value}, place(variable)});
  }

  void from_file(const environment_variable& variable, std::vector<std::string> path) {
    std::string reason;
    if (auto content = read_secret_file(variable.value, reason)) {
      from_files_.push_back(
          {std::move(path), untyped_text{std::move(*content)}, place(variable), variable.value});
      return;
    }
    layer_.problems.push_back(
        {.where = place(variable),
         .key = joined(path, "."),
         .value = {},
         .message = "is to be read from " + shown(variable.value) + ", which " + reason,
         .remedy = "name a readable file with the secret in it",
         .nearest = {}});
  }

  void unknown(const environment_variable& variable, const std::string& section,
               std::string_view name) {
    std::string full = section + '.' + lowered(name);
    bool table = name.starts_with("LIMITS") || section == "handlers";
    std::vector<std::string> candidates;
    for (const auto& known : names_in(section))
      candidates.push_back(variable_for(known));
    layer_.problems.push_back(
        {.where = place(variable),
         .key = std::move(full),
         .value = {},
         .message = table ? "cannot be set by a variable" : "is not a key",
         .remedy = table ? "tables of handlers and limits come from files" : "",
         .nearest = nearest(variable.name, candidates).value_or("")});
  }

  void foreign(const environment_variable& variable, const std::string& section) {
    layer_.warnings.push_back({.where = place(variable),
                               .key = {},
                               .value = {},
                               .message = "is left alone: it names no section of the configuration",
                               .remedy = {},
                               .nearest = nearest(section, section_names()).value_or("")});
  }

  layer layer_;
  std::vector<assignment> from_files_;
};

} // namespace

layer read_environment(const std::vector<environment_variable>& variables) {
  environment_walk walk;
  for (const auto& variable : variables)
    walk.visit(variable);
  return walk.take();
}

} // namespace streamer::config_impl

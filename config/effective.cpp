#include "config/effective.hpp"

#include "config/keys.hpp"
#include "config/text.hpp"

namespace streamer::config_impl {
namespace {

using rows = std::vector<effective_value>;

std::string masked(std::string_view name, std::string_view value) {
  return looks_secret(name) && !value.empty() ? "***" : toml_quoted(value);
}

bool is_header_with_secret(std::string_view option) {
  constexpr std::string_view prefix = "request_headers.";
  return option.starts_with(prefix) && is_secret_header(option.substr(prefix.size()));
}

template <class Owner>
void add(rows& out, const std::string& section, const std::string& prefix, const std::string& key,
         const field<Owner>& entry, const Owner& owner, const Owner& fallback) {
  out.push_back({section, prefix + entry.name, key + entry.name, entry.literal(owner),
                 entry.literal(fallback)});
}

void add_properties(rows& out, const std::string& section, const settings& values) {
  const auto* properties = properties_of(values, section);
  if (properties == nullptr) return;
  std::string table = section + ".properties";
  std::string prefix = table + '.';
  for (const auto& [name, value] : *properties)
    out.push_back({section, prefix + name, table, masked(name, value), ""});
}

void add_limits(rows& out, const settings& values) {
  for (const auto& [tenant, limit] : values.tenants.limits) {
    std::string prefix = "tenants.limits." + tenant + '.';
    for (const auto& entry : limit_keys())
      out.push_back({"tenants", prefix + entry.name, "tenants.limits." + entry.name,
                     entry.literal(limit), ""});
  }
}

void add_handlers(rows& out, const settings& values) {
  static const handler_settings fallback;
  for (std::size_t index = 0; index < values.handlers.size(); ++index) {
    const auto& handler = values.handlers[index];
    std::string prefix = "handlers[" + std::to_string(index) + "].";
    for (const auto& entry : handler_keys())
      add(out, "handlers", prefix, "handlers.", entry, handler, fallback);
    std::string header_prefix = prefix + "header.";
    for (const auto& [header, glob] : handler.header)
      out.push_back({"handlers", header_prefix + header, "handlers.header", toml_quoted(glob), ""});
    for (const auto& entry : retry_keys())
      add(out, "handlers", prefix + "retry.", "handlers.retry.", entry, handler.retry,
          values.retry);
    for (const auto& [option, texts] : handler.lists)
      out.push_back({"handlers", prefix + option, "handlers.options", toml_list(texts), ""});
    for (const auto& [option, value] : handler.options)
      out.push_back({"handlers", prefix + option, "handlers.options",
                     is_header_with_secret(option) ? "***" : masked(option, value), ""});
  }
}

} // namespace

std::vector<effective_value> effective_values(const settings& values) {
  static const settings fallback;
  rows out;
  for (const auto& section : section_names()) {
    std::string prefix = section + '.';
    for (const auto& entry : setting_keys())
      if (entry.name.starts_with(prefix)) add(out, section, "", "", entry, values, fallback);
    add_properties(out, section, values);
    if (section == "tenants") add_limits(out, values);
    if (section == "handlers") add_handlers(out, values);
  }
  return out;
}

} // namespace streamer::config_impl

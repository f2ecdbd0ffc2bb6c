#include "config/readers.hpp"

#include <array>

namespace streamer::config_impl {
namespace {

constexpr std::array<std::pair<std::string_view, tenant_source::kind>, 3> tenant_source_prefixes{{
    {"header:", tenant_source::kind::header},
    {"topic:", tenant_source::kind::topic},
    {"key_prefix:", tenant_source::kind::key_prefix},
}};

} // namespace

const std::string* text_of(const raw_value& value) {
  if (const auto* untyped = std::get_if<untyped_text>(&value)) return &untyped->text;
  return std::get_if<std::string>(&value);
}

std::optional<bool> reader<bool>::read(const raw_value& value) {
  if (const auto* typed = std::get_if<bool>(&value)) return *typed;
  if (const auto* untyped = std::get_if<untyped_text>(&value)) {
    if (untyped->text == "true" || untyped->text == "1") return true;
    if (untyped->text == "false" || untyped->text == "0") return false;
  }
  return std::nullopt;
}

std::optional<double> reader<double>::read(const raw_value& value) {
  if (const auto* typed = std::get_if<double>(&value)) return *typed;
  if (const auto* whole = std::get_if<std::int64_t>(&value)) return static_cast<double>(*whole);
  if (const auto* untyped = std::get_if<untyped_text>(&value)) {
    double number{};
    const char* end = untyped->text.data() + untyped->text.size();
    auto [stop, error] = std::from_chars(untyped->text.data(), end, number);
    if (error == std::errc{} && stop == end) return number;
  }
  return std::nullopt;
}

std::string reader<double>::literal(double value) {
  std::array<char, 32> buffer{};
  auto [end, error] = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
  std::string text{buffer.data(), end};
  // TOML would read a number without a point or an exponent back as an integer.
  if (text.find_first_not_of("-0123456789") == std::string::npos) text += ".0";
  return text;
}

std::optional<std::string> reader<std::string>::read(const raw_value& value) {
  const auto* text = text_of(value);
  return text == nullptr ? std::nullopt : std::optional{*text};
}

std::optional<std::vector<std::string>> reader<std::vector<std::string>>::read(
    const raw_value& value) {
  if (const auto* list = std::get_if<std::vector<std::string>>(&value)) return *list;
  auto text = reader<std::string>::read(value);
  return text ? std::optional{split_list(*text)} : std::nullopt;
}

std::optional<tenant_source> reader<tenant_source>::read(const raw_value& value) {
  auto text = reader<std::string>::read(value);
  if (!text) return std::nullopt;
  for (const auto& [prefix, kind] : tenant_source_prefixes)
    if (text->starts_with(prefix) && text->size() > prefix.size())
      return tenant_source{kind, text->substr(prefix.size())};
  return std::nullopt;
}

std::string reader<tenant_source>::literal(const tenant_source& value) {
  for (const auto& [prefix, kind] : tenant_source_prefixes)
    if (kind == value.from) return toml_quoted(std::string{prefix} + value.argument);
  return {};
}

} // namespace streamer::config_impl

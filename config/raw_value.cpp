#include "config/raw_value.hpp"

#include <algorithm>

#include "config/readers.hpp"
#include "config/text.hpp"

namespace streamer::config_impl {
namespace {

template <class... Functions>
struct overloaded : Functions... {
  using Functions::operator()...;
};
// clang 14 does not deduce aggregates without it.
template <class... Functions>
overloaded(Functions...) -> overloaded<Functions...>;

bool has_control(std::string_view text) {
  return std::ranges::any_of(text, [](char c) {
    auto code = static_cast<unsigned char>(c);
    return code < 0x20 || code == 0x7f;
  });
}

} // namespace

std::string shown_value(const raw_value& value) {
  return std::visit(overloaded{
                        [](const untyped_text& v) { return shown(v.text); },
                        [](const std::string& v) { return shown(v); },
                        [](const std::vector<std::string>& v) { return toml_list(v); },
                        [](const foreign_value& v) { return '(' + v.type + ')'; },
                        [](const auto& v) { return reader<std::decay_t<decltype(v)>>::literal(v); },
                    },
                    value);
}

std::string plain_text(const raw_value& value) {
  return std::visit(overloaded{
                        [](const untyped_text& v) { return v.text; },
                        [](const std::string& v) { return v; },
                        [](const std::vector<std::string>& v) { return joined(v, ","); },
                        [](const foreign_value&) { return std::string{}; },
                        [](const auto& v) { return reader<std::decay_t<decltype(v)>>::literal(v); },
                    },
                    value);
}

bool has_control_characters(const raw_value& value) {
  if (const auto* list = std::get_if<std::vector<std::string>>(&value))
    return std::ranges::any_of(*list, has_control);
  const auto* text = text_of(value);
  return text != nullptr && has_control(*text);
}

} // namespace streamer::config_impl

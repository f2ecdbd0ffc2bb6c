#include "tools/ingest/json_text.hpp"

#include <algorithm>
#include <cstddef>
#include <nlohmann/json.hpp>

namespace streamer::tools {
namespace {

// Deeper nesting is no payload that a handler can read within its own limits.
constexpr std::size_t deepest = 512;

/// Keeps nothing but the place of the first error.
class checker final : public nlohmann::json_sax<nlohmann::json> {
 public:
  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(number_integer_t) override { return true; }
  bool number_unsigned(number_unsigned_t) override { return true; }
  bool number_float(number_float_t, const string_t&) override { return true; }
  bool string(string_t&) override { return true; }
  bool binary(binary_t&) override { return true; }
  bool start_object(std::size_t) override { return open(); }
  bool key(string_t&) override { return true; }
  bool end_object() override { return close(); }
  bool start_array(std::size_t) override { return open(); }
  bool end_array() override { return close(); }
  bool parse_error(std::size_t where, const std::string&,
                   const nlohmann::detail::exception&) override {
    position = where;
    return false;
  }

  std::size_t position = 0;
  bool too_deep = false;

 private:
  bool open() {
    too_deep = ++depth_ > deepest;
    return !too_deep;
  }
  bool close() {
    --depth_;
    return true;
  }

  std::size_t depth_ = 0;
};

} // namespace

std::optional<std::string> json_problem(std::string_view text) {
  checker check;
  if (nlohmann::json::sax_parse(text, &check)) return std::nullopt;
  if (check.too_deep) return "nested deeper than " + std::to_string(deepest);
  // The parser counts from 1 and stands behind the end when something is missing there.
  const auto at = std::min(check.position == 0 ? 0 : check.position - 1, text.size());
  std::string place = "at byte " + std::to_string(at + 1);
  if (text.find('\n') != std::string_view::npos) {
    const auto before = text.substr(0, at);
    const auto line = std::ranges::count(before, '\n') + 1;
    const auto column = at - (before.find_last_of('\n') + 1) + 1; // npos + 1 is 0
    place += " (line " + std::to_string(line) + ", column " + std::to_string(column) + ")";
  }
  return place + ": " +
         (at >= text.size() ? "the text ends too early" : "this is not allowed here");
}

} // namespace streamer::tools

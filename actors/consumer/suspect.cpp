#include "actors/consumer/suspect.hpp"

#include <charconv>

namespace streamer {
namespace {

constexpr std::string_view mark_version = "v1";
// Anybody who may write to the topic writes what he likes: nothing longer is kept.
constexpr std::size_t longest_process_name = 64;
constexpr std::size_t longest_topic_in_key = 249;

template <class Number>
std::optional<Number> natural_number(std::string_view text) {
  Number value{};
  const auto* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (text.empty() || error != std::errc{} || stop != end || value < Number{}) {
    return std::nullopt;
  }
  return value;
}

// The text up to the next blank; what follows it stays in `rest`.
std::string_view next_mark_word(std::string_view& rest) {
  const auto blank = rest.find(' ');
  const auto word = rest.substr(0, blank);
  rest = blank == std::string_view::npos ? std::string_view{} : rest.substr(blank + 1);
  return word;
}

} // namespace

std::string mark_key(const record_place& place) {
  return place.tp.topic + "/" + std::to_string(place.tp.partition.value()) + "/" +
         std::to_string(place.offset.value());
}

std::optional<record_place> parse_mark_key(std::string_view key) {
  const auto second = key.rfind('/');
  if (second == std::string_view::npos || second == 0) {
    return std::nullopt;
  }
  const auto first = key.rfind('/', second - 1);
  if (first == std::string_view::npos || first == 0 || first > longest_topic_in_key) {
    return std::nullopt;
  }
  const auto partition = natural_number<std::int32_t>(key.substr(first + 1, second - first - 1));
  const auto offset = natural_number<std::int64_t>(key.substr(second + 1));
  if (!partition || !offset) {
    return std::nullopt;
  }
  return record_place{{std::string{key.substr(0, first)}, partition_id{*partition}},
                      offset_id{*offset}};
}

std::string encode_mark(const suspect_mark& mark) {
  const auto counted = std::string{mark_version} + " " + std::to_string(mark.crashes);
  if (mark.alone || mark.doubted) {
    return counted + (mark.alone ? " alone " : " doubted ") + mark.by;
  }
  return counted + " suspect";
}

std::optional<suspect_mark> decode_mark(std::string_view text) {
  if (next_mark_word(text) != mark_version) {
    return std::nullopt;
  }
  const auto crashes = natural_number<std::uint32_t>(next_mark_word(text));
  const auto state = next_mark_word(text);
  if (!crashes || text.size() > longest_process_name || text.find(' ') != std::string_view::npos) {
    return std::nullopt;
  }
  if (state == "alone" && !text.empty()) {
    return suspect_mark{*crashes, true, std::string{text}};
  }
  if (state == "doubted" && !text.empty()) {
    return suspect_mark{*crashes, false, std::string{text}, true};
  }
  if (state == "suspect" && text.empty()) {
    return suspect_mark{*crashes, false, {}};
  }
  return std::nullopt;
}

} // namespace streamer

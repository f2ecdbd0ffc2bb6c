#include "tools/text/table.hpp"

#include <algorithm>
#include <utility>

#include "runtime/logging/format.hpp"

namespace streamer::tools {
namespace {

constexpr std::size_t gap = 2;
constexpr std::size_t least = 4;
constexpr std::string_view ellipsis = "…";

bool continues_character(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

} // namespace

std::size_t shown_width(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return !continues_character(c); }));
}

std::string shortened(std::string_view text, std::size_t width) {
  if (shown_width(text) <= width) return std::string{text};
  if (width == 0) return {};
  std::size_t end = 0;
  for (std::size_t shown = 0; end < text.size(); ++end) {
    if (!continues_character(text[end]) && shown++ == width - 1) break;
  }
  return std::string{text.substr(0, end)} + std::string{ellipsis};
}

std::string wrapped(std::string_view text, std::size_t width, std::size_t indent) {
  std::string lines;
  std::size_t shown = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (!continues_character(text[i]) && shown++ == width) {
      lines += "\n" + std::string(indent, ' ');
      shown = indent + 1;
    }
    lines += text[i];
  }
  return lines + "\n";
}

std::string folded(std::string_view text, std::size_t width, std::size_t indent) {
  const auto room = width > indent + least ? width - indent : least;
  std::string lines;
  std::string line;
  const auto end_line = [&] {
    lines += std::string(indent, ' ') + line + "\n";
    line.clear();
  };
  while (!text.empty()) {
    const auto end = std::min(text.find(' '), text.size());
    auto word = std::string{text.substr(0, end)};
    text.remove_prefix(std::min(end + 1, text.size()));
    if (word.empty()) continue;
    if (!line.empty() && shown_width(line) + 1 + shown_width(word) > room) end_line();
    if (shown_width(word) > room) word = shortened(word, room);
    line += (line.empty() ? "" : " ") + word;
  }
  if (!line.empty()) end_line();
  return lines;
}

table::table(std::vector<column> columns) : columns_{std::move(columns)} {}

void table::add(std::vector<std::string> cells) {
  cells.resize(columns_.size());
  for (auto& cell : cells)
    cell = escape_text(cell);
  rows_.push_back(std::move(cells));
}

std::vector<std::size_t> table::widths(std::size_t width) const {
  std::vector<std::size_t> wanted;
  std::size_t total = columns_.empty() ? 0 : gap * (columns_.size() - 1);
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    auto widest = shown_width(columns_[i].title);
    for (const auto& row : rows_)
      widest = std::max(widest, shown_width(row[i]));
    wanted.push_back(widest);
    total += widest;
  }
  // The widest that may shrink gives way first, so that short columns stay readable.
  while (total > width) {
    std::size_t victim = columns_.size();
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      if (columns_[i].may_shrink && wanted[i] > least &&
          (victim == columns_.size() || wanted[i] > wanted[victim])) {
        victim = i;
      }
    }
    if (victim == columns_.size()) break;
    --wanted[victim];
    --total;
  }
  return wanted;
}

std::string table::render(std::size_t width) const {
  const auto columns = widths(width);
  std::string out;
  const auto line = [&](const auto& cell_of) {
    std::string text;
    for (std::size_t i = 0; i < columns.size(); ++i) {
      const auto cell = shortened(cell_of(i), columns[i]);
      const std::string padding(columns[i] - shown_width(cell), ' ');
      text += columns_[i].right ? padding + cell : cell + padding;
      text += i + 1 < columns.size() ? std::string(gap, ' ') : std::string{};
    }
    text.erase(text.find_last_not_of(' ') + 1);
    out += text + '\n';
  };
  line([&](std::size_t i) { return columns_[i].title; });
  for (const auto& row : rows_) {
    line([&](std::size_t i) { return row[i]; });
  }
  return out;
}

} // namespace streamer::tools

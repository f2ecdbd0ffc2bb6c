// Tables that fit a line width.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace streamer::tools {

/// How a column is written.
struct column {
  std::string title;
  bool right = false;      ///< aligned right, as numbers are
  bool may_shrink = false; ///< cut, with an ellipsis, where the table is too wide
};

/// Number of characters that valid UTF-8 without control characters takes on a line.
[[nodiscard]] std::size_t shown_width(std::string_view text);

/// `text` in at most `width` characters; the last is `…` where something was cut.
[[nodiscard]] std::string shortened(std::string_view text, std::size_t width);

/// `text` in lines of at most `width` characters, each with its line end; all but the first begin
/// with `indent` blanks. Cut where the width ends, because it need not be prose.
[[nodiscard]] std::string wrapped(std::string_view text, std::size_t width, std::size_t indent);

/// Prose in lines of at most `width` characters, each with its line end and after `indent` blanks.
/// Broken at blanks; a word that is longer than a line is cut.
[[nodiscard]] std::string folded(std::string_view text, std::size_t width, std::size_t indent);

/// Rows under titles. Cells are escaped, so that no content can leave its cell.
class table {
 public:
  explicit table(std::vector<column> columns);

  /// Adds a row; cells that are missing are empty.
  void add(std::vector<std::string> cells);
  [[nodiscard]] bool empty() const { return rows_.empty(); }

  /// The lines, each with its line end and at most `width` characters as long as the columns that
  /// may not shrink leave room for it.
  [[nodiscard]] std::string render(std::size_t width = 80) const;

 private:
  [[nodiscard]] std::vector<std::size_t> widths(std::size_t width) const;

  std::vector<column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

} // namespace streamer::tools

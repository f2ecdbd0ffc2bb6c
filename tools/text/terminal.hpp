// What a stream can show, and lines that overwrite themselves where it can.
#pragma once

#include <cstddef>
#include <cstdio>
#include <string>
#include <string_view>

namespace streamer::tools {

/// What the program writes to. Colours and progress are for terminals alone.
struct terminal {
  bool is_terminal = false;
  bool colours = false; ///< a terminal, and neither NO_COLOR nor TERM=dumb says otherwise
  std::size_t width = 80;
};

/// Looks at a stream and at the environment.
[[nodiscard]] terminal terminal_of(std::FILE* stream);

/// Emphasis that a table or a line may have.
enum class colour { none, red, green, yellow, bold };

/// `text` in a colour, or as it is where there are none.
[[nodiscard]] std::string painted(const terminal& out, colour with, std::string_view text);

/// One line on stderr that overwrites itself; nothing at all if stderr is no terminal.
class progress_line {
 public:
  progress_line();
  progress_line(const progress_line&) = delete;
  progress_line& operator=(const progress_line&) = delete;
  /// Clears the line.
  ~progress_line();

  [[nodiscard]] bool visible() const { return terminal_.is_terminal; }
  void show(std::string_view text);
  void clear();

 private:
  terminal terminal_;
  bool shown_ = false;
};

/// Writes one line `streamer: …` to stderr. Control characters are escaped, so it stays one line.
void report_error(std::string_view line);

} // namespace streamer::tools

#include "tools/text/terminal.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>

#include "runtime/logging/format.hpp"

namespace streamer::tools {
namespace {

constexpr std::size_t narrowest = 40;

bool environment_has(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr && *value != '\0';
}

const char* sequence_of(colour with) {
  switch (with) {
    case colour::none: return "";
    case colour::red: return "\x1b[31m";
    case colour::green: return "\x1b[32m";
    case colour::yellow: return "\x1b[33m";
    case colour::bold: return "\x1b[1m";
  }
  return "";
}

} // namespace

terminal terminal_of(std::FILE* stream) {
  terminal found;
  const int descriptor = ::fileno(stream);
  found.is_terminal = ::isatty(descriptor) == 1;
  if (!found.is_terminal) return found;
  const char* kind = std::getenv("TERM");
  found.colours =
      !environment_has("NO_COLOR") && kind != nullptr && std::string_view{kind} != "dumb";
  winsize size{};
  if (::ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col >= narrowest) {
    found.width = size.ws_col;
  }
  return found;
}

std::string painted(const terminal& out, colour with, std::string_view text) {
  if (!out.colours || with == colour::none) return std::string{text};
  return sequence_of(with) + std::string{text} + "\x1b[0m";
}

progress_line::progress_line() : terminal_{terminal_of(stderr)} {}

progress_line::~progress_line() { clear(); }

void progress_line::show(std::string_view text) {
  if (!visible()) return;
  const auto cut = text.substr(0, terminal_.width - 1);
  std::fprintf(stderr, "\r\x1b[K%.*s", static_cast<int>(cut.size()), cut.data());
  std::fflush(stderr);
  shown_ = true;
}

void progress_line::clear() {
  if (!shown_) return;
  std::fputs("\r\x1b[K", stderr);
  std::fflush(stderr);
  shown_ = false;
}

void report_error(std::string_view line) {
  const auto text = "streamer: " + escape_text(line) + "\n";
  std::fputs(text.c_str(), stderr);
}

} // namespace streamer::tools

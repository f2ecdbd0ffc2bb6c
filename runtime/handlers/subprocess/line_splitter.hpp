#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

namespace streamer {

/// Cuts a stream of bytes into lines, keeping at most one line of bounded size. A plain value.
class line_splitter {
 public:
  /// `longest`: bytes of a line without its end.
  explicit line_splitter(std::size_t longest) : longest_{longest} {}

  /// Calls `take(line, cut)` for each line that `bytes` completes, without its line end (\n or
  /// \r\n). Of a line that is too long its beginning is given at once, with `cut` true, and the
  /// rest of it is passed over. The view is valid during the call.
  template <class Take>
  void feed(std::string_view bytes, Take take) {
    while (!bytes.empty()) {
      const auto end = bytes.find('\n');
      const auto part = bytes.substr(0, end);
      if (!passing_over_) {
        add(part, end != std::string_view::npos, take);
      }
      if (end == std::string_view::npos) {
        return;
      }
      passing_over_ = false;
      bytes.remove_prefix(end + 1);
    }
  }

  /// What came after the last line end.
  [[nodiscard]] std::string_view rest() const { return begun_; }

 private:
  template <class Take>
  void add(std::string_view part, bool complete, Take& take) {
    // A carriage return may belong to the line's end, which may come later.
    const bool may_end = (part.empty() ? std::string_view{begun_} : part).ends_with('\r');
    if (begun_.size() + part.size() > longest_ + (may_end ? 1 : 0)) {
      begun_.append(part.substr(0, longest_ - std::min(longest_, begun_.size())));
      passing_over_ = true;
      take(std::string_view{begun_}.substr(0, longest_), true);
      begun_.clear();
      return;
    }
    if (!complete) {
      begun_.append(part);
      return;
    }
    // The usual line lies in one read and is not copied.
    auto line = part;
    if (!begun_.empty()) {
      begun_.append(part);
      line = begun_;
    }
    take(line.ends_with('\r') ? line.substr(0, line.size() - 1) : line, false);
    begun_.clear();
  }

  std::size_t longest_;
  std::string begun_;
  bool passing_over_ = false;
};

} // namespace streamer

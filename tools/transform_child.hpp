// The command of `dlq redrive --transform`: a child process, one line in and one line out.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "runtime/kafka/result.hpp"

namespace streamer::tools {

/// A running command. It gets lines on its stdin and answers each, in order, with one line on its
/// stdout; its stderr is ours. Killed, with all that it started, by the destructor. While one
/// lives, SIGPIPE is ignored. Not thread-safe.
class transform_child {
 public:
  /// Runs `command` by `/bin/sh -c`. `patience`: how long it may take for one line.
  [[nodiscard]] static result<std::unique_ptr<transform_child>> start(
      const std::string& command, std::chrono::milliseconds patience);
  transform_child(const transform_child&) = delete;
  transform_child& operator=(const transform_child&) = delete;
  ~transform_child();

  /// The answer to one line, without its end. Fails with one line, which repeats nothing of the
  /// answer, if the command ends, takes too long, or says more than `most_answer` bytes; it is of
  /// no use after that.
  [[nodiscard]] result<std::string> ask(std::string_view line);

  static constexpr std::size_t most_answer = std::size_t{64} << 20U;

 private:
  transform_child(pid_t child, int to, int from, std::chrono::milliseconds patience);
  [[nodiscard]] std::string how_it_ended();
  [[nodiscard]] bool write_some(std::string_view& rest) const;

  pid_t child_;
  int to_;
  int from_;
  std::chrono::milliseconds patience_;
  std::string read_; ///< beyond the last answer
};

} // namespace streamer::tools

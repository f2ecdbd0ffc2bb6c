#pragma once

#include "runtime/handlers/subprocess/child_command.hpp"
#include "runtime/threads/descriptor.hpp"

#include <sys/types.h>

#include <optional>
#include <string>
#include <variant>

namespace streamer {

/// Why a program was not started: one line.
struct spawn_failure {
  std::string text;
};

/// How a child ended.
struct child_end {
  int exit_code = -1; ///< -1: a signal ended it
  int signal = 0;
};

/// A running program in a process group of its own, with pipes on its standard streams; the
/// worker's ends do not block. It has no other descriptor of the worker's and is killed by the
/// kernel when the thread that started it ends, however that ends. Not thread-safe.
class child_process {
 public:
  [[nodiscard]] static std::variant<child_process, spawn_failure> start(
      const child_command& command);

  child_process(child_process&& other) noexcept;
  child_process& operator=(child_process&&) = delete;
  child_process(const child_process&) = delete;
  child_process& operator=(const child_process&) = delete;
  /// Kills it, if it has not ended, and waits for that.
  ~child_process();

  [[nodiscard]] pid_t id() const { return id_; }
  [[nodiscard]] const descriptor& input() const { return input_; }   ///< written by the worker
  [[nodiscard]] const descriptor& output() const { return output_; } ///< read by the worker
  [[nodiscard]] const descriptor& errors() const { return errors_; } ///< read by the worker
  /// Readable once it has ended; may be missing on an old kernel.
  [[nodiscard]] const descriptor& watch() const { return watch_; }

  void close_input() { input_.close(); }
  void close_output() { output_.close(); }
  void close_errors() { errors_.close(); }
  /// To all of its process group.
  void signal(int number) const;
  /// How it ended, if it has; what is left of its process group is killed then.
  [[nodiscard]] std::optional<child_end> ended();

 private:
  child_process() = default;
  pid_t id_ = -1; // -1: moved away
  std::optional<child_end> end_;
  descriptor input_;
  descriptor output_;
  descriptor errors_;
  descriptor watch_;
};

} // namespace streamer

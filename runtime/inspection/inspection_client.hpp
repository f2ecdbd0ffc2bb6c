#pragma once

#include "config/settings.hpp"
#include "messages/inspection.hpp"
#include "runtime/http/endpoint.hpp"

#include <chrono>
#include <memory>
#include <string>
#include <variant>

namespace streamer {

/// Why a worker cannot be inspected.
struct inspecting_failure {
  bool configuration = false; ///< the configuration is wrong; otherwise the worker or its files
  std::string what;           ///< one line
};

/// A connection to a worker's inspector. Blocking; for one thread.
class inspection_client {
 public:
  /// Connects to `where` with the files of [inspect], or with those that a worker made in
  /// runtime.state_dir.
  [[nodiscard]] static std::variant<std::unique_ptr<inspection_client>, inspecting_failure> connect(
      const settings& config, const endpoint& where);
  ~inspection_client();
  inspection_client(const inspection_client&) = delete;
  inspection_client& operator=(const inspection_client&) = delete;

  /// The tree as it is now, or why there is no answer within `timeout`, in one line.
  [[nodiscard]] std::variant<tree_snapshot, std::string> snapshot(
      std::chrono::milliseconds timeout);

 private:
  struct impl;
  explicit inspection_client(std::unique_ptr<impl> made);
  std::unique_ptr<impl> impl_;
};

} // namespace streamer

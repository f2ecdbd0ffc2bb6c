#pragma once

#include "config/settings.hpp"
#include "messages/inspection_interface.hpp"
#include "runtime/http/endpoint.hpp"
#include "runtime/logging/log.hpp"

#include <caf/actor_system.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <variant>

namespace streamer {

/// Why there is no inspection port.
struct inspection_failure {
  bool configuration = false; ///< the configuration is wrong; otherwise the machine refuses
  std::string what;           ///< one line: which key, which value, what to do
};

/// Where other processes reach a worker's inspector: CAF remote actors behind mutual TLS. Whoever
/// shows no certificate of the authority gets nothing, holds one of a few places until somebody
/// else wants it, and can make nothing grow. Thread-safe.
class inspection_port {
 public:
  /// Binds `inspect.addr` and reads the certificates, which it makes where none are configured.
  /// Nobody is answered before `publish`.
  [[nodiscard]] static std::variant<std::unique_ptr<inspection_port>, inspection_failure> open(
      const settings& config, const log_handle& log);
  ~inspection_port();
  inspection_port(const inspection_port&) = delete;
  inspection_port& operator=(const inspection_port&) = delete;

  [[nodiscard]] endpoint bound() const;
  /// From now on this inspector answers, in the place of an earlier one. `system` was made with
  /// CAF's network module.
  void publish(caf::actor_system& system, const inspector_actor& inspector);
  /// Nobody is let in any more. Before `system` ends.
  void close(caf::actor_system& system);

  /// Connections that have ended: those whose certificate was accepted, and those without.
  [[nodiscard]] std::uint64_t admitted() const;
  [[nodiscard]] std::uint64_t refused() const;

 private:
  struct impl;
  explicit inspection_port(std::unique_ptr<impl> made);
  std::unique_ptr<impl> impl_;
};

} // namespace streamer

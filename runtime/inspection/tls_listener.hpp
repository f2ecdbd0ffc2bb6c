// The worker's end of inspection connections, as CAF's network module wants it. For this room only.
#pragma once

#include "runtime/inspection/openssl_handles.hpp"

#include <caf/actor_system.hpp>
#include <caf/io/doorman.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>

namespace streamer::detail {

class tls_scribe;

/// Who is connected, and how many may be. All but the counts belongs to CAF's network thread.
class inspection_gate {
 public:
  explicit inspection_gate(std::shared_ptr<SSL_CTX> context) : context_{std::move(context)} {}

  [[nodiscard]] SSL_CTX* context() const { return context_.get(); }
  /// Whether one more may come. A stranger that has not shown a certificate yet is cut off for it,
  /// the oldest first.
  [[nodiscard]] bool make_room();
  void came(tls_scribe& who);
  void left(tls_scribe& who, bool admitted);
  void refused_one() { refused_.fetch_add(1); }

  /// Connections that have ended: those whose certificate was accepted, and those without.
  [[nodiscard]] std::uint64_t admitted() const { return admitted_.load(); }
  [[nodiscard]] std::uint64_t refused() const { return refused_.load(); }

 private:
  std::shared_ptr<SSL_CTX> context_;
  std::list<tls_scribe*> open_;
  std::atomic<std::uint64_t> admitted_{0};
  std::atomic<std::uint64_t> refused_{0};
};

/// Accepts on a bound, non-blocking socket, which becomes the listener's. `system` has CAF's
/// network module.
[[nodiscard]] caf::io::doorman_ptr make_tls_listener(caf::actor_system& system, int socket,
                                                     std::shared_ptr<inspection_gate> gate);

} // namespace streamer::detail

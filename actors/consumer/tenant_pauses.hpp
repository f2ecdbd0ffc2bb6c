#pragma once

#include "messages/operator_pause.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

namespace streamer {

/// The tenants that operators have paused in this process: their records are taken in and not
/// handed out. Bounded, because anybody's text may be a tenant. Thread-safe.
class tenant_pauses {
 public:
  using pauses = std::map<std::string, operator_pause, std::less<>>;
  enum class answer : std::uint8_t { done, was_so, full };

  explicit tenant_pauses(std::size_t most = 1'000) : most_{most} {}

  /// One that is paused keeps its first pause.
  answer pause(const std::string& tenant, operator_pause what);
  answer resume(std::string_view tenant);

  [[nodiscard]] bool contains(std::string_view tenant) const;
  [[nodiscard]] pauses all() const;
  /// Grows with every change, so that a reader need not look when nothing has changed.
  [[nodiscard]] std::uint64_t version() const { return version_.load(std::memory_order_acquire); }

 private:
  std::size_t most_;
  std::atomic<std::uint64_t> version_{0};
  mutable std::mutex mutex_;
  pauses paused_;
};

} // namespace streamer

#include "runtime/threads/wakeup.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>

namespace streamer {
namespace {

constexpr std::uint64_t one = 1;

} // namespace

// Without a descriptor the sleeper falls back to its timeout, which is bounded everywhere.
wakeup::wakeup() : descriptor_{::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)} {}

wakeup::~wakeup() {
  if (descriptor_ >= 0) {
    ::close(descriptor_);
  }
}

void wakeup::raise() const noexcept {
  [[maybe_unused]] const auto written = ::write(descriptor_, &one, sizeof one);
}

void wakeup::clear() const noexcept {
  std::uint64_t count = 0;
  [[maybe_unused]] const auto read = ::read(descriptor_, &count, sizeof count);
}

std::span<const std::byte> wakeup::raise_bytes() noexcept {
  return std::as_bytes(std::span{&one, 1});
}

unsigned wait_for_any(std::span<const wakeup* const> flags, std::chrono::milliseconds timeout) {
  std::array<pollfd, 8> waits{};
  const auto count = std::min(flags.size(), waits.size());
  for (std::size_t i = 0; i < count; ++i) {
    waits[i] = {flags[i]->descriptor(), POLLIN, 0};
  }
  const auto limit = std::clamp<std::int64_t>(timeout.count(), 0, 60'000);
  if (::poll(waits.data(), count, static_cast<int>(limit)) <= 0) {
    return 0;
  }
  unsigned up = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if ((waits[i].revents & POLLIN) != 0) {
      flags[i]->clear();
      up |= 1U << i;
    }
  }
  return up;
}

} // namespace streamer

#include "config/secret.hpp"

#include <cstring>
#include <utility>

namespace streamer {

secret::secret(std::string_view plain) {
  if (plain.empty()) return;
  bytes_.reserve(plain.size() + 1);
  bytes_.assign(plain.begin(), plain.end());
  bytes_.push_back('\0');
}

secret& secret::operator=(const secret& other) {
  if (this != &other) {
    wipe();
    bytes_ = other.bytes_;
  }
  return *this;
}

secret& secret::operator=(secret&& other) noexcept {
  if (this != &other) {
    wipe();
    bytes_ = std::move(other.bytes_);
    other.bytes_.clear();
  }
  return *this;
}

secret::~secret() { wipe(); }

bool secret::empty() const noexcept { return bytes_.empty(); }

std::string_view secret::reveal() const noexcept {
  if (bytes_.empty()) return std::string_view{""};
  return {bytes_.data(), bytes_.size() - 1};
}

void secret::wipe() noexcept {
  if (!bytes_.empty()) ::explicit_bzero(bytes_.data(), bytes_.size());
  bytes_.clear();
}

} // namespace streamer

#include "runtime/system/key_marker.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <stdexcept>

namespace streamer {
namespace {

constexpr std::size_t shown_bytes = 8;
constexpr std::string_view digits = "0123456789abcdef";

} // namespace

key_marker::key_marker() {
  if (RAND_bytes(secret_.data(), static_cast<int>(secret_.size())) != 1) {
    throw std::runtime_error{"OpenSSL has no random bytes"};
  }
}

std::string key_marker::operator()(std::string_view key) const {
  std::array<unsigned char, EVP_MAX_MD_SIZE> mac{};
  unsigned size = 0;
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): bytes are bytes
  const auto* const bytes = reinterpret_cast<const unsigned char*>(key.data());
  if (HMAC(EVP_sha256(), secret_.data(), static_cast<int>(secret_.size()), bytes, key.size(),
           mac.data(), &size) == nullptr) {
    return {};
  }
  std::string text;
  for (std::size_t i = 0; i < shown_bytes; ++i) {
    text += digits[mac.at(i) >> 4U];
    text += digits[mac.at(i) & 0xFU];
  }
  return text;
}

} // namespace streamer

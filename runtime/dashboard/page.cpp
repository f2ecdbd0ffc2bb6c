#include "runtime/dashboard/page.hpp"

#include "runtime/http/bearer.hpp"

#include <openssl/evp.h>

#include <array>

namespace streamer {
namespace {

std::string_view between(std::string_view text, std::string_view begin, std::string_view end) {
  const auto from = text.find(begin);
  if (from == std::string_view::npos) {
    return {};
  }
  text.remove_prefix(from + begin.size());
  return text.substr(0, text.find(end));
}

std::string policy() {
  const auto page = dashboard_html();
  return "default-src 'none'; style-src " + hash_source(page, "style") + "; script-src " +
         hash_source(page, "script") +
         "; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; "
         "frame-ancestors 'none'";
}

} // namespace

std::string hash_source(std::string_view page, std::string_view element) {
  const auto name = std::string{element};
  const auto text = between(page, "<" + name + ">", "</" + name + ">");
  constexpr std::size_t digest_bytes = 32;
  std::array<unsigned char, digest_bytes> digest{};
  unsigned size = 0;
  EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha256(), nullptr);
  std::array<unsigned char, 4 * ((digest_bytes + 2) / 3) + 1> encoded{};
  const auto length = EVP_EncodeBlock(encoded.data(), digest.data(), static_cast<int>(size));
  return "'sha256-" + std::string{encoded.begin(), encoded.begin() + length} + "'";
}

http_response dashboard_response(unsigned status) {
  static const auto csp = policy();
  http_response response{status,
                         "text/html; charset=utf-8",
                         std::string{dashboard_html()},
                         {{"Content-Security-Policy", csp}}};
  if (status == bearer_token_missing().status) {
    response.headers.emplace_back("WWW-Authenticate", "Bearer");
  }
  return response;
}

} // namespace streamer

#include "runtime/http/bearer.hpp"

#include <algorithm>
#include <cstddef>
#include <fstream>

namespace streamer {
namespace {

constexpr std::string_view scheme = "Bearer ";
constexpr std::string_view blanks = " \t\r\n";

} // namespace

std::optional<std::string> read_bearer_token(const std::string& file) {
  std::ifstream in{file};
  std::string line;
  std::getline(in, line);
  const auto from = line.find_first_not_of(blanks);
  if (from == std::string::npos) {
    return std::nullopt;
  }
  return line.substr(from, line.find_last_not_of(blanks) - from + 1);
}

bool carries_bearer_token(const http_request& request, std::string_view token) {
  const std::string_view given{request.authorization};
  if (token.empty() || !given.starts_with(scheme)) {
    return false;
  }
  const auto text = given.substr(scheme.size());
  unsigned difference = text.size() == token.size() ? 0U : 1U;
  for (std::size_t i = 0; i < std::min(text.size(), token.size()); ++i) {
    difference |= static_cast<unsigned>(static_cast<unsigned char>(text[i] ^ token[i]));
  }
  return difference == 0;
}

http_response bearer_token_missing() {
  return {401,
          "text/plain; charset=utf-8",
          "the token of admin.token_file is needed: Authorization: Bearer TOKEN\n",
          {{"WWW-Authenticate", "Bearer"}}};
}

http_response bearer_token_unconfigured() {
  return {403,
          "text/plain; charset=utf-8",
          "nothing is changed without a token: set admin.token_file and start the worker anew\n",
          {}};
}

} // namespace streamer

// A token endpoint as OAUTHBEARER asks one: client credentials in, a token out.
#pragma once

#include "tests/support/common.hpp"

#include <atomic>
#include <cstdint>
#include <string>
#include <thread>

namespace streamer::test {

/// Serves POST requests on a free port of the loopback address until it is destroyed. A client with
/// the right credentials gets an unsigned token (JWS with alg "none") for `client`, which brokers
/// take that validate nothing; any other gets 401.
class token_endpoint {
 public:
  token_endpoint(std::string client, std::string secret);
  token_endpoint(const token_endpoint&) = delete;
  token_endpoint& operator=(const token_endpoint&) = delete;
  ~token_endpoint();

  [[nodiscard]] std::string url() const;
  [[nodiscard]] int granted() const { return granted_; }
  [[nodiscard]] int refused() const { return refused_; }

 private:
  void serve();
  void answer(int connection);

  std::string client_;
  std::string secret_;
  std::atomic<int> granted_{0};
  std::atomic<int> refused_{0};
  std::atomic<bool> stopping_{false};
  int listening_ = -1;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

} // namespace streamer::test

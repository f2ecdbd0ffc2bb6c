#include "enricher.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>
#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>
#include <streamer/testing.hpp>

#include <array>
#include <chrono>
#include <memory>
#include <string>
#include <thread>

namespace {

using namespace std::chrono_literals;
using streamer::outcome_kind;
using streamer::testing::call;
using streamer::testing::sample;

/// A service on a free port that answers by what stands in the path, one request a connection.
class service {
 public:
  service() : socket_{::socket(AF_INET, SOCK_STREAM, 0)} {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    auto* const plain = reinterpret_cast<sockaddr*>(&address);
    socklen_t size = sizeof(address);
    REQUIRE(::bind(socket_, plain, size) == 0);
    REQUIRE(::listen(socket_, 64) == 0);
    REQUIRE(::getsockname(socket_, plain, &size) == 0);
    port_ = ntohs(address.sin_port);
    thread_ = std::jthread{[this] { serve(); }};
  }
  ~service() {
    ::shutdown(socket_, SHUT_RDWR);
    thread_.join();
    ::close(socket_);
  }
  service(const service&) = delete;
  service& operator=(const service&) = delete;

  [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }

 private:
  void serve() const {
    for (int client = 0; (client = ::accept(socket_, nullptr, nullptr)) >= 0; ::close(client)) {
      std::array<char, 4096> buffer{};
      const auto got = ::recv(client, buffer.data(), buffer.size(), 0);
      const std::string asked(buffer.data(), got > 0 ? static_cast<std::size_t>(got) : 0);
      if (asked.find("/silent") != std::string::npos) continue;
      const bool unknown = asked.find("/unknown") != std::string::npos;
      const bool busy = asked.find("/busy") != std::string::npos;
      const std::string body =
          asked.find("/odd%2Fkey%20") != std::string::npos ? R"("escaped")" : R"({"city":"Bern"})";
      const std::string answer =
          std::string{"HTTP/1.1 "} +
          (unknown ? "404 Not Found"
           : busy  ? "503 Busy"
                   : "200 OK") +
          "\r\nConnection: close\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
          body;
      (void)::send(client, answer.data(), answer.size(), MSG_NOSIGNAL);
    }
  }

  int socket_;
  unsigned port_ = 0;
  std::jthread thread_;
};

sample event(std::string key) { return {.key = std::move(key), .value = R"({"order_id":1})"}; }

} // namespace

TEST_CASE("each record of a batch gets the answer for its key") {
  const service there;
  enrichment::enricher handler{std::make_shared<enrichment::http_requests>(8, 5s), there.url(),
                               "out"};
  auto keyless = event("");
  keyless.key.reset();
  const auto made = call(handler, {event("a"), event("unknown"), event("busy"), event("silent"),
                                   event("odd/key "), keyless});
  REQUIRE(made.size() == 6);
  CHECK(made[0].given.kind == outcome_kind::success);
  REQUIRE(made[0].sent.size() == 1);
  CHECK(made[0].sent[0].topic == "out");
  CHECK(made[0].sent[0].key == "a");
  CHECK(nlohmann::json::parse(*made[0].sent[0].value) ==
        nlohmann::json::parse(R"({"order_id":1,"enriched":{"city":"Bern"}})"));
  CHECK(made[1].given.kind == outcome_kind::skip);
  CHECK(made[2].given.kind == outcome_kind::retry);
  CHECK(made[3].given.kind == outcome_kind::retry);
  CHECK(nlohmann::json::parse(*made[4].sent.at(0).value)["enriched"] == "escaped");
  CHECK(made[5].given.kind == outcome_kind::reject);
}

TEST_CASE("what is no JSON object is rejected, and sends nothing") {
  const service there;
  enrichment::enricher handler{std::make_shared<enrichment::http_requests>(8, 5s), there.url(),
                               "out"};
  const auto made = call(handler, {sample{.key = "a", .value = "[]"}});
  CHECK(made[0].given.kind == outcome_kind::reject);
  CHECK(made[0].sent.empty());
}

TEST_CASE("a service that is not there is a retry; requests under way end with the pool") {
  enrichment::enricher nobody{std::make_shared<enrichment::http_requests>(8, 5s),
                              "http://127.0.0.1:1", "out"};
  CHECK(call(nobody, {event("a")})[0].given.kind == outcome_kind::retry);
}

TEST_CASE("a handler that keeps its records is fenced when patience is over") {
  class keeping final : public streamer::async_handler {
   public:
    void handle(std::span<streamer::delivery> batch) override {
      for (auto& one : batch)
        kept.push_back(std::move(one));
    }
    std::vector<streamer::delivery> kept;
  } handler;
  const auto made = call(handler, {event("a")}, 10ms);
  CHECK(made[0].given.cause == streamer::failure_class::timeout);
  CHECK_FALSE(handler.kept[0].complete(streamer::outcome::success()));
}

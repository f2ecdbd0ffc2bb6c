#include <sys/resource.h>

#include <catch2/catch_test_macros.hpp>
#include <chrono>
#include <filesystem>
#include <iterator>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "tests/unit/http/raw_client.hpp"

using namespace streamer;
using namespace std::chrono_literals;
using test::has_status;
using test::raw_client;

namespace {

/// Descriptors for both ends of many connections; false if the machine does not allow them.
bool allow_descriptors(rlim_t wanted) {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  if (limit.rlim_max < wanted) {
    return false;
  }
  limit.rlim_cur = std::max(limit.rlim_cur, wanted);
  return setrlimit(RLIMIT_NOFILE, &limit) == 0;
}

std::ptrdiff_t entries_of(const char* folder) {
  return std::distance(std::filesystem::directory_iterator{folder},
                       std::filesystem::directory_iterator{});
}

http_server_options with_deadline(std::chrono::milliseconds deadline) {
  http_server_options options;
  options.deadline = deadline;
  return options;
}

const http_route health = test::route_to("/healthz", "fine\n");

} // namespace

TEST_CASE(
    "Five hundred clients that drip bytes are cut, and health checks are answered meanwhile") {
  if (!allow_descriptors(3000)) {
    SKIP("this machine allows too few file descriptors");
  }
  const auto server = test::serve({health}, with_deadline(2s));
  const auto port = server.bound().port;
  std::vector<raw_client> slow;
  for (int i = 0; i < 500; ++i) {
    slow.emplace_back(port);
    slow.back().send("GET /healthz HTTP/1.1\r\nX-Slow: ");
  }
  int answered = 0;
  while (!slow.empty()) {
    std::erase_if(slow,
                  [](const raw_client& client) { return !client.send("x") || client.closed(); });
    REQUIRE(has_status(test::get(port, "/healthz"), "200"));
    ++answered;
  }
  CHECK(answered > 1);
}

TEST_CASE("A client that never pauses is cut at the deadline of its request") {
  const auto server = test::serve({health}, with_deadline(300ms));
  const raw_client client{server.bound().port};
  client.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Slow: ");
  int sent = 0;
  while (client.send("x") && !client.closed()) {
    std::this_thread::sleep_for(5ms);
    ++sent;
  }
  // A byte every few milliseconds did not put the end off.
  CHECK(sent < 400);
}

TEST_CASE("A client that sends nothing at all is cut at the deadline too") {
  const auto server = test::serve({health}, with_deadline(200ms));
  const raw_client client{server.bound().port};
  CHECK(client.read_all().empty());
}

TEST_CASE("The deadline starts anew with each request of a connection") {
  const auto server = test::serve({health}, with_deadline(1500ms));
  const raw_client client{server.bound().port};
  for (int i = 0; i < 4; ++i) {
    client.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
    REQUIRE(has_status(client.read_some(), "200"));
    std::this_thread::sleep_for(500ms);
  }
}

TEST_CASE("A client that does not read its answer is cut, and its memory is free again") {
  constexpr std::size_t huge = std::size_t{24} * 1024 * 1024;
  auto options = with_deadline(2s);
  options.pending_body_bytes = huge;
  const auto server =
      test::serve({health, test::route_to("/huge", std::string(huge, 'x'))}, options);
  const auto port = server.bound().port;
  const raw_client lazy{port, 4096};
  lazy.send("GET /huge HTTP/1.1\r\nHost: localhost\r\n\r\n");
  REQUIRE_FALSE(lazy.read_some().empty());
  CHECK(has_status(test::get(port, "/huge"), "503"));
  CHECK(has_status(test::get(port, "/healthz"), "200"));
  CHECK(lazy.read_all().size() < huge);
  const raw_client again{port};
  again.send("GET /huge HTTP/1.1\r\nHost: localhost\r\n\r\n");
  CHECK(has_status(again.read_some(), "200"));
}

TEST_CASE("Garbage, huge headers and huge addresses are refused or cut, and the server goes on") {
  const auto server = test::serve({health}, with_deadline(1s));
  const auto port = server.bound().port;
  const auto refused = [](const std::string& answer) {
    return answer.empty() || answer.starts_with("HTTP/1.1 4") || answer.starts_with("HTTP/1.0 4");
  };
  std::mt19937 random{7};
  std::uniform_int_distribution<int> byte{0, 255};
  for (int round = 0; round < 50; ++round) {
    std::string garbage;
    for (int i = 0; i < 3000; ++i) {
      garbage += static_cast<char>(byte(random));
    }
    CHECK(refused(test::talk(port, garbage + "\r\n\r\n")));
  }
  const std::string huge(200'000, 'a');
  CHECK(refused(test::talk(port, "GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Huge: " + huge)));
  CHECK(refused(test::get(port, "/" + huge)));
  CHECK(refused(test::talk(port, huge)));
  std::string many{"GET /healthz HTTP/1.1\r\nHost: localhost\r\n"};
  for (int i = 0; i < 5000; ++i) {
    many += "X: y\r\n";
  }
  CHECK(refused(test::talk(port, many + "\r\n")));
  CHECK(refused(test::talk(port,
                           "GET /healthz HTTP/1.1\r\nHost: localhost\r\n"
                           "Content-Length: 99999999999999999999999\r\n\r\n")));
  CHECK(refused(test::talk(port, "GET /healthz HTTP/1.1\r\n\r\n")));
  CHECK(refused(test::talk(port, "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")));
  CHECK(has_status(test::get(port, "/healthz"), "200"));
}

TEST_CASE("More connections than allowed wait and are served when others are cut") {
  auto options = with_deadline(300ms);
  options.max_connections = 16;
  const auto server = test::serve({health}, options);
  std::vector<raw_client> idle;
  for (int i = 0; i < 40; ++i) {
    idle.emplace_back(server.bound().port);
  }
  CHECK(has_status(test::get(server.bound().port, "/healthz"), "200"));
}

TEST_CASE("Stopping does not wait for clients, and they see the end") {
  auto server = test::serve({health, test::route_to("/huge", std::string(1U << 25U, 'x'))});
  const auto port = server.bound().port;
  const raw_client silent{port};
  const raw_client half{port};
  half.send("GET /healthz HT");
  const raw_client lazy{port, 4096};
  lazy.send("GET /huge HTTP/1.1\r\nHost: localhost\r\n\r\n");
  REQUIRE_FALSE(lazy.read_some().empty());
  server.stop();
  CHECK(silent.read_all().empty());
  CHECK(half.read_all().empty());
  CHECK(lazy.read_all().size() < (1U << 25U));
  CHECK_THROWS(raw_client{port});
}

TEST_CASE("A server takes one thread, and gives back every descriptor and thread") {
  // The first start may open what the libraries then keep.
  test::serve({health}).stop();
  const auto descriptors = entries_of("/proc/self/fd");
  const auto threads = entries_of("/proc/self/task");
  {
    const auto server = test::serve({health});
    CHECK(entries_of("/proc/self/task") == threads + 1);
    const raw_client stays{server.bound().port};
    stays.send("GET /he");
    for (int i = 0; i < 100; ++i) {
      REQUIRE(has_status(test::get(server.bound().port, "/healthz"), "200"));
    }
  }
  CHECK(entries_of("/proc/self/fd") == descriptors);
  CHECK(entries_of("/proc/self/task") == threads);
}

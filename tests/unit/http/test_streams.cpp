#include <atomic>
#include <catch2/catch_test_macros.hpp>
#include <chrono>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "tests/unit/http/raw_client.hpp"

using namespace streamer;
using test::has_status;
using test::raw_client;

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const auto ask_for_events = "GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n";

/// A route that tells how often it was asked for an event.
struct counting_source {
  std::atomic<int> made{0};
  std::atomic<bool> allowed{true};
  std::string padding;

  http_route route(milliseconds period = milliseconds{50}) {
    return {"/events",
            [this](const http_request&) {
              return allowed ? http_response{} : http_response{401, "text/plain", "no\n", {}};
            },
            event_source{[this] { return std::to_string(++made) + padding; }, period}};
  }
};

/// Reads until `text` has come; what came.
std::string read_until(const raw_client& client, const std::string& text) {
  std::string all;
  while (all.find(text) == std::string::npos) {
    const auto more = client.read_some();
    if (more.empty()) {
      break;
    }
    all += more;
  }
  return all;
}

bool eventually(const auto& holds) {
  for (int i = 0; i < 1'000 && !holds(); ++i) {
    std::this_thread::sleep_for(milliseconds{10});
  }
  return holds();
}

} // namespace

TEST_CASE("A stream begins with the present event and goes on with each new one") {
  counting_source source;
  const auto server = test::serve({source.route()});
  const raw_client client{server.bound().port};
  client.send(ask_for_events);
  const auto text = read_until(client, "data: 4\n\n");
  CHECK(has_status(text, "200"));
  CHECK(text.find("Content-Type: text/event-stream; charset=utf-8\r\n") != std::string::npos);
  CHECK(text.find("Cache-Control: no-store\r\n") != std::string::npos);
  for (const auto* event : {"data: 1\n\n", "data: 2\n\n", "data: 3\n\n"}) {
    CHECK(text.find(event) != std::string::npos);
  }
}

TEST_CASE("All who listen share an event, and nobody listening costs nothing") {
  counting_source source;
  const auto server = test::serve({source.route(milliseconds{300})});
  std::this_thread::sleep_for(milliseconds{400});
  CHECK(source.made == 0);
  {
    std::vector<raw_client> clients;
    for (int i = 0; i < 8; ++i) {
      clients.emplace_back(server.bound().port);
      clients.back().send(ask_for_events);
    }
    for (const auto& client : clients) {
      CHECK(read_until(client, "data: 2\n\n").ends_with("data: 2\n\n\r\n"));
    }
    CHECK(source.made < 8);
  }
  // Once they have gone, which the server notices when it writes, it is quiet again.
  CHECK(eventually([&] {
    const int before = source.made;
    std::this_thread::sleep_for(milliseconds{700});
    return source.made == before;
  }));
}

TEST_CASE("The number of streams is bounded, other answers are not in their way") {
  counting_source source;
  http_server_options options;
  options.max_streams = 2;
  const auto server = test::serve({source.route(), test::route_to("/healthz", "fine\n")}, options);
  const auto port = server.bound().port;
  std::vector<raw_client> open;
  for (int i = 0; i < 2; ++i) {
    open.emplace_back(port);
    open.back().send(ask_for_events);
    CHECK(has_status(read_until(open.back(), "\n\n"), "200"));
  }
  CHECK(has_status(test::get(port, "/events"), "503"));
  CHECK(has_status(test::get(port, "/healthz"), "200"));
  open.clear();
  CHECK(eventually([&] {
    const raw_client client{port};
    client.send(ask_for_events);
    return has_status(client.read_some(), "200");
  }));
}

TEST_CASE("A handler that refuses is answered as ever, and HEAD opens no stream") {
  counting_source source;
  const auto server = test::serve({source.route()});
  const auto port = server.bound().port;
  source.allowed = false;
  const auto refused = test::get(port, "/events");
  CHECK(has_status(refused, "401"));
  CHECK(refused.ends_with("no\n"));
  source.allowed = true;
  CHECK(has_status(test::talk(port, test::request_for("HEAD", "/events")), "200"));
  CHECK(source.made == 0);
}

TEST_CASE("A stream ends after its life, for its client to ask again") {
  counting_source source;
  http_server_options options;
  options.stream_life = milliseconds{400};
  const auto server = test::serve({source.route()}, options);
  const raw_client client{server.bound().port};
  client.send(std::string{"GET /events HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"});
  const auto all = client.read_all(); // until the server closes
  CHECK(all.ends_with("\r\n0\r\n\r\n"));
  CHECK(source.made >= 2);
}

TEST_CASE("A client that does not read is cut, one that reads is kept beyond the deadline") {
  counting_source source;
  source.padding = std::string(200'000, 'x');
  http_server_options options;
  options.deadline = milliseconds{1'500};
  const auto server = test::serve({source.route()}, options);
  const auto port = server.bound().port;
  const raw_client reader{port};
  reader.send(ask_for_events);
  const raw_client sleeper{port, 4'096};
  sleeper.send(ask_for_events);
  const auto begin = std::chrono::steady_clock::now();
  std::size_t taken = 0;
  while (std::chrono::steady_clock::now() - begin < seconds{4}) {
    const auto some = reader.read_some();
    REQUIRE_FALSE(some.empty());
    taken += some.size();
  }
  CHECK(taken > source.padding.size());
  // What the kernel had taken for it still comes; then the connection is over.
  CHECK(sleeper.read_all().size() < taken);
}

TEST_CASE("A server stops at once, whatever its streams do") {
  counting_source source;
  auto server = test::serve({source.route(seconds{3})});
  std::vector<raw_client> open;
  for (int i = 0; i < 4; ++i) {
    open.emplace_back(server.bound().port);
    open.back().send(ask_for_events);
    CHECK(has_status(read_until(open.back(), "\n\n"), "200"));
  }
  const auto begin = std::chrono::steady_clock::now();
  server.stop();
  CHECK(std::chrono::steady_clock::now() - begin < seconds{2});
  for (const auto& client : open) {
    CHECK(client.read_all().size() < 100);
  }
}

TEST_CASE("A source that throws does not end its streams") {
  std::atomic<int> made{0};
  http_route route{"/events", [](const http_request&) { return http_response{}; },
                   event_source{[&made]() -> std::string {
                                  if (++made == 2) {
                                    throw std::runtime_error{"no figures"};
                                  }
                                  return "event " + std::to_string(made);
                                },
                                milliseconds{50}}};
  const auto server = test::serve({std::move(route)});
  const raw_client client{server.bound().port};
  client.send(ask_for_events);
  const auto text = read_until(client, "data: event 3\n\n");
  CHECK(text.find("data: event 1\n\n") != std::string::npos);
  CHECK(text.find(": nothing to tell\n\n") != std::string::npos);
  CHECK(text.find("no figures") == std::string::npos);
}

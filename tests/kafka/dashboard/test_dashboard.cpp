// The dashboard as its users see it: Chromium, a worker, Kafka.
#include <catch2/catch_test_macros.hpp>
#include <string>

#include "tests/support/broker_fixture.hpp"
#include "tests/support/browser.hpp"
#include "tests/support/scenario.hpp"
#include "tests/support/scripted_handlers.hpp"

using namespace streamer::test;

namespace {

const std::string hostile = R"(<img src=x onerror="document.title='taken over'"><b>x</b>)";

std::string text_of(const std::string& selector) {
  return "document.querySelector('" + selector + "').textContent";
}

std::string shows(const std::string& selector, const std::string& text) {
  return text_of(selector) + ".includes(" + nlohmann::json(text).dump() + ")";
}

// Adds a record of each fate.
void send_some(ledger_producer& producer, int count) {
  auto& maker = producer.maker();
  const auto scripted = [](const char* what) { return std::vector<header>{{script_header, what}}; };
  for (int i = 0; i < count; ++i) {
    producer.send(maker.make("acme", "key-" + std::to_string(i % 20), 100));
    producer.send(maker.make(hostile, "key-" + std::to_string(i % 7), 100));
  }
  producer.send(maker.make("acme", "poison", 100, scripted("reject")));
  producer.send(maker.make("acme", "flaky", 100, scripted("retry:1")));
  producer.flush();
}

// Pictures for people, where somebody asks for them.
void take_picture(browser& window, const std::string& name) {
  if (const auto directory = environment("STREAMER_PICTURES")) {
    window.picture(std::filesystem::path{*directory} / (name + ".png"));
  }
}

} // namespace

TEST_CASE("The dashboard shows a worker live, and is right again after a restart") {
  const scenario s{shared_broker(), {.partitions = 3}};
  auto config = s.scripted("scripted_async");
  config.text("admin.addr", "127.0.0.1:" + std::to_string(free_port()));
  config.value("retry.max_attempts", "1000");
  const auto token = s.directory() / "token";
  write_file(token, "open sesame\n");
  config.text("admin.token_file", token.string());
  auto first = std::make_unique<worker>(s.directory(), "first", config, worker_binary::scripted);
  first->wait_until_ready();
  ledger_producer producer{s.bootstrap, s.source};
  send_some(producer, 200);
  // Its key fails until a gate opens, so that there is something to explain.
  producer.send(producer.maker().make("acme", "waiting", 100, {{script_header, "until:gate"}}));
  producer.flush();

  browser window{s.directory()};
  window.open("http://127.0.0.1:" + std::to_string(first->admin_port()) + "/");

  // The page holds nothing before the token is given.
  REQUIRE(window.wait_for("!document.querySelector('#login').hidden"));
  CHECK(window.run("return document.querySelector('#main').hidden").get<bool>());
  window.enter("#token", "open the door");
  CHECK(window.wait_for(shows("#login-note", "refused")));
  window.enter("#token", "open sesame");
  REQUIRE(window.wait_for("!document.querySelector('#main').hidden"));
  static_cast<void>(window.run("window.sameDocument = true"));

  // What happened is shown, and text of strangers is text.
  CHECK(window.wait_for(shows("#health", "ready")));
  CHECK(window.wait_for(shows("#tenants", hostile)));
  CHECK(window.wait_for(shows("#failures", "dead letter: handler rejected")));
  CHECK(window.wait_for(shows("#failures", "retry: handler")));
  CHECK(window.wait_for("document.querySelectorAll('.partition').length === 3"));
  CHECK(window.wait_for(shows("#actors", "partition_consumer/" + s.source + "[2]")));
  CHECK(window.wait_for(shows("#actors", "handler/" + hostile)));
  CHECK(window.wait_for(shows("#verdicts", "of tenant acme has failed")));
  CHECK(window.wait_for(shows("#legend", "waits for a retry 1")));
  CHECK(window.run("return document.title") == "streamer");
  CHECK(window.run("return document.querySelectorAll('img, b b, section b b').length") == 0);

  // It is live: a new tenant appears by itself.
  for (int i = 0; i < 50; ++i) {
    producer.send(producer.maker().make("latecomer", "key-" + std::to_string(i), 100));
  }
  producer.flush();
  CHECK(window.wait_for(shows("#tenants", "latecomer")));
  CHECK(window.wait_for(text_of("#latency") + ".includes('ms')"));

  // Nothing came from anywhere else, and nothing was refused by the page's own policy.
  CHECK(window.run("return performance.getEntriesByType('resource')"
                   ".filter(r => !r.name.startsWith(location.origin + '/')).length") == 0);
  for (const auto& complaint : window.complaints()) {
    // The two answers that asked for a token.
    INFO(complaint.dump());
    CHECK(complaint.at("message").get<std::string>().find("401") != std::string::npos);
  }

  // It fits a phone, and follows what the system prefers.
  const std::string background = "return getComputedStyle(document.body).backgroundColor";
  window.prefer("light");
  const auto light = window.run(background);
  take_picture(window, "desktop-light");
  window.prefer("dark");
  CHECK(window.run(background) != light);
  take_picture(window, "desktop-dark");
  window.resize(390, 844, true);
  CHECK(window.run("return document.documentElement.scrollWidth").get<int>() <= 390);
  take_picture(window, "phone-dark");
  window.prefer("light");
  take_picture(window, "phone-light");

  // The worker goes: the page says so, and does not pretend.
  CHECK(first->stop().code == 0);
  CHECK(window.wait_for("!document.querySelector('#banner').hidden"));
  CHECK(window.wait_for(shows("#banner", "Disconnected")));
  CHECK(window.run("return " + text_of("#health")) == "disconnected");

  // Another one comes at the same address: the page finds it, with the figures of that one.
  s.open_gate("gate");
  worker second{s.directory(), "second", config, worker_binary::scripted};
  second.wait_until_ready();
  REQUIRE(window.wait_for("document.querySelector('#banner').hidden", 30s));
  CHECK(window.wait_for(shows("#health", "ready")));
  s.wait_until_drained();
  CHECK(window.wait_for("!" + shows("#tenants", "latecomer")));
  CHECK(window.wait_for(shows("#verdicts", "No partition of this worker lags")));
  CHECK(window.run("return window.sameDocument").get<bool>());
  CHECK(second.stop().code == 0);
  s.require_invariants(producer.sent());
}

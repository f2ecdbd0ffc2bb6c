// Handlers of kind http: the real binary and a service that does what a request says.
#include "tests/mock/handlers/handler_run.hpp"
#include "tests/support/certificates.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <set>
#include <sstream>

using namespace streamer::test;

namespace {

/// The service, on a free port; with a certificate it speaks TLS.
class service {
 public:
  explicit service(const handler_run& run, const std::string& name = "service",
                   std::optional<key_pair> identity = std::nullopt)
      : journal_{run.directory() / (name + ".journal")}, process_{options(run, name, identity)} {
    const bool up =
        wait_until([&] { return process_.stdout_text().find('\n') != std::string::npos; }, 20s);
    INFO(process_.stderr_text());
    REQUIRE(up);
    port_ = process_.stdout_text();
    port_.pop_back();
    tls_ = identity.has_value();
  }

  [[nodiscard]] std::string url(const std::string& host = "127.0.0.1") const {
    return (tls_ ? "https://" : "http://") + host + ":" + port_ + "/records";
  }
  /// All requests, in order.
  [[nodiscard]] std::vector<nlohmann::json> requests() const {
    std::vector<nlohmann::json> found;
    std::istringstream lines{read_file(journal_)};
    for (std::string line; std::getline(lines, line);) {
      found.push_back(nlohmann::json::parse(line));
    }
    return found;
  }
  /// The requests of a key, in order.
  [[nodiscard]] std::vector<nlohmann::json> requests(const std::string& key) const {
    auto found = requests();
    std::erase_if(found,
                  [&](const auto& entry) { return header_of(entry, "streamer-key") != key; });
    return found;
  }
  /// The most requests that it had in its hands at once.
  [[nodiscard]] int busiest() const {
    int most = 0;
    for (const auto& entry : requests()) {
      most = std::max(most, entry.at("running").get<int>());
    }
    return most;
  }
  [[nodiscard]] static std::string header_of(const nlohmann::json& request,
                                             const std::string& name) {
    for (const auto& h : request.at("headers")) {
      if (h[0] == name) {
        return h[1];
      }
    }
    return {};
  }

 private:
  process_options options(const handler_run& run, const std::string& name,
                          const std::optional<key_pair>& identity) const {
    process_options o;
    o.binary = "/usr/bin/env";
    o.arguments = {"python3", source_path("tests/mock/handlers/scripted_service.py"),
                   journal_.string()};
    if (identity) {
      o.arguments.push_back(identity->certificate.string());
      o.arguments.push_back(identity->key.string());
    }
    o.output = run.directory() / name;
    return o;
  }

  std::filesystem::path journal_;
  process process_;
  std::string port_;
  bool tls_ = false;
};

std::map<std::string, std::string> to(const std::string& url,
                                      std::map<std::string, std::string> further = {}) {
  std::map<std::string, std::string> keys{{"kind", toml_text("http")}, {"url", toml_text(url)}};
  keys.merge(further);
  return keys;
}

} // namespace

TEST_CASE("each record is a request, and its status the outcome") {
  require_program("python3");
  handler_run run;
  const service http{run};
  write_file(run.directory() / "authorization", "Bearer planted-secret\n");
  auto& w = run.start(run.config(
      to(http.url(),
         {{"concurrency", "8"},
          {"timeout_ms", "3000"},
          {"skip_status", toml_text("410")},
          {"reply_to", toml_text("out")},
          {"max_response_bytes", "1000"},
          {"request_headers.X-Team", toml_text("orders")},
          {"authorization_file", toml_text((run.directory() / "authorization").string())}})));
  const std::vector<header> event{{"ce_specversion", "1.0"},
                                  {"ce_type", "order placed"},
                                  {"content-type", "application/json"},
                                  {"traceparent", "00-1-2-01"}};
  std::vector<sent> records{{"reply", "reply", event},
                            {"404", "404"},
                            {"503", "503"},
                            {"410", "410"},
                            {"302", "302"},
                            {"slow", "slow:6"},
                            {"long", "long:2000"},
                            {"close", "close"}};
  for (int i = 0; i < 200; ++i) {
    records.push_back({"ok-" + std::to_string(i), "200"});
  }
  run.send(records);
  run.wait_until_done();

  const auto dead = run.dead_letters();
  CHECK(dead.size() == 6);
  const auto reason = [&](const std::string& key, const std::string& name) {
    return dead.contains(key) ? dead.at(key).header_value(name).value_or("") : "no dead letter";
  };
  for (const auto* key : {"404", "302"}) {
    CHECK(reason(key, "streamer.dlq.reason") == "handler_rejected");
    CHECK(reason(key, "streamer.dlq.exception") == std::string{"http_"} + key);
    CHECK(http.requests(key).size() == 1);
  }
  CHECK(reason("503", "streamer.dlq.reason") == "retries_exhausted");
  CHECK(reason("503", "streamer.dlq.exception") == "http_503");
  CHECK(http.requests("503").size() == 3);
  CHECK(reason("slow", "streamer.dlq.reason") == "timeout");
  CHECK(reason("long", "streamer.dlq.exception") == "http_response_too_long");
  CHECK(reason("close", "streamer.dlq.exception") == "http_no_response");
  CHECK(metric_sum(w.metrics(), "streamer_records_total", {{"outcome", "skipped"}}) == 1);
  CHECK(metric_sum(w.metrics(), "streamer_records_total", {{"outcome", "processed"}}) == 201);

  const auto replies = run.read("out");
  REQUIRE(replies.size() == 1);
  CHECK(replies[0].key == "reply");
  CHECK(replies[0].value == R"({"priced":true})");
  CHECK(replies[0].header_value("ce_type") == "order priced");
  CHECK(replies[0].header_value("content-type") == "application/json");
  CHECK(replies[0].header_value("traceparent") == "00-1-2-01");

  const auto request = http.requests("reply").at(0);
  CHECK(request.at("method") == "POST");
  CHECK(request.at("path") == "/records");
  CHECK(service::header_of(request, "ce-type") == "order%20placed");
  CHECK(service::header_of(request, "content-type") == "application/json");
  CHECK(service::header_of(request, "x-team") == "orders");
  CHECK(service::header_of(request, "authorization") == "Bearer planted-secret");
  CHECK(service::header_of(request, "streamer-attempt") == "1");
  CHECK(service::header_of(http.requests("503").at(2), "streamer-attempt") == "3");

  // Connections are kept: far fewer than requests.
  std::set<int> ports;
  for (int i = 0; i < 200; ++i) {
    const auto made = http.requests("ok-" + std::to_string(i));
    REQUIRE(made.size() == 1);
    ports.insert(made[0].at("port").get<int>());
  }
  CHECK(ports.size() <= 30);

  CHECK(w.stop().code == 0);
  CHECK(w.program().stderr_text().find("planted-secret") == std::string::npos);
}

TEST_CASE("a service gets as many requests at once as it bears, or as many as are configured") {
  require_program("python3");
  handler_run run;
  const service patient{run, "patient"};
  const service fixed{run, "fixed"};
  worker_config config{run.cluster().bootstrap(), "handlers", "events"};
  auto keys = to(patient.url());
  keys["header.to"] = toml_text("patient");
  config.handler(keys);
  keys = to(fixed.url(), {{"concurrency", "3"}});
  keys["header.to"] = toml_text("fixed");
  config.handler(keys);
  auto& w = run.start(config);
  std::vector<sent> records;
  for (int i = 0; i < 300; ++i) {
    records.push_back({"p-" + std::to_string(i), "slow:0.1", {{"to", "patient"}}});
    if (i % 10 == 0) {
      records.push_back({"f-" + std::to_string(i), "slow:0.1", {{"to", "fixed"}}});
    }
  }
  run.send(records);
  run.wait_until_done();
  CHECK(patient.requests().size() == 300);
  CHECK(patient.busiest() > 4); // what it begins with
  CHECK(fixed.requests().size() == 30);
  CHECK(fixed.busiest() <= 3);
  CHECK(w.stop().code == 0);
}

TEST_CASE("Retry-After holds the handler, and costs no attempt") {
  require_program("python3");
  handler_run run;
  const service http{run};
  auto& w = run.start(run.config(to(http.url(), {{"concurrency", "1"}, {"max_pause_ms", "3000"}})));
  run.send({{"first", "after:1:429"}, {"date", "date:2:503"}, {"other", "200"}});
  run.wait_until_done();
  CHECK(run.dead_letters().empty());
  for (const auto* key : {"first", "date"}) {
    const auto calls = http.requests(key);
    REQUIRE(calls.size() == 2);
    CHECK(service::header_of(calls[1], "streamer-attempt") == "1");
    // The server's word, less what a clock may be rounded by. Nothing else went out meanwhile.
    const auto refused = calls[0].at("time").get<double>();
    const auto again = calls[1].at("time").get<double>();
    CHECK(again - refused >= 0.9);
    const auto other = http.requests("other").at(0).at("time").get<double>();
    CHECK((other <= refused || other >= refused + 0.9));
  }
  CHECK(!w.log().entries("http_paused").empty());
  CHECK(metric_sum(w.metrics(), "streamer_retries_total").value_or(0) == 0);
  CHECK(w.stop().code == 0);
}

TEST_CASE("a worker that is held by Retry-After stops without waiting for it") {
  require_program("python3");
  handler_run run;
  const service http{run};
  auto& w = run.start(run.config(to(http.url(), {{"concurrency", "1"}})));
  run.send({{"held", "after:60:503"}, {"behind", "200"}});
  REQUIRE(w.log().wait_for("http_paused", 20s));
  CHECK(w.stop(20s).code == 0); // no attempt had to be fenced
  CHECK(http.requests("behind").empty());
}

TEST_CASE("a server that is not there, or is not who it should be, is a failed attempt") {
  require_program("python3");
  handler_run run;
  certificate_authority ours{run.directory().path(), "ours"};
  certificate_authority theirs{run.directory().path(), "theirs"};
  const service trusted{run, "trusted", ours.issue("server", {"IP:127.0.0.1"})};
  const service misnamed{run, "misnamed", ours.issue("other", {"DNS:elsewhere"})};
  const service foreign{run, "foreign", theirs.issue("server", {"IP:127.0.0.1"})};
  const auto ca = toml_text(ours.file().string());
  worker_config config{run.cluster().bootstrap(), "handlers", "events"};
  config.value("retry.max_attempts", "2");
  config.value("retry.initial_backoff_ms", "10");
  const auto add = [&](const std::string& key, std::map<std::string, std::string> keys) {
    keys["header.to"] = toml_text(key);
    config.handler(std::move(keys));
  };
  add("trusted", to(trusted.url(), {{"ssl_ca_location", ca}}));
  add("misnamed", to(misnamed.url(), {{"ssl_ca_location", ca}}));
  add("foreign", to(foreign.url(), {{"ssl_ca_location", ca}}));
  add("system", to(trusted.url()));
  add("insecure", to(foreign.url(), {{"allow_insecure", "true"}}));
  add("nobody", to("http://127.0.0.1:" + std::to_string(free_port()) + "/"));
  auto& w = run.start(config);
  std::vector<sent> records;
  for (const auto* key : {"trusted", "misnamed", "foreign", "system", "insecure", "nobody"}) {
    records.push_back({key, "200", {{"to", key}}});
  }
  run.send(records);
  run.wait_until_done();
  const auto dead = run.dead_letters();
  CHECK(dead.size() == 4);
  for (const auto* key : {"misnamed", "foreign", "system"}) {
    CAPTURE(key);
    REQUIRE(dead.contains(key));
    CHECK(dead.at(key).header_value("streamer.dlq.exception") == "http_not_trusted");
    CHECK(dead.at(key).header_value("streamer.dlq.reason") == "retries_exhausted");
  }
  REQUIRE(dead.contains("nobody"));
  CHECK(dead.at("nobody").header_value("streamer.dlq.exception") == "http_no_response");
  CHECK(foreign.requests("foreign").empty());
  CHECK(trusted.requests("trusted").size() == 1);
  CHECK(foreign.requests("insecure").size() == 1);
  CHECK(!w.log().entries("http_not_trusted").empty());
  CHECK(w.stop().code == 0);
}

TEST_CASE("the secret of a handler is in no output of the configuration") {
  const handler_run run;
  write_file(run.directory() / "authorization", "Bearer planted-secret\n");
  const auto file = run.directory() / "shown.toml";
  write_file(file, run.config(to("https://example.org/x",
                                 {{"authorization_file",
                                   toml_text((run.directory() / "authorization").string())}}))
                       .toml());
  process_options options;
  options.binary = binary_path(worker_binary::product);
  options.arguments = {"config", "show", "--config", file.string()};
  options.output = run.directory() / "show";
  const auto shown = streamer::test::run(options, 30s);
  CHECK(shown.status.code == 0);
  CHECK(shown.out.find("authorizatio") != std::string::npos); // a narrow table cuts it
  CHECK(shown.out.find("planted-secret") == std::string::npos);
}

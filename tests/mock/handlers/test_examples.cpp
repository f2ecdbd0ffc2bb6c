// The programs in examples/handlers, run by the real binary as their first lines say.
#include "tests/mock/handlers/handler_run.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>

using namespace streamer::test;

namespace {

std::string example(const std::string& name) { return source_path("examples/handlers/" + name); }

std::map<std::string, std::string> subprocess(const std::vector<std::string>& command) {
  return {{"kind", toml_text("subprocess")}, {"command", toml_list(command)}, {"concurrency", "2"}};
}

std::string order(int id, const std::string& more) {
  return "{\"id\":" + std::to_string(id) + more + "}";
}

/// Orders of ten keys, in their order, and one value that is no JSON.
std::vector<sent> orders(int count, const std::string& more) {
  std::vector<sent> records;
  for (int i = 0; i < count; ++i) {
    records.push_back({"k" + std::to_string(i % 10), order(i, more)});
  }
  records.push_back({"poison", "no JSON"});
  return records;
}

/// The orders' ids by key, as they lie in a topic.
std::map<std::string, std::vector<int>> ids_by_key(const std::vector<stored_record>& records) {
  std::map<std::string, std::vector<int>> found;
  for (const auto& r : records) {
    const auto value = nlohmann::json::parse(r.value.value_or("null"));
    found[r.key.value_or("")].push_back(value.at("id").get<int>());
  }
  return found;
}

void check_order(const std::vector<stored_record>& records, std::size_t count) {
  CHECK(records.size() == count);
  const auto found = ids_by_key(records);
  CHECK(found.size() == 10);
  for (const auto& [key, ids] : found) {
    CHECK(std::ranges::is_sorted(ids));
    CHECK(std::ranges::adjacent_find(ids) == ids.end());
  }
}

} // namespace

TEST_CASE("the example in Python") {
  require_program("python3");
  handler_run run;
  auto& w = run.start(run.config(subprocess({"python3", example("enrich.py"), "out"})));
  auto records = orders(200, R"(,"items":[{"count":2,"price":3},{"count":1,"price":4}])");
  records.push_back({"empty", order(999, R"(,"items":[])")});
  run.send(records);
  run.wait_until_done();
  const auto out = run.read("out");
  check_order(out, 200);
  CHECK(nlohmann::json::parse(out.at(0).value.value_or("")).at("total") == 10);
  const auto dead = run.dead_letters();
  REQUIRE(dead.size() == 1);
  CHECK(dead.at("poison").header_value("streamer.dlq.exception") == "JSONDecodeError");
  CHECK(metric_sum(w.metrics(), "streamer_records_total", {{"outcome", "skipped"}}) == 1);
  CHECK(w.stop().code == 0);
}

TEST_CASE("the example in JavaScript") {
  require_program("node");
  handler_run run;
  auto& w = run.start(run.config(subprocess({"node", example("notify.mjs"), "out"})));
  auto records = orders(200, R"(,"customer":"c")");
  records.push_back({"nobody", order(999, "")});
  run.send(records);
  run.wait_until_done();
  CHECK(run.read("out").size() == 200);
  const auto dead = run.dead_letters();
  CHECK(dead.size() == 2);
  REQUIRE(dead.contains("nobody"));
  CHECK(dead.at("nobody").header_value("streamer.dlq.exception") == "TypeError");
  CHECK(w.stop().code == 0);
}

TEST_CASE("the example as a shell script") {
  require_program("bash");
  require_program("jq");
  handler_run run;
  run.cluster().create_topic("orders.de", 1);
  auto& w = run.start(run.config(subprocess({"bash", example("route.sh")})));
  run.send(orders(200, R"(,"country":"DE")"));
  run.wait_until_done();
  check_order(run.read("orders.de"), 200);
  CHECK(run.dead_letters().size() == 1);
  CHECK(w.stop().code == 0);
  CHECK(w.log().entries("child_ended").empty());
}

TEST_CASE("the example of a service") {
  require_program("python3");
  handler_run run;
  process_options options;
  options.binary = "/usr/bin/env";
  options.arguments = {"python3", example("price_service.py"), "0"};
  options.output = run.directory() / "service";
  process service{options};
  REQUIRE(wait_until([&] { return service.stdout_text().find('\n') != std::string::npos; }, 20s));
  auto url = service.stdout_text();
  url.pop_back();
  auto& w = run.start(run.config(
      {{"kind", toml_text("http")}, {"url", toml_text(url)}, {"reply_to", toml_text("out")}}));
  run.send(orders(200, R"(,"items":[{"count":2,"price":3}])"));
  run.wait_until_done();
  const auto out = run.read("out");
  check_order(out, 200);
  CHECK(nlohmann::json::parse(out.at(0).value.value_or("")).at("total") == 6);
  CHECK(out.at(0).header_value("ce_type") == "order.priced");
  CHECK(run.dead_letters().at("poison").header_value("streamer.dlq.exception") == "http_422");
  CHECK(w.stop().code == 0);
}

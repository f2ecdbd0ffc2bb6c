#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "tools/inspect/tree_view.hpp"
#include "tools/text/table.hpp"

namespace streamer::tools {
namespace {

using std::chrono::milliseconds;

actor_snapshot actor(std::string name, std::string parent, std::string state = "idle") {
  actor_snapshot made;
  made.kind = name.substr(0, name.find('/'));
  made.name = std::move(name);
  made.parent = std::move(parent);
  made.state = std::move(state);
  made.restarts_left = 10;
  return made;
}

tree_snapshot small_tree() {
  tree_snapshot tree;
  tree.version = "1.2.3";
  tree.group_id = "orders";
  tree.process = 42;
  tree.uptime_ms = 65'000;
  tree.actors = {actor("consumer_supervisor", "root_supervisor"),
                 actor("handler/acme", "tenant_supervisor", "running"),
                 actor("partition_consumer/events[10]", "consumer_supervisor"),
                 actor("partition_consumer/events[2]", "consumer_supervisor", "ready"),
                 actor("root_supervisor", ""),
                 actor("tenant_supervisor", "root_supervisor")};
  tree.actors[4].restarts_left = -1;
  auto& acme = tree.actors[1];
  acme.mailbox = 1234;
  acme.message_us = 2'500'000;
  acme.handled = 50;
  acme.restarts = 2;
  acme.restarts_left = 8;
  acme.last_error = "runtime_error(\"it broke\")";
  acme.last_error_ms = 4'000;
  return tree;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in{text};
  for (std::string line; std::getline(in, line);)
    lines.push_back(line);
  return lines;
}

std::string first_word(const std::string& line) {
  const auto from = line.find_first_not_of(' ');
  return line.substr(0, line.find(' ', from));
}

TEST_CASE("each actor stands below its supervisor, numbers in the order of numbers") {
  const auto lines = lines_of(tree_text(small_tree(), 120));
  REQUIRE(lines.size() == 8);
  CHECK(lines[0] == "group orders, streamer 1.2.3, pid 42, up 1 min 05 s, 6 actors");
  CHECK(first_word(lines[2]) == "root_supervisor");
  CHECK(first_word(lines[3]) == "  consumer_supervisor");
  CHECK(first_word(lines[4]) == "    partition_consumer/events[2]");
  CHECK(first_word(lines[5]) == "    partition_consumer/events[10]");
  CHECK(first_word(lines[6]) == "  tenant_supervisor");
  CHECK(first_word(lines[7]) == "    handler/acme");
  CHECK(lines[7].find("running") != std::string::npos);
  CHECK(lines[7].find("1,234") != std::string::npos);
  CHECK(lines[7].find("2.5 s") != std::string::npos);
  CHECK(lines[7].find("2/8") != std::string::npos);
  CHECK(lines[7].find("it broke") != std::string::npos);
}

TEST_CASE("everything fits 80 columns, whatever the names are") {
  auto tree = small_tree();
  tree.group_id = std::string(200, 'g');
  tree.actors.push_back(actor("handler/" + std::string(300, 'x'), "tenant_supervisor"));
  tree.actors.back().last_error = std::string(300, 'e');
  auto texts = tree_text(tree, 80) + busiest_text(tree, tree, milliseconds{1000}, 80, 100);
  for (const auto& a : tree.actors)
    texts += actor_text(tree, a, 80);
  for (const auto& line : lines_of(texts)) {
    INFO(line);
    CHECK(shown_width(line) <= 80);
  }
}

TEST_CASE("a long name keeps its end, which says which partition or tenant it is") {
  auto tree = small_tree();
  tree.actors[2].name = "partition_consumer/orders-of-all-the-regions[10]";
  for (const auto& text :
       {tree_text(tree, 80), busiest_text(tree, tree, milliseconds{1000}, 80, 100)}) {
    INFO(text);
    CHECK(text.find("partition") != std::string::npos);
    CHECK(text.find("regions[10] ") != std::string::npos);
    CHECK((text.find("partition_consumer/events[2] ") != std::string::npos ||
           text.find("events[2] ") != std::string::npos));
  }
}

TEST_CASE("names and errors cannot leave their place on a terminal") {
  auto tree = small_tree();
  tree.group_id = "a\x1b[2Jb";
  tree.actors[1].name = "handler/\x1b]0;owned\x07\r\n";
  tree.actors[1].last_error = "line\nfeed\x1b[31m";
  const auto text = tree_text(tree, 200) + actor_text(tree, tree.actors[1], 200) +
                    busiest_text(tree, tree, milliseconds{1000}, 200, 100);
  CHECK(text.find('\x1b') == std::string::npos);
  CHECK(text.find('\r') == std::string::npos);
  CHECK(text.find('\x07') == std::string::npos);
  CHECK(lines_of(tree_text(tree, 200)).size() == 8);
  const auto page = nlohmann::json::parse(tree_json(tree));
  CHECK(page["actors"][1]["last_error"] == "line\nfeed\x1b[31m");
}

TEST_CASE("an actor whose supervisor is not there is shown all the same, and a circle ends") {
  auto tree = small_tree();
  tree.actors.push_back(actor("orphan", "nobody"));
  tree.actors.push_back(actor("snake", "snake"));
  const auto text = tree_text(tree, 100);
  CHECK(text.find("\norphan") != std::string::npos);
  CHECK(text.find("\nsnake") != std::string::npos);
  CHECK(lines_of(text).size() == 10);
}

TEST_CASE("actors that did not fit into the answer are counted") {
  auto tree = small_tree();
  tree.omitted = 1500;
  CHECK(tree_text(tree, 80).find("and 1,500 more actors\n") != std::string::npos);
  CHECK(worker_line(tree).ends_with("1,506 actors"));
}

TEST_CASE("one actor's lines say all that is known") {
  const auto tree = small_tree();
  const auto text = actor_text(tree, tree.actors[1], 80);
  for (const auto* part : {"handler/acme\n", "tenant_supervisor\n", "running\n", "1,234\n",
                           "2.5 s\n", "messages handled:   50\n", "restarts:           2\n",
                           "restarts left:      8\n", "4.0 s ago: runtime_error"}) {
    INFO(part << "\n" << text);
    CHECK(text.find(part) != std::string::npos);
  }
  CHECK(actor_text(tree, tree.actors[4], 80).find("supervisor:         none\n") !=
        std::string::npos);
}

TEST_CASE("the busiest come first, with what they did since the last look") {
  const auto before = small_tree();
  auto now = small_tree();
  now.actors[2].handled = 600;
  now.actors[3].mailbox = 7;
  now.actors[1].handled = 20; // a successor: counts from its start
  const auto lines = lines_of(busiest_text(now, before, milliseconds{2000}, 120, 3));
  REQUIRE(lines.size() == 4);
  CHECK(first_word(lines[1]) == "handler/acme");
  CHECK(first_word(lines[2]) == "partition_consumer/events[2]");
  CHECK(first_word(lines[3]) == "partition_consumer/events[10]");
  CHECK(lines[3].find("300") != std::string::npos);
}

TEST_CASE("JSON has what is unknown as null, on one line") {
  const auto tree = small_tree();
  const auto text = tree_json(tree);
  CHECK(text.find('\n') == std::string::npos);
  const auto page = nlohmann::json::parse(text);
  CHECK(page["group_id"] == "orders");
  CHECK(page["process"] == 42);
  REQUIRE(page["actors"].size() == 6);
  CHECK(page["actors"][4]["parent"].is_null());
  CHECK(page["actors"][4]["restarts_left"].is_null());
  CHECK(page["actors"][4]["last_error_age_ms"].is_null());
  CHECK(page["actors"][4]["message_age_us"].is_null());
  const auto acme = nlohmann::json::parse(actor_json(tree.actors[1]));
  CHECK(acme == page["actors"][1]);
  CHECK(acme["mailbox"] == 1234);
  CHECK(acme["message_age_us"] == 2'500'000);
  CHECK(acme["restarts_left"] == 8);
  CHECK(acme["last_error_age_ms"] == 4'000);
}

TEST_CASE("a name that is not there is answered with those like it") {
  const auto tree = small_tree();
  CHECK(find_actor(tree, "handler/acme") != nullptr);
  CHECK(find_actor(tree, "acme") == nullptr);
  CHECK(names_like(tree, "acme") == std::vector<std::string>{"handler/acme"});
  CHECK(names_like(tree, "rootsupervisor") == std::vector<std::string>{"root_supervisor"});
  CHECK(names_like(tree, "events") ==
        std::vector<std::string>{"partition_consumer/events[2]", "partition_consumer/events[10]"});
  CHECK(names_like(tree, "zzzzzzzzzz").empty());
}

} // namespace
} // namespace streamer::tools

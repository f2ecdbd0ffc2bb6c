// A record that the client library hands over after those behind it: see runtime/kafka/read_order.
#include <catch2/catch_test_macros.hpp>
#include <cstdint>
#include <set>
#include <utility>

#include "tests/support/broker_fixture.hpp"
#include "tests/support/scenario.hpp"
#include "tests/support/starved_fetches.hpp"

using namespace streamer::test;

namespace {

// Its number, as in `topic[3]`.
std::int32_t partition_in(const nlohmann::json& entry) {
  const auto name = entry.at("partition").get<std::string>();
  return std::stoi(name.substr(name.rfind('[') + 1));
}

} // namespace

TEST_CASE("A record that comes after those behind it is named and not left out") {
  const scenario s{shared_broker()};
  ledger_producer load{s.bootstrap, s.source};
  load.run({.rate = 1e9, .seed = chosen_seed(), .keys = 100}, 6'000);
  worker w{
      s.directory(), "worker", s.forward(), worker_binary::scripted, {{starve_variable, "late"}}};
  w.wait_until_ready();
  s.wait_until_drained();
  CHECK(w.stop().code == 0);
  const auto named = w.log().entries("records_out_of_order");
  evidence(std::to_string(named.size()) + " late records were named");
  REQUIRE_FALSE(named.empty());
  // The way back is the one from a commit, too.
  std::set<std::pair<std::int32_t, std::int64_t>> read_again;
  for (const auto& entry : named) {
    CHECK(entry.at("from_offset") <= entry.at("offset"));
    CHECK(entry.at("offset") < entry.at("next_offset"));
    for (std::int64_t offset = entry.at("from_offset"); offset < entry.at("next_offset");
         ++offset) {
      read_again.emplace(partition_in(entry), offset);
    }
  }
  // Until it comes, it looks like none: those behind it may be finished and committed, and one of
  // its own key may overtake it. Going back repeats what was read behind it.
  s.require_invariants(load.sent(), {.duplicates_allowed = 6'000 * named.size(),
                                     .append_times = false,
                                     .ordered = false,
                                     .sought = read_again});
}

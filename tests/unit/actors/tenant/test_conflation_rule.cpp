#include "actors/tenant/conflation_rule.hpp"

#include <catch2/catch_test_macros.hpp>

#include <string_view>

namespace streamer {
namespace {

conflation_candidate candidate(std::string_view key, std::optional<std::size_t> handler = 0,
                               bool failing = false) {
  return {handler, bytes_ref{key}, failing};
}

TEST_CASE("A newer record of the same key makes an older one needless, if one handler conflates") {
  CHECK(may_pass_over(candidate("a"), candidate("a")));
  CHECK(may_pass_over(candidate(""), candidate("")));
  CHECK_FALSE(may_pass_over(candidate("a"), candidate("b")));
  CHECK_FALSE(may_pass_over(candidate("a", 0), candidate("a", 1)));
  CHECK_FALSE(may_pass_over(candidate("a", std::nullopt), candidate("a", std::nullopt)));
  CHECK_FALSE(may_pass_over({0, bytes_ref{}, false}, {0, bytes_ref{}, false}));
}

TEST_CASE("Nothing is passed over before or behind a failing record") {
  CHECK_FALSE(may_pass_over(candidate("a", 0, true), candidate("a")));
  CHECK_FALSE(may_pass_over(candidate("a"), candidate("a", 0, true)));
}

} // namespace
} // namespace streamer

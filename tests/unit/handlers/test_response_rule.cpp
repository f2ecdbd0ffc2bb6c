#include "runtime/handlers/http/response_rule.hpp"

#include <catch2/catch_test_macros.hpp>

namespace streamer {
namespace {

using namespace std::chrono_literals;
using enum response_meaning;

response_meaning meaning(int status, const response_rules& rules = {}) {
  return judge_response(rules, status, std::nullopt).meaning;
}

TEST_CASE("By default 2xx is success, what may pass is retry, everything else is for good") {
  for (const int status : {200, 201, 202, 204, 299}) {
    CHECK(meaning(status) == success);
  }
  for (const int status : {408, 425, 429, 500, 502, 503, 504, 599}) {
    CHECK(meaning(status) == retry);
  }
  for (const int status : {301, 302, 304, 400, 401, 403, 404, 409, 410, 413, 422}) {
    CHECK(meaning(status) == reject);
  }
}

TEST_CASE("Statuses can be given other meanings; success wins over skip, and skip over retry") {
  response_rules rules;
  rules.success = *read_status_ranges("200-299, 409");
  rules.skip = *read_status_ranges("404,409,503");
  rules.retry = *read_status_ranges("401,503");
  CHECK(meaning(409, rules) == success);
  CHECK(meaning(404, rules) == skip);
  CHECK(meaning(503, rules) == skip);
  CHECK(meaning(401, rules) == retry);
  CHECK(meaning(500, rules) == reject);
}

TEST_CASE("Retry-After of a response that may pass makes the handler pause, within its limit") {
  const response_rules rules;
  const auto paused = judge_response(rules, 429, 7s);
  CHECK(paused.meaning == hold);
  CHECK(paused.pause == 7s);
  CHECK(judge_response(rules, 503, 3'600s).pause == rules.longest_pause);
  CHECK(judge_response(rules, 503, std::chrono::seconds::max()).pause == rules.longest_pause);
}

TEST_CASE("Retry-After says nothing where it is no pause, or where pauses are not wanted") {
  response_rules rules;
  CHECK(judge_response(rules, 429, 0s).meaning == retry);
  CHECK(judge_response(rules, 200, 5s).meaning == success);
  CHECK(judge_response(rules, 404, 5s).meaning == reject);
  rules.longest_pause = 0ms;
  CHECK(judge_response(rules, 429, 5s).meaning == retry);
}

TEST_CASE("A record waits with all others as long as it takes, and not for ever alone") {
  patience with_others;
  for (int i = 0; i < 1'000; ++i) {
    CHECK(with_others.refused(0)); // nobody gets through
  }
  patience alone;
  std::uint64_t successes = 0;
  CHECK(alone.refused(successes));
  for (std::uint32_t i = 1; i < patience::most_refusals; ++i) {
    CHECK(alone.refused(++successes));
  }
  CHECK_FALSE(alone.refused(++successes));
}

TEST_CASE("Ranges of statuses are read strictly") {
  CHECK(read_status_ranges("") == status_ranges{});
  CHECK(read_status_ranges("200") == status_ranges{{200, 200}});
  CHECK(read_status_ranges("200-299, 304 ,500-599") ==
        status_ranges{{200, 299}, {304, 304}, {500, 599}});
  for (const auto* wrong : {"2xx", "200-", "-200", "299-200", "99", "600", "200,,201", "200,", ",",
                            "200-300-400", "200 201", "+200"}) {
    CAPTURE(wrong);
    CHECK_FALSE(read_status_ranges(wrong));
  }
}

} // namespace
} // namespace streamer

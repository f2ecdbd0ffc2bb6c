#include "actors/retry/failure_rule.hpp"

#include <catch2/catch_test_macros.hpp>

#include <string>
#include <vector>

namespace streamer {
namespace {

using f = failure_class;
using k = outcome_kind;
using r = dead_letter_reason;

TEST_CASE("Without rules, retry is tried again and reject is not") {
  for (const auto cause : {f::handler, f::exception, f::timeout, f::abandoned}) {
    CAPTURE(to_string(cause));
    CHECK(worth_retrying(k::retry, cause, "", {}, {}));
    CHECK_FALSE(worth_retrying(k::reject, cause, "", {}, {}));
  }
}

TEST_CASE("Rules are globs over the failure's class and the exception's type; reject_on wins") {
  struct row {
    k kind;
    f cause;
    std::string exception;
    std::vector<std::string> retry_on;
    std::vector<std::string> reject_on;
    bool again;
  };
  const std::vector<row> rows{
      {k::reject, f::handler, "", {"handler"}, {}, true},
      {k::reject, f::handler, "", {"timeout"}, {}, false},
      {k::reject, f::exception, "db::busy", {"db::*"}, {}, true},
      {k::reject, f::exception, "db::busy", {"exception"}, {}, true},
      {k::reject, f::exception, "db::busy", {"net::*", "db::busy"}, {}, true},
      {k::reject, f::exception, "db::busy", {"busy"}, {}, false},
      {k::retry, f::exception, "db::gone", {}, {"db::gone"}, false},
      {k::retry, f::exception, "db::gone", {}, {"exception"}, false},
      {k::retry, f::exception, "db::gone", {}, {"db::busy"}, true},
      {k::retry, f::timeout, "", {}, {"timeout"}, false},
      {k::retry, f::timeout, "", {"timeout"}, {"time*"}, false},
      {k::retry, f::handler, "", {"*"}, {"*"}, false},
      {k::retry, f::exception, "", {}, {"?*"}, false},
      {k::reject, f::handler, "", {""}, {}, false},
  };
  for (std::size_t i = 0; i < rows.size(); ++i) {
    CAPTURE(i);
    const auto& x = rows[i];
    CHECK(worth_retrying(x.kind, x.cause, x.exception, x.retry_on, x.reject_on) == x.again);
  }
}

TEST_CASE("What no further attempt can mend is never tried again, whatever the rules say") {
  for (const auto cause : {f::unmatched, f::undecodable, f::overflow, f::output_refused}) {
    for (const auto kind : {k::retry, k::reject}) {
      CAPTURE(to_string(cause));
      CHECK_FALSE(worth_retrying(kind, cause, "", {"*"}, {}));
    }
  }
}

TEST_CASE("The DLQ's reason tells spent retries from rejections and from what never ran") {
  CHECK(reason_for(k::retry, f::handler) == r::retries_exhausted);
  CHECK(reason_for(k::retry, f::exception) == r::retries_exhausted);
  CHECK(reason_for(k::retry, f::abandoned) == r::retries_exhausted);
  CHECK(reason_for(k::retry, f::timeout) == r::timeout);
  CHECK(reason_for(k::reject, f::handler) == r::handler_rejected);
  CHECK(reason_for(k::reject, f::exception) == r::handler_rejected);
  CHECK(reason_for(k::reject, f::output_refused) == r::handler_rejected);
  for (const auto kind : {k::retry, k::reject}) {
    CHECK(reason_for(kind, f::unmatched) == r::unmatched);
    CHECK(reason_for(kind, f::undecodable) == r::undecodable);
    CHECK(reason_for(kind, f::overflow) == r::overflow);
  }
}

} // namespace
} // namespace streamer

#include "messages/outcome.hpp"

#include <catch2/catch_test_macros.hpp>

#include <vector>

namespace streamer {
namespace {

TEST_CASE("A handler's four outcomes keep their reason and say who failed") {
  CHECK(outcome{}.kind == outcome_kind::success);
  CHECK(outcome::success().kind == outcome_kind::success);
  CHECK(outcome::success().cause == failure_class::none);

  const auto skipped = outcome::skip("seen before");
  CHECK(skipped.kind == outcome_kind::skip);
  CHECK(skipped.cause == failure_class::none);
  CHECK(skipped.reason == "seen before");

  const auto again = outcome::retry("database is away");
  CHECK(again.kind == outcome_kind::retry);
  CHECK(again.cause == failure_class::handler);
  CHECK(again.reason == "database is away");
  CHECK(again.exception.empty());

  const auto never = outcome::reject("no such user");
  CHECK(never.kind == outcome_kind::reject);
  CHECK(never.cause == failure_class::handler);
  CHECK(never.reason == "no such user");
}

TEST_CASE("The DLQ's reasons carry the names of the contract") {
  using r = dead_letter_reason;
  CHECK(to_string(r::handler_rejected) == "handler_rejected");
  CHECK(to_string(r::retries_exhausted) == "retries_exhausted");
  CHECK(to_string(r::overflow) == "overflow");
  CHECK(to_string(r::timeout) == "timeout");
  CHECK(to_string(r::crash) == "crash");
  CHECK(to_string(r::undecodable) == "undecodable");
  CHECK(to_string(r::unmatched) == "unmatched");
  CHECK(to_string(r::too_large) == "too_large");
}

TEST_CASE("Failure classes have the names that retry_on and reject_on are written with") {
  using f = failure_class;
  CHECK(to_string(f::none) == "none");
  CHECK(to_string(f::handler) == "handler");
  CHECK(to_string(f::exception) == "exception");
  CHECK(to_string(f::timeout) == "timeout");
  CHECK(to_string(f::output_refused) == "output_refused");
  CHECK(to_string(f::abandoned) == "abandoned");
  CHECK(to_string(f::handler_restart) == "handler_restart");
  CHECK(to_string(f::unmatched) == "unmatched");
  CHECK(to_string(f::undecodable) == "undecodable");
  CHECK(to_string(f::overflow) == "overflow");
}

TEST_CASE("A permanent error says why") {
  const permanent_error error{"the schema is unknown"};
  CHECK(std::string_view{error.what()} == "the schema is unknown");
}

} // namespace
} // namespace streamer

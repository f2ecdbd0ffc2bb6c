#include "messages/handler.hpp"
#include "tests/unit/messages/record_fixture.hpp"

#include <catch2/catch_test_macros.hpp>

#include <stdexcept>
#include <string>

namespace streamer {
namespace {

struct schema_error : permanent_error {
  using permanent_error::permanent_error;
};

outcome guarded(const record_function& run) {
  const auto record = fixture::make_record({.key = "k", .value = "v"});
  emitter out;
  return call_guarded(run, {record, "acme", 2}, out);
}

TEST_CASE("A handler function's outcome is passed on as it is") {
  const auto said =
      guarded([](const record_view&, emitter&) { return outcome::skip("not for us"); });
  CHECK(said.kind == outcome_kind::skip);
  CHECK(said.cause == failure_class::none);
  CHECK(said.reason == "not for us");
  CHECK(said.exception.empty());
}

TEST_CASE("A handler function sees the record and emits into what its caller keeps") {
  const auto record = fixture::make_record({.key = "k", .value = "v"});
  emitter out;
  const auto said = call_guarded(
      [](const record_view& r, emitter& to) {
        outbound_event e;
        e.topic = std::string{r.tenant()} + std::to_string(r.attempt());
        e.keep_alive = r.ref();
        to.emit(std::move(e));
        return outcome::success();
      },
      {record, "acme", 2}, out);
  CHECK(said.kind == outcome_kind::success);
  REQUIRE(out.events().size() == 1);
  CHECK(out.events()[0].topic == "acme2");
  CHECK(out.events()[0].value_bytes().view() == "v");
}

TEST_CASE("An escaping exception is retry and names its type and text") {
  const auto said = guarded(
      [](const record_view&, emitter&) -> outcome { throw std::out_of_range{"no such row"}; });
  CHECK(said.kind == outcome_kind::retry);
  CHECK(said.cause == failure_class::exception);
  CHECK(said.reason == "no such row");
  CHECK(said.exception == "std::out_of_range");
}

TEST_CASE("A permanent error is reject, a type derived from it too") {
  const auto plain =
      guarded([](const record_view&, emitter&) -> outcome { throw permanent_error{"bad record"}; });
  CHECK(plain.kind == outcome_kind::reject);
  CHECK(plain.cause == failure_class::exception);
  CHECK(plain.reason == "bad record");
  CHECK(plain.exception == "streamer::permanent_error");

  const auto derived =
      guarded([](const record_view&, emitter&) -> outcome { throw schema_error{"no schema"}; });
  CHECK(derived.kind == outcome_kind::reject);
  CHECK(derived.reason == "no schema");
  CHECK(derived.exception.find("schema_error") != std::string::npos);
}

TEST_CASE("What is thrown and is no exception is retry as well") {
  const auto said = guarded([](const record_view&, emitter&) -> outcome { throw 42; });
  CHECK(said.kind == outcome_kind::retry);
  CHECK(said.cause == failure_class::exception);
  CHECK_FALSE(said.reason.empty());
  CHECK(said.exception.empty());
}

TEST_CASE("A handler function that is not there is a failure, not a crash") {
  const auto said = guarded({});
  CHECK(said.kind == outcome_kind::retry);
  CHECK(said.exception == "std::bad_function_call");
}

} // namespace
} // namespace streamer

#include "messages/event.hpp"
#include "tests/unit/messages/record_fixture.hpp"

#include <catch2/catch_test_macros.hpp>

namespace streamer {
namespace {

TEST_CASE("An event without key and value has null ones, not empty ones") {
  outbound_event event;
  CHECK(event.key_bytes().is_null());
  CHECK(event.value_bytes().is_null());
  event.key = "";
  event.value = "";
  CHECK_FALSE(event.key_bytes().is_null());
  CHECK_FALSE(event.value_bytes().is_null());
  CHECK(event.value_bytes().size() == 0);
}

TEST_CASE("An event that borrows a record's bytes has that record's key and value") {
  outbound_event event;
  event.key = "own key";
  event.value = "own value";
  CHECK(event.key_bytes().view() == "own key");
  event.keep_alive = fixture::make_record({.value = "borrowed"});
  CHECK(event.key_bytes().is_null());
  CHECK(event.value_bytes().view() == "borrowed");
}

TEST_CASE("An event is charged for the bytes that it sends, its own or borrowed") {
  outbound_event event;
  CHECK(event.charged_bytes() == record_batch::bookkeeping_bytes);
  event.key = "12345";
  event.value = "1234567";
  CHECK(event.charged_bytes() == 12 + record_batch::bookkeeping_bytes);
  event.keep_alive = fixture::make_record({.key = "k", .value = "vv"});
  CHECK(event.charged_bytes() == 3 + record_batch::bookkeeping_bytes);
}

} // namespace
} // namespace streamer

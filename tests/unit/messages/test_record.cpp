#include "messages/record.hpp"
#include "tests/unit/messages/record_fixture.hpp"

#include <catch2/catch_test_macros.hpp>

#include <memory>
#include <string>
#include <vector>

namespace streamer {
namespace {

using fixture::borrowed_batch;
using fixture::header;
using fixture::make_record;
using fixture::null_header;

TEST_CASE("A null key or value is told from an empty one") {
  CHECK(bytes_ref{}.is_null());
  CHECK(bytes_ref{}.view().empty());
  CHECK_FALSE(bytes_ref{std::string_view{""}}.is_null());

  const auto nulls = make_record({});
  CHECK(nulls.get().key.is_null());
  CHECK(nulls.get().value.is_null());

  const auto empties = make_record({.key = "", .value = ""});
  CHECK_FALSE(empties.get().key.is_null());
  CHECK_FALSE(empties.get().value.is_null());
  CHECK(empties.get().value.size() == 0);

  const auto again = detach(empties);
  CHECK_FALSE(again.get().key.is_null());
  CHECK_FALSE(again.get().value.is_null());
  CHECK(detach(nulls).get().value.is_null());
}

TEST_CASE("Of headers with one name the last counts, also when its value is null") {
  const auto record = make_record({.headers = {header("a", "1"), header("b", ""), header("a", "2"),
                                               header("c", "3"), null_header("c")}});
  CHECK(record.header("a").view() == "2");
  CHECK_FALSE(record.header("b").is_null());
  CHECK(record.header("c").is_null());
  CHECK(record.header("missing").is_null());
  CHECK(record.header("A").is_null());
}

TEST_CASE("Headers come in their order with their duplicates and nulls") {
  const auto record = make_record({.headers = {header("a", "1"), null_header("b"), header("a", "2"),
                                               header("", std::string{"\0x", 2})}});
  const auto copy = detach(record);
  const auto headers = copy.headers();
  REQUIRE(headers.size() == 4);
  CHECK(headers[0].name == "a");
  CHECK(headers[0].value.view() == "1");
  CHECK(headers[1].value.is_null());
  CHECK(headers[2].value.view() == "2");
  CHECK(headers[3].name.empty());
  CHECK(headers[3].value.view() == std::string_view{"\0x", 2});
}

TEST_CASE("A detached record says the same as its source and holds nothing of it") {
  auto batch = std::make_shared<borrowed_batch>(3);
  const std::weak_ptr<record_batch> watched = batch;
  const auto copy = detach({std::move(batch), 1});
  REQUIRE(watched.expired());

  CHECK(copy.batch->topic() == "orders");
  CHECK(copy.batch->stored_topic() == "orders.redrive");
  CHECK(copy.batch->partition() == partition_id{5});
  CHECK(copy.batch->records().size() == 1);
  CHECK(copy.get().offset == offset_id{101});
  CHECK(copy.get().key.view() == "key-1");
  CHECK(copy.get().value.view() == "value-1");
  CHECK(copy.get().timestamp_ms == 1'700'000'000'001);
  CHECK(copy.get().kind == timestamp_kind::log_append_time);
  CHECK(copy.get().leader_epoch == 9);
  CHECK(copy.get().native == nullptr);
  CHECK(copy.header("n").view() == "key-1");
  REQUIRE(copy.headers().size() == 1);
}

TEST_CASE("A record is charged for its key, its value and its bookkeeping") {
  const auto record = make_record({.key = "four", .value = std::string(1000, 'x')});
  CHECK(record.batch->charged_bytes(0) == 1004 + record_batch::bookkeeping_bytes);
  CHECK(make_record({}).batch->charged_bytes(0) == record_batch::bookkeeping_bytes);
  CHECK(detach(record).batch->charged_bytes(0) == record.batch->charged_bytes(0));
}

} // namespace
} // namespace streamer

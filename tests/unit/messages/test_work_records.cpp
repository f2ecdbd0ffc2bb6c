#include "messages/work_records.hpp"
#include "tests/unit/messages/record_fixture.hpp"

#include <catch2/catch_test_macros.hpp>

#include <cstdint>
#include <memory>
#include <string>

namespace streamer {
namespace {

using fixture::borrowed_batch;

void check_record(const record_ref& record, std::uint32_t number) {
  CAPTURE(number);
  REQUIRE(record.batch != nullptr);
  const auto n = std::to_string(number);
  CHECK(record.get().offset == offset_id{100 + number});
  CHECK(record.get().key.view() == "key-" + n);
  CHECK(record.get().value.view() == "value-" + n);
  CHECK(record.header("n").view() == "key-" + n);
  REQUIRE(record.headers().size() == (number % 2 == 0 ? 2 : 1));
  CHECK(record.headers().back().value.is_null() == (number % 2 == 0));
  CHECK(record.batch->stored_topic() == "orders.redrive");
  CHECK(record.batch->partition() == partition_id{5});
}

TEST_CASE("Records are found by the number they were fetched with, before and after copying") {
  auto batch = std::make_shared<const borrowed_batch>(10);
  const std::weak_ptr<const record_batch> fetched = batch;
  work_records records{std::move(batch)};
  check_record(records.ref(3), 3);

  records.keep_copies({1, 3, 8});
  CHECK(fetched.expired());
  for (const std::uint32_t left : {1U, 3U, 8U}) {
    check_record(records.ref(left), left);
  }
  for (const std::uint32_t ended : {0U, 2U, 9U}) {
    CHECK(records.ref(ended).batch == nullptr);
  }
  records.keep_copies({3});
  check_record(records.ref(3), 3);
  CHECK(records.ref(8).batch == nullptr);
}

TEST_CASE("Who has a view keeps it, whatever is copied meanwhile") {
  auto batch = std::make_shared<const borrowed_batch>(4);
  const std::weak_ptr<const record_batch> fetched = batch;
  work_records records{std::move(batch)};
  CHECK_FALSE(records.read_by_others());
  auto view = records.get();
  CHECK(records.read_by_others());
  records.keep_copies({2});
  CHECK_FALSE(records.read_by_others());
  check_record(view.ref(0), 0);
  CHECK_FALSE(fetched.expired());
  view = {};
  CHECK(fetched.expired());
}

} // namespace
} // namespace streamer

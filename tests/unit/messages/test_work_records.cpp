#include "messages/work_records.hpp"

#include <catch2/catch_test_macros.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace streamer {
namespace {

/// `count` records of one batch: key `k<i>`, value `v<i>`, a header `h` with `h<i>`, and in every
/// second one a further header without a value.
class numbered_batch final : public record_batch {
 public:
  explicit numbered_batch(std::size_t count) {
    topic_ = "orders";
    lane_ = "orders.redrive";
    partition_ = partition_id{5};
    for (std::size_t i = 0; i < count; ++i) {
      for (const auto* const kind : {"k", "v", "h"}) {
        memory_.push_back(std::make_unique<std::string>(kind + std::to_string(i)));
      }
      record r;
      r.offset = offset_id{static_cast<std::int64_t>(100 + i)};
      r.key = text(3 * i);
      r.value = text(3 * i + 1);
      records_.push_back(r);
    }
  }
  [[nodiscard]] bytes_ref last_header(std::size_t index, const char* name) const override {
    return std::string_view{name} == "h" ? text(3 * index + 2) : bytes_ref{};
  }
  [[nodiscard]] std::vector<header_ref> headers(std::size_t index) const override {
    std::vector<header_ref> all{{"h", last_header(index, "h")}};
    if (index % 2 == 1) {
      all.push_back({"empty", {}});
    }
    return all;
  }

 private:
  [[nodiscard]] bytes_ref text(std::size_t i) const {
    return bytes_ref{std::string_view{*memory_[i]}};
  }

  std::vector<std::unique_ptr<std::string>> memory_;
};

void check_record(const record_ref& record, std::uint32_t number) {
  CAPTURE(number);
  REQUIRE(record.batch != nullptr);
  const auto n = std::to_string(number);
  CHECK(record.get().offset == offset_id{100 + number});
  CHECK(record.get().key.view() == "k" + n);
  CHECK(record.get().value.view() == "v" + n);
  CHECK(record.header("h").view() == "h" + n);
  CHECK(record.headers().size() == 1 + number % 2);
  CHECK(record.header("empty").is_null());
  CHECK(record.batch->topic() == "orders");
  CHECK(record.batch->stored_topic() == "orders.redrive");
  CHECK(record.batch->partition() == partition_id{5});
}

TEST_CASE("Records are found by the number they were fetched with, before and after copying") {
  auto batch = std::make_shared<const numbered_batch>(10);
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
  auto batch = std::make_shared<const numbered_batch>(4);
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

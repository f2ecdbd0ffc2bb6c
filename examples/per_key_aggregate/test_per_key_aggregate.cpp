#include "daily_totals.hpp"

#include <sqlite3.h>
#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>
#include <streamer/testing.hpp>

#include <filesystem>
#include <random>
#include <string>
#include <thread>
#include <vector>

namespace {

using nlohmann::json;
using payments::daily_totals;
using payments::totals_store;
using streamer::outcome_kind;
using streamer::testing::call;
using streamer::testing::sample;

constexpr std::int64_t noon = 1'772'366'400; // 2026-03-01T12:00:00Z
constexpr std::int64_t day = 86'400;

/// A database of its own, gone with the test.
class file {
 public:
  file() : path_{std::filesystem::temp_directory_path() / ("totals-" + name())} {}
  file(const file&) = delete;
  file& operator=(const file&) = delete;
  ~file() {
    for (const auto* end : {"", "-wal", "-shm"})
      std::filesystem::remove(path_.string() + end);
  }
  /// As another worker would open it.
  [[nodiscard]] daily_totals worker(std::int64_t now = noon) const {
    return {std::make_shared<totals_store>(path_.string()), "payments.totals",
            [now] { return now; }};
  }
  [[nodiscard]] totals_store store() const { return totals_store{path_.string()}; }
  /// SQL of somebody else.
  void run(const char* sql) const {
    sqlite3* database = nullptr;
    REQUIRE(sqlite3_open(path_.c_str(), &database) == SQLITE_OK);
    CHECK(sqlite3_exec(database, sql, nullptr, nullptr, nullptr) == SQLITE_OK);
    sqlite3_close(database);
  }

 private:
  static std::string name() { return std::to_string(std::random_device{}()); }
  std::filesystem::path path_;
};

sample payment(const std::string& account, std::int64_t cents, const std::string& id,
               const std::string& time = "2026-03-01T09:30:00.000Z") {
  sample made{.key = account, .value = json{{"cents", cents}}.dump()};
  made.headers = {
      {"ce_type", "payment.received"}, {"ce_source", "/till/7"}, {"ce_id", id}, {"ce_time", time}};
  made.tenant = "acme";
  return made;
}

/// `cents/payments` of the total that was sent.
std::string told(const streamer::testing::verdict& by) {
  REQUIRE(by.given.kind == outcome_kind::success);
  REQUIRE(by.sent.size() == 1);
  const auto total = json::parse(by.sent[0].value.value_or(""));
  return total.at("cents").dump() + "/" + total.at("payments").dump();
}

} // namespace

TEST_CASE("payments of an account and a day are added up, and the total is sent on") {
  const file totals;
  const auto handler = totals.worker();
  CHECK(told(call(handler, payment("a-1", 500, "1"))) == "500/1");
  CHECK(told(call(handler, payment("a-1", 250, "2"))) == "750/2");
  CHECK(told(call(handler, payment("a-2", 100, "3"))) == "100/1");
  CHECK(told(call(handler, payment("a-1", 40, "4", "2026-02-28T23:59:59Z"))) == "40/1");
  auto other = payment("a-1", 7, "5");
  other.tenant = "globex";
  CHECK(told(call(handler, other)) == "7/1");
  const auto made = call(handler, payment("a-1", -50, "6"));
  CHECK(made.sent.at(0).topic == "payments.totals");
  CHECK(made.sent.at(0).key == "a-1");
  CHECK(json::parse(made.sent.at(0).value.value_or("")).at("day") == "2026-03-01");
}

TEST_CASE("an event that comes again changes nothing, wherever and to whomever it comes") {
  const file totals;
  const auto first = totals.worker();
  for (int i = 0; i < 20; ++i)
    told(call(first, payment("a-1", 100, std::to_string(i))));
  // After a crash the next owner reads from the last commit; the first one may run on meanwhile.
  const auto next = totals.worker();
  for (int i = 10; i < 30; ++i)
    told(call(next, payment("a-1", 100, std::to_string(i))));
  CHECK(told(call(first, payment("a-1", 100, "25"))) == "3000/30");
  // A redrive has another offset, and a later attempt.
  auto redriven = payment("a-1", 100, "3");
  redriven.offset = 999;
  redriven.attempt = 4;
  CHECK(told(call(next, redriven)) == "3000/30");
  // The same id of another source is another event.
  auto elsewhere = payment("a-1", 1, "3");
  elsewhere.headers[1].value = "/till/8";
  CHECK(told(call(next, elsewhere)) == "3001/31");
}

TEST_CASE("two owners at the same time count each event once") {
  const file totals;
  const auto run = [&] {
    const auto handler = totals.worker();
    for (int i = 0; i < 100; ++i)
      (void)call(handler, payment("a-" + std::to_string(i % 5), 10, std::to_string(i)));
  };
  {
    const std::jthread one{run};
    const std::jthread other{run};
  }
  CHECK(told(call(totals.worker(), payment("a-3", 10, "98"))) == "200/20");
}

TEST_CASE("a day stays open for late events, and what is later still is not counted") {
  const file totals;
  const auto early = payment("a-1", 100, "1", "2026-03-01T00:00:00Z");
  CHECK(told(call(totals.worker(), early)) == "100/1");
  auto store = totals.store();
  store.close_before(payments::day_of(noon));
  const auto last_day = totals.worker(noon + payments::open_days * day);
  CHECK(told(call(last_day, early)) == "100/1"); // known still
  const auto closed = totals.worker(noon + (payments::open_days + 1) * day);
  const auto late = call(closed, payment("a-1", 100, "2", "2026-03-01T23:00:00Z"));
  CHECK(late.given.kind == outcome_kind::reject);
  CHECK(late.sent.empty());
  // Forgotten events are those of closed days: they are rejected, not counted again.
  store.close_before(payments::day_of(noon + day));
  CHECK(call(closed, early).given.kind == outcome_kind::reject);
}

TEST_CASE("what is no payment is rejected and counts nothing") {
  const file totals;
  const auto handler = totals.worker();
  std::vector<sample> wrong(6, payment("a-1", 1, "1"));
  wrong[0].headers.erase(wrong[0].headers.begin() + 2); // no id
  wrong[1].key.reset();
  wrong[2].headers.back().value = "2026-03-01T09:30:00+02:00";
  wrong[3].headers.back().value = "yesterday";
  wrong[4].value = R"({"cents": 1.5})";
  wrong[5].value = "1";
  for (const auto& one : wrong) {
    CAPTURE(&one - wrong.data());
    CHECK(call(handler, one).given.kind == outcome_kind::reject);
  }
  CHECK(told(call(handler, payment("a-1", 1, "1"))) == "1/1");
}

TEST_CASE("a database that refuses is a retry, and the event counts when it is there again") {
  const file totals;
  const auto handler = totals.worker();
  CHECK(told(call(handler, payment("a-1", 1, "1"))) == "1/1");
  totals.run("ALTER TABLE total RENAME TO away");
  // Noted as counted, and then there is no total to add it to: neither may stay.
  CHECK(call(handler, payment("a-1", 1, "2")).given.kind == outcome_kind::retry);
  totals.run("ALTER TABLE away RENAME TO total");
  CHECK(told(call(handler, payment("a-1", 1, "2"))) == "2/2");
}

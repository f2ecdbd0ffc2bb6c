#include "totals_store.hpp"

#include <sqlite3.h>

#include <initializer_list>
#include <limits>
#include <stdexcept>
#include <variant>

namespace payments {
namespace {

constexpr int patience_ms = 5'000; // for another process that writes

constexpr const char* schema = R"(
  CREATE TABLE IF NOT EXISTS counted (
    day TEXT, source TEXT, id TEXT,
    PRIMARY KEY (day, source, id)) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS total (
    tenant TEXT, account TEXT, day TEXT, cents INTEGER NOT NULL, payments INTEGER NOT NULL,
    PRIMARY KEY (tenant, account, day)) WITHOUT ROWID;
)";

void require(bool fine, sqlite3* database) {
  if (!fine) throw std::runtime_error{std::string{"the totals: "} + sqlite3_errmsg(database)};
}

/// One statement, run once.
class statement {
 public:
  using value = std::variant<std::string_view, std::int64_t>;

  statement(sqlite3* database, const char* sql, std::initializer_list<value> values)
      : database_{database} {
    require(sqlite3_prepare_v2(database, sql, -1, &prepared_, nullptr) == SQLITE_OK, database);
    int at = 0;
    for (const auto& one : values) {
      ++at;
      const auto* text = std::get_if<std::string_view>(&one);
      if (text != nullptr && text->size() > std::numeric_limits<int>::max()) {
        throw std::runtime_error{"the totals: a text is too long"};
      }
      require((text != nullptr
                   ? sqlite3_bind_text(prepared_, at, text->data(), static_cast<int>(text->size()),
                                       SQLITE_STATIC)
                   : sqlite3_bind_int64(prepared_, at, std::get<std::int64_t>(one))) == SQLITE_OK,
              database);
    }
  }
  statement(const statement&) = delete;
  statement& operator=(const statement&) = delete;
  ~statement() { sqlite3_finalize(prepared_); }

  /// Whether there is a row.
  bool step() {
    const int code = sqlite3_step(prepared_);
    require(code == SQLITE_ROW || code == SQLITE_DONE, database_);
    return code == SQLITE_ROW;
  }
  [[nodiscard]] std::int64_t column(int at) { return sqlite3_column_int64(prepared_, at); }

 private:
  sqlite3* database_;
  sqlite3_stmt* prepared_ = nullptr;
};

} // namespace

void totals_store::closer::operator()(sqlite3* database) const { sqlite3_close(database); }

totals_store::totals_store(const std::string& file) {
  sqlite3* opened = nullptr;
  const int code = sqlite3_open(file.c_str(), &opened);
  database_.reset(opened);
  if (code != SQLITE_OK) {
    throw std::runtime_error{"cannot open " + file + ": " + sqlite3_errmsg(opened)};
  }
  sqlite3_busy_timeout(opened, patience_ms);
  // FULL: what was committed outlives a power cut. Otherwise the group could have committed an
  // offset whose payment the totals have lost.
  run("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;");
  run(schema);
}

void totals_store::run(const char* sql) {
  require(sqlite3_exec(database_.get(), sql, nullptr, nullptr, nullptr) == SQLITE_OK,
          database_.get());
}

total totals_store::add(const payment& one) {
  const std::lock_guard lock{mutex_};
  // IMMEDIATE: a transaction that begins by reading cannot always become one that writes.
  run("BEGIN IMMEDIATE");
  try {
    const auto now = add_in_transaction(one);
    run("COMMIT");
    return now;
  } catch (...) {
    sqlite3_exec(database_.get(), "ROLLBACK", nullptr, nullptr, nullptr);
    throw;
  }
}

total totals_store::add_in_transaction(const payment& one) {
  auto* const database = database_.get();
  statement counted{
      database, "INSERT OR IGNORE INTO counted VALUES (?, ?, ?)", {one.day, one.source, one.id}};
  counted.step();
  if (sqlite3_changes(database) == 1) {
    statement{database,
              "INSERT INTO total VALUES (?, ?, ?, ?, 1) ON CONFLICT DO UPDATE SET "
              "cents = cents + excluded.cents, payments = payments + 1",
              {one.tenant, one.account, one.day, one.cents}}
        .step();
  }
  statement now{database,
                "SELECT cents, payments FROM total WHERE tenant = ? AND account = ? AND day = ?",
                {one.tenant, one.account, one.day}};
  // Counted for another account: an id that was used twice.
  return now.step() ? total{now.column(0), now.column(1)} : total{};
}

void totals_store::close_before(std::string_view day) {
  const std::lock_guard lock{mutex_};
  statement{database_.get(), "DELETE FROM counted WHERE day < ?", {day}}.step();
}

} // namespace payments

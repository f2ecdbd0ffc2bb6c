// Totals of accounts by day, in SQLite, and which events they have counted.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

struct sqlite3;

namespace payments {

/// Its total has come to this.
struct total {
  std::int64_t cents = 0;    ///< of all its payments
  std::int64_t payments = 0; ///< how many; of two totals of one account and day the higher is newer
};

/// One payment, as an event tells it.
struct payment {
  std::string_view source, id; ///< together unique: the same again is the same payment
  std::string_view tenant, account;
  std::string_view day; ///< 2026-03-01
  std::int64_t cents = 0;
};

/// Thread-safe, and several processes may have the same file. Its functions throw
/// `std::runtime_error` where the database refuses, and nothing has changed then.
class totals_store {
 public:
  /// Opens or creates the file.
  explicit totals_store(const std::string& file);

  /// Counts the payment once, however often it comes, and tells the total with it in. What has been
  /// counted and the total change together or not at all.
  total add(const payment& one);
  /// Nothing of this day can come any more: forgets which events were counted before it. The
  /// totals stay.
  void close_before(std::string_view day);

 private:
  struct closer {
    void operator()(sqlite3* database) const;
  };
  void run(const char* sql);
  total add_in_transaction(const payment& one);

  std::mutex mutex_;
  std::unique_ptr<sqlite3, closer> database_;
};

} // namespace payments

#include "runtime/telemetry/accounts.hpp"

#include <algorithm>
#include <map>
#include <mutex>
#include <tuple>
#include <utility>

namespace streamer {
namespace {

void add(record_counts& sum, const record_counts& part) noexcept {
  sum.received += part.received;
  sum.processed += part.processed;
  sum.skipped += part.skipped;
  sum.dead_lettered += part.dead_lettered;
  sum.fenced += part.fenced;
  sum.already_done += part.already_done;
  sum.pending += part.pending;
}

} // namespace

namespace detail {

/// What board and pages share; a page may outlive its board.
class account_books {
 public:
  std::uint64_t open(std::string_view topic, std::int32_t partition) {
    const std::scoped_lock lock{mutex_};
    const auto [position, is_new] =
        rows_by_partition_.try_emplace({std::string{topic}, partition}, closed_.size());
    if (is_new) {
      closed_.push_back({std::string{topic}, partition, {}, {}});
    }
    const auto id = next_id_++;
    pages_.emplace(id, page{position->second, {}, {}});
    return id;
  }

  void publish(std::uint64_t id, const record_counts& counts, const partition_state& state) {
    const std::scoped_lock lock{mutex_};
    if (const auto found = pages_.find(id); found != pages_.end()) {
      found->second.counts = counts;
      found->second.state = state;
    }
  }

  void close(std::uint64_t id) noexcept {
    const std::scoped_lock lock{mutex_};
    if (const auto found = pages_.find(id); found != pages_.end()) {
      auto last = found->second.counts;
      last.fenced += std::exchange(last.pending, 0);
      add(closed_[found->second.row].records, last);
      pages_.erase(found);
    }
  }

  [[nodiscard]] std::vector<partition_account> snapshot() const {
    auto accounts = totals();
    std::sort(accounts.begin(), accounts.end(), [](const auto& a, const auto& b) {
      return std::tie(a.topic, a.partition) < std::tie(b.topic, b.partition);
    });
    return accounts;
  }

 private:
  struct page {
    std::size_t row;
    record_counts counts;
    partition_state state;
  };

  [[nodiscard]] std::vector<partition_account> totals() const {
    const std::scoped_lock lock{mutex_};
    auto accounts = closed_;
    // Ids grow, so the state that stays is that of the youngest epoch.
    for (const auto& [id, open_page] : pages_) {
      auto& account = accounts[open_page.row];
      add(account.records, open_page.counts);
      account.state = open_page.state;
    }
    return accounts;
  }

  mutable std::mutex mutex_;
  std::vector<partition_account> closed_;
  std::map<std::pair<std::string, std::int32_t>, std::size_t> rows_by_partition_;
  std::map<std::uint64_t, page> pages_;
  std::uint64_t next_id_ = 1;
};

} // namespace detail

account_page::account_page(std::shared_ptr<detail::account_books> books, std::uint64_t id) noexcept
    : books_{std::move(books)}, id_{id} {}

account_page::account_page(account_page&& other) noexcept
    : books_{std::move(other.books_)}, id_{std::exchange(other.id_, 0)} {}

account_page& account_page::operator=(account_page&& other) noexcept {
  if (this != &other) {
    close();
    books_ = std::move(other.books_);
    id_ = std::exchange(other.id_, 0);
  }
  return *this;
}

account_page::~account_page() { close(); }

void account_page::publish(const record_counts& counts, const partition_state& state) {
  if (books_ != nullptr) {
    books_->publish(id_, counts, state);
  }
}

void account_page::close() noexcept {
  if (books_ != nullptr) {
    books_->close(id_);
    books_.reset();
  }
}

account_board::account_board() : books_{std::make_shared<detail::account_books>()} {}

account_page account_board::open(std::string_view topic, std::int32_t partition) {
  return {books_, books_->open(topic, partition)};
}

std::vector<partition_account> account_board::snapshot() const { return books_->snapshot(); }

} // namespace streamer

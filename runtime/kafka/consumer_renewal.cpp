// consumer_loop: secrets and certificates that change while it runs, and a client that does not
// read any more.
#include "runtime/kafka/consumer_loop.hpp"

#include <utility>

namespace streamer {

// Into next_member_ and next_fetcher_. Returns the failure's line, or empty text.
std::string consumer_loop::make_clients() {
  const auto refused = client_health::new_refused_line();
  auto member = group_client::create(credentials_.config(), *this, log_, refused);
  if (!member) {
    return member.error();
  }
  auto fetcher = fetch_client::create(credentials_.config(), log_, refused);
  if (!fetcher) {
    return fetcher.error();
  }
  next_member_ = std::move(member).value();
  next_fetcher_ = std::move(fetcher).value();
  return {};
}

void consumer_loop::look_at_credentials(time_point now) {
  if (failed_ || leave_by_) {
    return;
  }
  const auto change = credentials_.look(now);
  if (change == rotation::login) {
    const auto& kafka = credentials_.config().kafka;
    member_->log_in_with(kafka);
    fetcher_->log_in_with(kafka);
    if (next_member_ != nullptr) {
      next_member_->log_in_with(kafka);
      next_fetcher_->log_in_with(kafka);
    }
    log_.info("credentials_renewed", "new logins use the new password", {{"client", "consumer"}});
  } else if (change == rotation::client) {
    // Made first: files that do not fit together must not cost the client that works.
    if (const auto failure = make_clients(); !failure.empty()) {
      log_.error("credentials_unusable",
                 "the new certificate, key or secret cannot be used; the old ones stay in use "
                 "until the files change again",
                 {{"client", "consumer"}, {"reason", failure}});
    }
  }
}

// A client keeps the certificates that it was made with. So the partitions are drained and
// committed as for a rebalance, and another client joins the group in this one's place.
void consumer_loop::advance_renewal() {
  if (next_member_ == nullptr || revocation_ || failed_ || leave_by_) {
    return;
  }
  if (!std::exchange(renewing_, true)) {
    unlocated_.clear();
    offset_requests_.clear();
    std::vector<topic_partition> held;
    for (const auto& [epoch, owned] : routes_.all()) {
      held.push_back(owned->tp);
    }
    if (!held.empty()) {
      ++draft_.revocations;
      begin_revocation(held);
      return;
    }
  }
  replace_clients();
}

void consumer_loop::replace_clients() {
  member_->close(clock::now() + leave_budget);
  count_out_clients();
  member_ = std::move(next_member_);
  fetcher_ = std::move(next_fetcher_);
  narrow_lanes();
  // Answers that the old client still owed will not come.
  book_ = commit_book{};
  renewing_ = false;
  draft_.joined = false;
  offsets_not_before_ = {};
  commit_not_before_ = {};
  log_.info("credentials_renewed", "a new client uses the new certificates and secrets",
            {{"client", "consumer"}});
  if (auto failure = subscribe(); !failure.empty()) {
    fail(1, std::move(failure));
  }
}

// The member stays, so this costs no rebalance. What the old client has fetched and nobody has
// taken is fetched again; batches that are under way keep it until they are done.
void consumer_loop::renew_fetching() {
  if (next_member_ != nullptr || failed_ || leave_by_) {
    return; // both are replaced, or nothing is read any more
  }
  auto made = fetch_client::create(credentials_.config(), log_, client_health::new_refused_line());
  if (!made) {
    log_.error("fetch_client_not_renewed", "the client that reads cannot be made anew",
               {{"reason", made.error()}});
    return;
  }
  draft_.auth_failures += fetcher_->health().auth_failures();
  draft_.broker_errors += fetcher_->health().broker_errors();
  ++draft_.fetch_client_renewals;
  fetcher_ = std::move(made).value();
  narrow_lanes();
  routes_.forget_topics();
  std::vector<fetch_start> starts;
  for (const auto& [epoch, owned] : routes_.all()) {
    if (owned->fetching) {
      starts.push_back(start_of(*owned));
    }
  }
  log_.warn("fetch_client_renewed",
            "fetches brought nothing although there is more, and reading anew did not help: "
            "another client reads now",
            {{"partitions", starts.size()}});
  if (!starts.empty()) {
    fetcher_->add(starts);
  }
  ask_ends(clock::now());
}

// The counters of clients that go stay in the sums.
void consumer_loop::count_out_clients() {
  draft_.auth_failures += member_->auth_failures() + fetcher_->health().auth_failures();
  draft_.broker_errors += member_->broker_errors() + fetcher_->health().broker_errors();
}

} // namespace streamer

#include "runtime/checks/lag_verdict.hpp"

#include <array>
#include <cstdio>
#include <tuple>
#include <utility>

namespace streamer {
namespace {

using std::chrono::milliseconds;
using enum lag_urgency;

std::string shown(milliseconds time) {
  constexpr std::int64_t minute = 60;
  constexpr std::int64_t hour = 60 * minute;
  const auto seconds = time.count() / 1000;
  if (seconds < 10) {
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%.1f s", static_cast<double>(time.count()) / 1000.0);
    return text.data();
  }
  if (seconds < 2 * minute) {
    return std::to_string(seconds) + " s";
  }
  if (seconds < 2 * hour) {
    return std::to_string(seconds / minute) + " min";
  }
  return std::to_string(seconds / hour) + " h";
}

std::string records(std::uint64_t count) {
  return std::to_string(count) + (count == 1 ? " record" : " records");
}

std::string times(std::uint32_t count) {
  return count == 1 ? "once" : std::to_string(count) + " times";
}

std::string name_of(const frontier_record& r) {
  return "the record at offset " + std::to_string(r.offset.value()) + " of tenant " + r.tenant;
}

// What fails, in the words of the metrics and of retry_on.
std::string failure_of(const frontier_record& r) {
  std::string text{to_string(r.cause)};
  if (!r.exception.empty()) {
    text += ", " + r.exception;
  }
  return text;
}

std::string done_behind(const lag_counts& parts) {
  return parts.done_uncommitted == 0
             ? std::string{}
             : "; " + records(parts.done_uncommitted) + " done behind it cannot be committed yet";
}

class judge {
 public:
  judge(const lag_view& partition, const process_view& process)
      : p_{partition}, process_{process}, parts_{partition.lag.parts} {}

  [[nodiscard]] lag_verdict verdict() const {
    if (!p_.answered && !p_.leaving) {
      return {stuck, "actor_silent",
              "its actor did not answer in time, so these are the figures that it last published",
              "ask again; if it stays silent, see whether streamer health --live fails and which "
              "actor the log names, and restart the worker"};
    }
    if (p_.pause && p_.pause->tenant.empty()) {
      return paused();
    }
    if (p_.lag.span.end < 0) {
      return {waiting, "unknown", "its offsets are not known yet: no broker has told them",
              "ask again in some seconds; streamer doctor says whether the brokers answer"};
    }
    if (parts_.total() == 0) {
      return {idle, "none", "no lag: all there is has been done and committed", {}};
    }
    if (p_.leaving) {
      return {moving,
              "leaving",
              "it is being given up (a stop, a rebalance or a seek): " + records(in_hand()) +
                  " unfinished here; what does not end in time is read by the next owner",
              {}};
    }
    if (!process_.work.connected) {
      return {stuck, "brokers", "no broker answers: nothing can be read, written or committed",
              "streamer doctor"};
    }
    return in_hand() + parts_.fetched + parts_.unfetched == 0 ? only_commit() : by_frontier();
  }

 private:
  // Nothing of it goes on until somebody acts.
  [[nodiscard]] lag_verdict paused() const {
    const auto unfinished =
        in_hand() == 0 ? std::string{}
                       : "; " + records(in_hand()) + " that ran when it came may still end";
    return {parts_.total() == 0 ? idle : stuck, "paused",
            "it is paused by an operator" + since_when() + unfinished,
            "streamer process resume --topic " + p_.topic + " --partition " +
                std::to_string(p_.partition)};
  }

  [[nodiscard]] lag_verdict tenant_paused() const {
    return {stuck, "tenant_paused",
            "tenant " + p_.pause->tenant + " is paused by an operator" + since_when() +
                ", and its records hold the commit" + done_behind(parts_),
            "streamer process resume --tenant " + p_.pause->tenant};
  }

  [[nodiscard]] std::string since_when() const {
    return (p_.pause->by.empty() ? "" : " (" + p_.pause->by + ")") + " for " +
           shown(p_.pause->lasts);
  }

  [[nodiscard]] std::uint64_t in_hand() const {
    return parts_.queued + parts_.in_flight + parts_.waiting_retry + parts_.waiting_dlq +
           parts_.held;
  }
  [[nodiscard]] bool stands() const { return p_.stands >= process_.max_stall; }
  [[nodiscard]] lag_urgency moving_unless_standing() const { return stands() ? stuck : moving; }

  [[nodiscard]] lag_verdict only_commit() const {
    if (stands()) {
      return {stuck, "commit",
              "all is done, but its commit has not been answered for " + shown(p_.stands),
              "streamer doctor: may the user commit, and does the group's coordinator answer?"};
    }
    return {moving,
            "commit",
            records(parts_.done_uncommitted) + " done, to be committed within the commit interval",
            {}};
  }

  [[nodiscard]] lag_verdict by_frontier() const {
    const bool at_work = p_.frontier && (p_.frontier->where == lag_state::in_flight ||
                                         p_.frontier->where == lag_state::waiting_dlq);
    if (p_.pause && !at_work) {
      return tenant_paused();
    }
    if (!p_.frontier) {
      return parts_.held > 0 ? held_by_share() : unread();
    }
    const auto& r = *p_.frontier;
    switch (r.where) {
      case lag_state::waiting_retry: return retried(r);
      case lag_state::waiting_dlq: return dead_lettered(r);
      case lag_state::in_flight: return at_handler(r);
      case lag_state::held: return alone(r);
      default: return queued(r);
    }
  }

  [[nodiscard]] lag_verdict retried(const frontier_record& r) const {
    if (r.held_by_guard || process_.work.guard_holds) {
      return {stuck, "dlq_guard",
              "many tenants fail alike (" + failure_of(r) +
                  "), which is an outage: records wait instead of being dead-lettered",
              "mend what the handlers call; single records probe it and all go on by themselves"};
    }
    const auto again =
        r.next_retry ? "its next attempt comes in " + shown(*r.next_retry) : "it waits for a retry";
    return {waiting, "retry",
            name_of(r) + " has failed " + times(r.attempt) + " (" + failure_of(r) + ") and " +
                again + done_behind(parts_),
            "only its key waits; mend what fails, or let it go to the DLQ after "
            "retry.max_attempts, where streamer dlq show tells more"};
  }

  [[nodiscard]] lag_verdict dead_lettered(const frontier_record& r) const {
    if (process_.dlq_waits || stands()) {
      return {stuck, "dlq",
              name_of(r) + " is to be dead-lettered, and the dead letter topic does not take it" +
                  done_behind(parts_),
              "streamer doctor says what is wrong with the topic: missing, refused, too small"};
    }
    return {moving, "dlq", name_of(r) + " is being written to the dead letter topic", {}};
  }

  [[nodiscard]] lag_verdict at_handler(const frontier_record& r) const {
    if (process_.work.outputs_waiting && stands()) {
      return {stuck, "output",
              name_of(r) + " waits until what its handler emitted is acknowledged, for " +
                  shown(p_.stands),
              "streamer doctor: is the output topic there, writable, with enough replicas?"};
    }
    const std::string what = r.running ? " is in its handler" : " is at its tenant's handler";
    const auto attempt = r.attempt > 1 ? ", attempt " + std::to_string(r.attempt) : std::string{};
    if (stands()) {
      return {stuck, "handler",
              name_of(r) + what + attempt + ", and nothing has moved for " + shown(p_.stands),
              "see what that handler calls: it is cut at its timeout_ms, and a blocking call that "
              "never returns keeps its thread"};
    }
    return {moving, "handler",
            name_of(r) + what + attempt + " for " + shown(r.here) + done_behind(parts_),
            comes_faster_than_it_goes()
                ? "if it goes on growing: more handler concurrency (for tenant " + r.tenant +
                      " alone: an entry of [[handlers]] that selects it), more partitions or more "
                      "workers"
                : std::string{}};
  }

  // By what lies at the brokers, or where all fits into the window, by how old it is.
  [[nodiscard]] bool comes_faster_than_it_goes() const {
    constexpr milliseconds fresh{5'000};
    return parts_.unfetched > parts_.in_flight ||
           (parts_.in_flight > 1 && p_.age && !p_.age->at_most && p_.age->age >= fresh);
  }

  [[nodiscard]] lag_verdict alone(const frontier_record& r) const {
    return {moving_unless_standing(), "suspect",
            name_of(r) + " was in a handler when a process crashed: it waits to run alone",
            "the log says which record runs alone; docs/crashes.md tells what happens next"};
  }

  [[nodiscard]] lag_verdict queued(const frontier_record& r) const {
    return {moving_unless_standing(), "turn",
            name_of(r) +
                " waits for its tenant's turn: handlers are slower than records come, or "
                "the tenant is at a limit",
            "compare tenants in streamer process metrics; tenants.limits." + r.tenant +
                " sets weight, max_in_flight and rate"};
  }

  [[nodiscard]] lag_verdict held_by_share() const {
    if (p_.held_for.empty()) {
      return {moving_unless_standing(),
              "suspects",
              "it waits to hear which records other workers suspect of crashes",
              {}};
    }
    return {stands() ? stuck : waiting, "tenant_held",
            "tenant " + p_.held_for + " has filled its share of the window: the partition waits",
            "see why that tenant is slow or fails; tenants.share and tenants.overflow decide"};
  }

  [[nodiscard]] lag_verdict unread() const {
    if (p_.low > p_.lag.span.from) {
      return {stands() ? stuck : moving, "retention",
              "the topic's retention has passed the commit: " +
                  std::to_string(p_.low - p_.lag.span.from) + " offsets are gone",
              "consumer.on_out_of_range decides where to go on; raise the topic's retention"};
    }
    if (process_.work.credit_used_up) {
      return {stands() ? stuck : waiting, "no_credit",
              records(parts_.unfetched) +
                  " unread: the window or the memory budget is used up by other partitions",
              "look at the first partitions of streamer process explain"};
    }
    if (stands()) {
      return {stuck, "fetch",
              records(parts_.unfetched) + " unread, and reading has brought nothing for " +
                  shown(p_.stands),
              "the partition is read anew by itself; streamer doctor, and the log's fetch_error"};
    }
    return {moving, "reading", records(parts_.unfetched + parts_.fetched) + " to be read", {}};
  }

  const lag_view& p_;
  const process_view& process_;
  const lag_counts& parts_;
};

} // namespace

std::string_view to_string(lag_urgency u) {
  switch (u) {
    case idle: return "idle";
    case moving: return "moving";
    case waiting: return "waiting";
    case stuck: return "stuck";
  }
  return "idle";
}

lag_verdict judge_lag(const lag_view& partition, const process_view& process) {
  return judge{partition, process}.verdict();
}

bool matters_more(const lag_view& a, const lag_verdict& a_judged, const lag_view& b,
                  const lag_verdict& b_judged) {
  const auto rank = [](const lag_view& p, const lag_verdict& v) {
    return std::tuple{v.urgency, p.age ? p.age->age : milliseconds{0}, p.lag.parts.total()};
  };
  const auto left = rank(a, a_judged);
  const auto right = rank(b, b_judged);
  return left != right ? left > right
                       : std::tie(a.topic, a.partition) < std::tie(b.topic, b.partition);
}

} // namespace streamer

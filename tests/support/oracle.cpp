#include "tests/support/oracle.hpp"

#include <algorithm>
#include <limits>
#include <map>
#include <set>
#include <unordered_map>

namespace streamer::test {
namespace {

constexpr std::uint64_t examples_per_invariant = 5;
constexpr auto never = std::numeric_limits<std::int64_t>::max();

// One sent record and all that is known of its fate.
struct fate {
  const sent_record* sent = nullptr;
  std::uint64_t in_output = 0;
  std::uint64_t in_dead = 0;
  std::int64_t output_ms = never;   ///< first append to the output
  std::int64_t dead_ms = never;     ///< first append to the DLQ, overflow apart
  std::int64_t finished_ms = never; ///< first append to either
};
using fates = std::unordered_map<std::string, fate>;

std::string place(const stored_record& r) {
  return r.topic + "[" + std::to_string(r.partition) + "]@" + std::to_string(r.offset);
}

std::string place(const sent_record& r) {
  return r.id() + " (" + r.topic + "[" + std::to_string(r.partition) + "]@" +
         std::to_string(r.offset) + ")";
}

bool is_trace_header(std::string_view name) {
  return name == "traceparent" || name == "tracestate" || name == "baggage";
}

// The headers that have to equal those sent: without what the product may add.
std::vector<header> comparable(const std::vector<header>& headers, bool dead_letter) {
  std::vector<header> result;
  std::copy_if(headers.begin(), headers.end(), std::back_inserter(result), [&](const header& h) {
    return !is_trace_header(h.name) && !(dead_letter && is_error_header(h.name));
  });
  return result;
}

std::string difference(const sent_record& sent, const stored_record& found, bool dead_letter) {
  if (sent.key != found.key) {
    return "another key";
  }
  if (sent.value != found.value) {
    if (sent.value.has_value() != found.value.has_value()) {
      return sent.value ? "a null value" : "a value in place of null";
    }
    return "another value (" + std::to_string(found.value->size()) + " bytes of " +
           std::to_string(sent.value->size()) + ")";
  }
  if (comparable(sent.headers, dead_letter) != comparable(found.headers, dead_letter)) {
    return "other headers";
  }
  return {};
}

// A record that finds its tenant's share full goes to the DLQ past those before it.
bool is_overflow(const stored_record& record) {
  return record.header_value("streamer.dlq.reason") == "overflow";
}

void match(verdict& result, fates& known, const std::vector<stored_record>& found,
           bool dead_letter) {
  for (const auto& record : found) {
    const auto id = record.header_value(id_header);
    const auto entry = id ? known.find(*id) : known.end();
    if (entry == known.end()) {
      result.add(invariant::nothing_invented, place(record) + " was never sent");
      continue;
    }
    auto& f = entry->second;
    if (f.sent->state == sent_state::aborted) {
      result.add(invariant::nothing_invented,
                 place(record) + " is " + *id + " of an aborted transaction");
      continue;
    }
    if (const auto other = difference(*f.sent, record, dead_letter); !other.empty()) {
      result.add(invariant::nothing_invented, place(record) + " is " + *id + " with " + other);
    }
    (dead_letter ? f.in_dead : f.in_output) += 1;
    f.finished_ms = std::min(f.finished_ms, record.timestamp_ms);
    if (!dead_letter) {
      f.output_ms = std::min(f.output_ms, record.timestamp_ms);
    } else if (!is_overflow(record)) {
      f.dead_ms = std::min(f.dead_ms, record.timestamp_ms);
    }
  }
}

void check_losses_and_copies(verdict& result, const fates& known, const expectation& expected) {
  std::vector<const fate*> copies;
  for (const auto& [id, f] : known) {
    const auto seen = f.in_output + f.in_dead;
    result.forwarded += f.in_output > 0 ? 1 : 0;
    result.dead_lettered += f.in_dead > 0 ? 1 : 0;
    if (f.sent->state == sent_state::acknowledged) {
      ++result.acknowledged;
      if (seen == 0) {
        result.add(invariant::nothing_lost,
                   place(*f.sent) + " is neither in the output nor in the DLQ");
      }
    }
    if (seen > 1) {
      result.duplicates += seen - 1;
      copies.push_back(&f);
    }
  }
  if (result.duplicates <= expected.duplicates_allowed) {
    return;
  }
  result.add(invariant::few_duplicates, std::to_string(result.duplicates) + " copies, allowed " +
                                            std::to_string(expected.duplicates_allowed));
  std::sort(copies.begin(), copies.end(), [](const fate* a, const fate* b) {
    return std::tie(a->sent->partition, a->sent->offset) <
           std::tie(b->sent->partition, b->sent->offset);
  });
  for (const auto* f : copies) {
    result.add(invariant::few_duplicates, place(*f->sent) + " is " + std::to_string(f->in_output) +
                                              " times in the output, " +
                                              std::to_string(f->in_dead) + " times in the DLQ");
  }
}

// Within one topic, where offsets tell what came first. What came out in the other topic before is
// a copy here.
void check_order(verdict& result, const fates& known, std::vector<stored_record> output,
                 bool dead_letters) {
  struct progress {
    std::int32_t partition = 0;
    std::uint64_t highest = 0;
    std::set<std::uint64_t> seen;
  };
  std::sort(output.begin(), output.end(), [](const auto& a, const auto& b) {
    return std::tie(a.partition, a.offset) < std::tie(b.partition, b.offset);
  });
  std::map<std::pair<std::string, std::string>, progress> keys;
  for (const auto& record : output) {
    const auto entry = known.find(record.header_value(id_header).value_or(""));
    if (entry == known.end() || !entry->second.sent->key || is_overflow(record)) {
      continue; // what has no key has no order
    }
    const bool went_out = entry->second.output_ms <= entry->second.dead_ms;
    if (went_out == dead_letters) {
      continue;
    }
    const auto& sent = *entry->second.sent;
    auto& key = keys[{sent.tenant, *sent.key}];
    if (!key.seen.insert(sent.sequence).second) {
      continue; // a copy: only first occurrences have an order
    }
    if (key.seen.size() > 1 && key.partition != record.partition) {
      result.add(invariant::order_kept, place(record) + ": " + sent.id() +
                                            " is in another partition than its predecessors");
    } else if (key.seen.size() > 1 && sent.sequence < key.highest) {
      result.add(invariant::order_kept, place(record) + ": " + sent.id() + " comes after number " +
                                            std::to_string(key.highest) + " of its key");
    }
    key.partition = record.partition;
    key.highest = std::max(key.highest, sent.sequence);
  }
}

// Between output and DLQ, where append times tell it: no record of a key is forwarded before its
// predecessors are dead-lettered. The other way round says nothing: a record may start when the
// handler is done with its predecessor, whose output may still be on its way when it is rejected.
void check_order_between(verdict& result, const fates& known) {
  std::map<std::pair<std::string, std::string>, std::map<std::uint64_t, const fate*>> keys;
  for (const auto& [id, f] : known) {
    if (f.sent->key && (f.output_ms != never || f.dead_ms != never)) {
      keys[{f.sent->tenant, *f.sent->key}].emplace(f.sent->sequence, &f);
    }
  }
  struct latest {
    std::int64_t at = std::numeric_limits<std::int64_t>::min();
    const fate* of = nullptr;
  };
  for (const auto& [key, records] : keys) {
    latest dead;
    for (const auto& [sequence, f] : records) {
      const bool went_out = f->output_ms <= f->dead_ms;
      if (went_out && f->output_ms < dead.at) {
        result.add(invariant::order_kept,
                   place(*f->sent) + " was forwarded " + std::to_string(dead.at - f->output_ms) +
                       " ms before " + place(*dead.of->sent) + " was dead-lettered");
      } else if (!went_out && f->dead_ms > dead.at) {
        dead = {f->dead_ms, f};
      }
    }
  }
}

// What one partition received, in offset order.
struct partition_fates {
  std::vector<std::int64_t> offsets;
  std::vector<const fate*> fates;
  std::vector<std::int64_t> finished_up_to; ///< latest finish of this record and all before it
};

std::map<std::int32_t, partition_fates> by_partition(const fates& known) {
  std::map<std::int32_t, std::map<std::int64_t, const fate*>> sorted;
  for (const auto& [id, f] : known) {
    if (f.sent->state == sent_state::acknowledged) {
      sorted[f.sent->partition].emplace(f.sent->offset, &f);
    }
  }
  std::map<std::int32_t, partition_fates> result;
  for (const auto& [partition, records] : sorted) {
    auto& p = result[partition];
    auto latest = std::numeric_limits<std::int64_t>::min();
    for (const auto& [offset, f] : records) {
      latest = std::max(latest, f->finished_ms);
      p.offsets.push_back(offset);
      p.fates.push_back(f);
      p.finished_up_to.push_back(latest);
    }
  }
  return result;
}

// Whether a record counts as finished at the time of a commit.
bool in_time(std::int64_t finished_ms, const commit_claim& commit, const expectation& expected) {
  return finished_ms != never && (!expected.append_times || finished_ms <= commit.commit_ms);
}

std::string unsafe(const commit_claim& commit, const fate& f, const std::string& claim) {
  const auto when =
      f.finished_ms == never
          ? std::string{"never finished"}
          : "finished " + std::to_string(f.finished_ms - commit.commit_ms) + " ms after the commit";
  return claim + " was committed, but " + place(*f.sent) + " " + when;
}

void check_claim(verdict& result, const partition_fates& p, const commit_claim& commit,
                 const expectation& expected) {
  const auto index = [&](std::int64_t offset) {
    return static_cast<std::size_t>(std::lower_bound(p.offsets.begin(), p.offsets.end(), offset) -
                                    p.offsets.begin());
  };
  const auto below = index(commit.offset);
  if (below > 0 && !in_time(p.finished_up_to[below - 1], commit, expected)) {
    const auto culprit = std::find_if(p.fates.begin(), p.fates.end(), [&](const fate* f) {
      return !in_time(f->finished_ms, commit, expected);
    });
    result.add(invariant::commits_safe,
               unsafe(commit, **culprit, "offset " + std::to_string(commit.offset)));
  }
  for (const auto& range : commit.finished) {
    for (auto i = index(range.first); i < p.offsets.size() && p.offsets[i] <= range.last; ++i) {
      if (!in_time(p.fates[i]->finished_ms, commit, expected)) {
        result.add(invariant::commits_safe,
                   unsafe(commit, *p.fates[i],
                          "the range " + std::to_string(range.first) + " to " +
                              std::to_string(range.last) + " as finished"));
      }
    }
  }
}

void check_commits(verdict& result, const fates& known, const std::vector<commit_claim>& commits,
                   const expectation& expected) {
  const auto partitions = by_partition(known);
  std::map<std::int32_t, std::int64_t> latest;
  for (const auto& commit : commits) {
    ++result.commits;
    auto& before = latest.try_emplace(commit.partition, commit.offset).first->second;
    if (commit.offset < before && !expected.sought.contains({commit.partition, commit.offset})) {
      result.add(invariant::commits_safe, "partition " + std::to_string(commit.partition) +
                                              " went back from " + std::to_string(before) + " to " +
                                              std::to_string(commit.offset));
    }
    before = commit.offset;
    if (const auto found = partitions.find(commit.partition); found != partitions.end()) {
      check_claim(result, found->second, commit, expected);
    }
  }
}

} // namespace

std::string_view to_string(invariant i) {
  constexpr std::array<std::string_view, invariant_count> names{
      "I1 nothing lost", "I2 nothing invented", "I3 order kept", "I4 commits safe",
      "I5 few duplicates"};
  return names.at(static_cast<std::size_t>(i));
}

void verdict::add(invariant which, const std::string& what) {
  if (counts_.at(static_cast<std::size_t>(which))++ < examples_per_invariant) {
    examples_.push_back(std::string{to_string(which)} + ": " + what);
  }
}

bool verdict::holds() const {
  return std::all_of(counts_.begin(), counts_.end(), [](auto count) { return count == 0; });
}

std::string verdict::text() const {
  std::string result = std::to_string(acknowledged) + " acknowledged, " +
                       std::to_string(forwarded) + " forwarded, " + std::to_string(dead_lettered) +
                       " dead-lettered, " + std::to_string(duplicates) + " duplicated, " +
                       std::to_string(commits) + " commits checked: ";
  if (holds()) {
    return result + "all invariants hold";
  }
  for (std::size_t i = 0; i < invariant_count; ++i) {
    if (counts_[i] > 0) {
      result += "\n  " + std::string{to_string(invariant{static_cast<std::uint8_t>(i)})} +
                " is violated " + std::to_string(counts_[i]) + " times";
    }
  }
  for (const auto& example : examples_) {
    result += "\n    " + example;
  }
  return result;
}

bool is_error_header(std::string_view name) {
  return name.starts_with("__dlq.errors.") || name.starts_with("streamer.");
}

verdict judge(const run_record& run, const expectation& expected) {
  verdict result;
  fates known;
  known.reserve(run.sent.size());
  for (const auto& record : run.sent) {
    if (!known.emplace(record.id(), fate{&record}).second) {
      result.add(invariant::nothing_invented,
                 "the ledger itself has " + record.id() + " twice: the run proves nothing");
    }
  }
  match(result, known, run.output, false);
  match(result, known, run.dead, true);
  check_losses_and_copies(result, known, expected);
  if (expected.ordered) {
    check_order(result, known, run.output, false);
    check_order(result, known, run.dead, true);
    if (expected.append_times && expected.ordered_between) {
      check_order_between(result, known);
    }
  }
  check_commits(result, known, run.commits, expected);
  return result;
}

} // namespace streamer::test

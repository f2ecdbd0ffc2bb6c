#include "tests/chaos/support/chaos_report.hpp"

#include "tests/chaos/support/memory_watch.hpp"
#include "tests/support/failures.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <chrono>
#include <cstdlib>
#include <exception>
#include <nlohmann/json.hpp>

namespace streamer::test {
namespace {

using clock = std::chrono::steady_clock;

constexpr std::size_t memory_limit_kib = 300 * 1024;
// Of the default consumer.memory_budget_mib: records in the client, and those taken over from it.
constexpr double read_ahead_mib = 48;
// How much longer a recovery may take in a short run, on a machine that also does other things.
constexpr int patience = 2;

struct recovery {
  milliseconds worst{0};
  milliseconds limit{0};
  std::uint64_t count = 0;
};

} // namespace

struct chaos_report::findings {
  std::string id;
  std::string what;
  std::uint64_t seed = 0;
  clock::time_point began = clock::now();
  int exceptions = std::uncaught_exceptions();
  double rate = 0;
  std::map<std::string, std::uint64_t> faults;
  std::map<std::string, std::uint64_t> needed;
  std::map<std::string, recovery> recoveries;
  std::map<std::string, double> figures;
  std::size_t peak_kib = 0;
  bool is_void = false;
  bool judged = false;
  // Sums over the judged runs.
  std::uint64_t sent = 0;
  std::uint64_t acknowledged = 0;
  std::uint64_t lost = 0;
  std::uint64_t duplicated = 0;
  std::uint64_t duplicates_allowed = 0;
  std::uint64_t dead_lettered = 0;
  std::uint64_t commits = 0;
};

bool full_run() { return environment("STREAMER_CHAOS_FULL").has_value(); }

chaos_report::chaos_report(std::string id, std::string what)
    : found_{std::make_unique<findings>()} {
  found_->id = std::move(id);
  found_->what = std::move(what);
  found_->seed = chosen_seed();
}

chaos_report::~chaos_report() {
  try {
    write();
  } catch (const std::exception& e) {
    evidence(std::string{"the result of this scenario cannot be written: "} + e.what());
  }
}

std::uint64_t chaos_report::seed() const { return found_->seed; }

void chaos_report::needs(const std::string& kind, std::uint64_t at_least) {
  found_->needed[kind] = at_least;
}

void chaos_report::fault(const std::string& kind, std::uint64_t count) {
  found_->faults[kind] += count;
}

std::uint64_t chaos_report::faults() const {
  std::uint64_t sum = 0;
  for (const auto& [kind, count] : found_->faults) {
    sum += count;
  }
  return sum;
}

void chaos_report::rate(double records_a_second) { found_->rate = records_a_second; }

void chaos_report::recovered(const std::string& what, milliseconds took, milliseconds limit) {
  auto& known = found_->recoveries[what];
  known.worst = std::max(known.worst, took);
  known.limit = limit;
  ++known.count;
  INFO(what << " took " << took.count() << " ms, allowed are " << limit.count());
  CHECK(took <= limit * scaled(patience, 1));
}

void chaos_report::peak_memory(std::size_t kib) {
  found_->peak_kib = std::max(found_->peak_kib, kib);
  CHECK((sanitized || kib <= memory_limit_kib));
}

void chaos_report::steady_memory(const std::vector<double>& samples) {
  const auto grown = grown_in_second_half(samples);
  if (!grown) {
    return;
  }
  auto& worst = found_->figures["memory grown over the second half, MiB"];
  worst = std::max(worst, grown->by_mib);
  INFO("memory grew by " << grown->by_mib << " MiB over the second half, from at most "
                         << grown->before_mib);
  // A backlog that comes in the second half alone fills what is read ahead.
  CHECK(grown->by_mib <= 0.1 * grown->before_mib + read_ahead_mib);
}

void chaos_report::figure(const std::string& name, double value) { found_->figures[name] = value; }

void chaos_report::require_faults() {
  for (const auto& [kind, at_least] : found_->needed) {
    if (found_->faults[kind] < at_least) {
      found_->is_void = true;
      FAIL("this run proves nothing: " << found_->faults[kind] << " × " << kind << ", needed "
                                       << at_least);
    }
  }
}

verdict chaos_report::require_invariants(const scenario& s, const std::vector<sent_record>& sent,
                                         const expectation& expected) {
  return require_invariants(s, s.collect(sent), expected);
}

verdict chaos_report::judged(const run_record& run, const expectation& expected) {
  auto result = judge(run, expected);
  const auto wanted = static_cast<std::uint64_t>(
      std::count_if(run.sent.begin(), run.sent.end(),
                    [](const sent_record& r) { return r.state != sent_state::aborted; }));
  INFO(result.acknowledged << " of " << wanted << " records were acknowledged");
  CHECK(static_cast<double>(result.acknowledged) >=
        expected.acknowledged_share * static_cast<double>(wanted));
  found_->judged = true;
  found_->sent += run.sent.size();
  found_->acknowledged += result.acknowledged;
  found_->lost += result.count(invariant::nothing_lost);
  found_->duplicated += result.duplicates;
  found_->duplicates_allowed += expected.duplicates_allowed;
  found_->dead_lettered += result.dead_lettered;
  found_->commits += result.commits;
  evidence(result.text() + "; allowed duplicates: " + std::to_string(expected.duplicates_allowed));
  return result;
}

verdict chaos_report::require_run(const run_record& run, const expectation& expected) {
  auto result = judged(run, expected);
  INFO(result.text());
  REQUIRE(result.holds());
  REQUIRE(result.acknowledged > 0);
  return result;
}

verdict chaos_report::require_invariants(const scenario& s, const run_record& run,
                                         const expectation& expected) {
  auto result = judged(run, expected);
  if (!result.holds()) {
    s.keep(run);
  }
  INFO(result.text());
  REQUIRE(result.holds());
  REQUIRE(result.acknowledged > 0);
  require_faults();
  return result;
}

void chaos_report::require_complete(std::uint64_t acknowledged, std::uint64_t lost,
                                    std::uint64_t dead_lettered) {
  found_->judged = true;
  found_->sent += acknowledged;
  found_->acknowledged += acknowledged;
  found_->lost += lost;
  found_->dead_lettered += dead_lettered;
  REQUIRE(lost == 0);
  REQUIRE(acknowledged > 0);
  require_faults();
}

void chaos_report::write() const {
  const auto& f = *found_;
  nlohmann::json result;
  result["id"] = f.id;
  result["what"] = f.what;
  const bool failed = this_test_has_failed();
  const bool broken_off = std::uncaught_exceptions() > f.exceptions;
  // Left by an exception without a failed assertion: it was skipped.
  result["result"] = f.is_void ? "void" : failed ? "violated" : broken_off ? "skipped" : "held";
  result["failures"] = failures_of_this_test();
  result["full"] = full_run();
  // Of scripts/chaos; a run inside scripts/test has no revision to speak of.
  if (const auto* const revision = std::getenv("STREAMER_CHAOS_REVISION")) {
    result["revision"] = revision;
  }
  result["seed"] = f.seed;
  result["duration_s"] =
      static_cast<double>(
          std::chrono::duration_cast<milliseconds>(clock::now() - f.began).count()) /
      1000;
  result["rate"] = f.rate;
  result["faults"] = f.faults;
  result["judged"] = f.judged;
  result["sent"] = f.sent;
  result["acknowledged"] = f.acknowledged;
  result["lost"] = f.lost;
  result["duplicated"] = f.duplicated;
  result["duplicates_allowed"] = f.duplicates_allowed;
  result["dead_lettered"] = f.dead_lettered;
  result["commits_checked"] = f.commits;
  result["peak_memory_kib"] = f.peak_kib;
  result["figures"] = f.figures;
  result["recoveries"] = nlohmann::json::object();
  for (const auto& [what, r] : f.recoveries) {
    result["recoveries"][what] = {
        {"worst_ms", r.worst.count()}, {"limit_ms", r.limit.count()}, {"count", r.count}};
  }
  evidence("result " + result.dump());
  if (const auto directory = environment("STREAMER_CHAOS_RESULTS")) {
    std::filesystem::create_directories(*directory);
    write_file(std::filesystem::path{*directory} / (unique_name(f.id) + ".json"), result.dump(2));
  }
}

void note_memory(chaos_report& report, worker& w) {
  report.peak_memory(w.program().peak_rss_kib());
}

} // namespace streamer::test

// What a run of scripts/chaos says at its end: from the scenarios' result objects to a table, a
// JSON document and the page docs/reliability.md. Pure.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace streamer::test {

/// Where a run was made; part of its result.
struct run_environment {
  unsigned cores = 0;
  std::uint64_t memory_mib = 0;
  std::string streamer;   ///< version
  std::string librdkafka; ///< version
  std::string kafka;      ///< version
  std::string date;       ///< the day on which it began
  std::string revision;   ///< what was built
  std::string seed;       ///< repeats its random decisions
  std::string minutes;    ///< how long it took
  std::string jobs;       ///< how many scenarios ran beside each other
};

/// The results of one run, each as chaos_report writes it, in the order of the scenarios' ids.
using chaos_results = std::vector<nlohmann::json>;

/// Sorts by id (A1, A2, … B1, …, A10 after A9) and drops nothing.
[[nodiscard]] chaos_results in_order(chaos_results results);

/// How many results did not hold; a run without any result does not hold either.
[[nodiscard]] std::size_t not_held(const chaos_results& results);

/// At most 80 columns: a line a result, the sums below.
[[nodiscard]] std::string summary_table(const chaos_results& results);

/// The whole run as one object.
[[nodiscard]] nlohmann::json summary_json(const chaos_results& results,
                                          const run_environment& where);

/// The page for the documentation, in Markdown.
[[nodiscard]] std::string summary_page(const chaos_results& results, const run_environment& where);

/// 1234567 as 1,234,567.
[[nodiscard]] std::string grouped(std::uint64_t number);

} // namespace streamer::test

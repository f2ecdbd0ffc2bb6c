#include "tests/support/journal.hpp"

#include "tests/support/common.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <sstream>
#include <stdexcept>
#include <tuple>

namespace streamer::test {
namespace {

std::string describe(const journal_attempt& a) {
  return "key " + a.key + " offset " + std::to_string(a.offset) + " attempt " +
         std::to_string(a.attempt) + " (process " + std::to_string(a.process) + ")";
}

// Attempts of one key in one process, in the order of their starts.
void check_lane(const std::vector<const journal_attempt*>& lane, std::vector<std::string>& found) {
  for (std::size_t i = 1; i < lane.size(); ++i) {
    const auto& before = *lane[i - 1];
    const auto& after = *lane[i];
    if (before.finished_ns == 0 || before.finished_ns > after.started_ns) {
      found.push_back(describe(after) + " began while " + describe(before) + " still ran");
    }
    if (after.offset < before.offset) {
      found.push_back(describe(after) + " began after " + describe(before));
    }
  }
}

} // namespace

std::int64_t monotonic_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

journal_writer::journal_writer(const std::string& path)
    : descriptor_{open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600)} {
  if (descriptor_ < 0) {
    throw std::runtime_error{"cannot open the journal " + path};
  }
}

journal_writer::~journal_writer() { close(descriptor_); }

void journal_writer::started(const record_view& record) { write(record, "start"); }

void journal_writer::finished(const record_view& record, std::string_view result) {
  write(record, result);
}

void journal_writer::write(const record_view& record, std::string_view what) {
  nlohmann::json line;
  line["what"] = what;
  line["topic"] = record.topic();
  line["partition"] = record.partition().value();
  line["offset"] = record.offset().value();
  line["key"] = record.key().view();
  line["tenant"] = record.tenant();
  line["attempt"] = record.attempt();
  line["process"] = getpid();
  line["monotonic_ns"] = monotonic_ns();
  line["wall_ms"] = wall_ms();
  const auto text = line.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace) + "\n";
  if (::write(descriptor_, text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
    throw std::runtime_error{"cannot write to the journal"};
  }
}

std::vector<journal_attempt> read_journal(const std::filesystem::path& path) {
  std::vector<journal_attempt> attempts;
  // process, partition, offset, attempt → index of the running attempt
  std::map<std::tuple<int, std::int32_t, std::int64_t, std::uint32_t>, std::size_t> running;
  std::istringstream lines{read_file(path)};
  for (std::string text; std::getline(lines, text);) {
    const auto line = nlohmann::json::parse(text, nullptr, false);
    if (!line.is_object()) {
      continue; // cut off by a kill
    }
    journal_attempt one;
    one.partition = line.at("partition");
    one.offset = line.at("offset");
    one.key = line.at("key");
    one.tenant = line.at("tenant");
    one.attempt = line.at("attempt");
    one.process = line.at("process");
    const std::int64_t at = line.at("monotonic_ns");
    const std::tuple name{one.process, one.partition, one.offset, one.attempt};
    if (line.at("what") == "start") {
      one.started_ns = at;
      one.started_wall_ms = line.at("wall_ms");
      running[name] = attempts.size();
      attempts.push_back(std::move(one));
    } else if (const auto found = running.find(name); found != running.end()) {
      attempts[found->second].finished_ns = at;
      attempts[found->second].result = line.at("what");
      running.erase(found);
    }
  }
  std::stable_sort(attempts.begin(), attempts.end(),
                   [](const auto& a, const auto& b) { return a.started_ns < b.started_ns; });
  return attempts;
}

attempts_by_record by_record(const std::vector<journal_attempt>& attempts) {
  attempts_by_record result;
  for (const auto& a : attempts) {
    result[{a.partition, a.offset}].push_back(a);
  }
  return result;
}

std::vector<std::string> order_violations(const std::vector<journal_attempt>& attempts,
                                          const std::map<int, std::vector<std::int64_t>>& epochs) {
  // process, its epoch, partition, tenant, key
  std::map<std::tuple<int, std::ptrdiff_t, std::int32_t, std::string, std::string>,
           std::vector<const journal_attempt*>>
      lanes;
  for (const auto& a : attempts) {
    std::ptrdiff_t epoch = 0;
    if (const auto found = epochs.find(a.process); found != epochs.end()) {
      epoch = std::count_if(found->second.begin(), found->second.end(),
                            [&](std::int64_t begin) { return begin <= a.started_ns; });
    }
    lanes[{a.process, epoch, a.partition, a.tenant, a.key}].push_back(&a);
  }
  std::vector<std::string> found;
  for (const auto& [name, lane] : lanes) {
    check_lane(lane, found);
  }
  return found;
}

std::size_t most_at_once(const std::vector<journal_attempt>& attempts) {
  // At one moment the ends come before the starts.
  std::vector<std::pair<std::int64_t, int>> steps;
  for (const auto& a : attempts) {
    steps.emplace_back(a.started_ns, 1);
    if (a.finished_ns != 0) {
      steps.emplace_back(a.finished_ns, -1);
    }
  }
  std::sort(steps.begin(), steps.end());
  int now = 0;
  int most = 0;
  for (const auto& [at, step] : steps) {
    now += step;
    most = std::max(most, now);
  }
  return static_cast<std::size_t>(most);
}

std::size_t most_begun(const std::vector<journal_attempt>& attempts,
                       std::chrono::nanoseconds length) {
  std::vector<std::int64_t> starts;
  for (const auto& a : attempts) {
    if (a.attempt == 1) {
      starts.push_back(a.started_ns);
    }
  }
  std::sort(starts.begin(), starts.end());
  std::size_t most = 0;
  std::size_t first = 0;
  for (std::size_t i = 0; i < starts.size(); ++i) {
    while (starts[i] - starts[first] >= length.count()) {
      ++first;
    }
    most = std::max(most, i - first + 1);
  }
  return most;
}

} // namespace streamer::test

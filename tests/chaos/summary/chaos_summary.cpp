#include "tests/chaos/summary/chaos_summary.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <map>
#include <sstream>
#include <tuple>

namespace streamer::test {
namespace {

using nlohmann::json;

std::string text(const json& r, const char* key) { return r.value(key, std::string{}); }
std::uint64_t number(const json& r, const char* key) { return r.value(key, std::uint64_t{0}); }

const json& object(const json& r, const char* key) {
  static const json none = json::object();
  const auto found = r.find(key);
  return found == r.end() ? none : *found;
}

std::uint64_t fault_count(const json& r) {
  std::uint64_t sum = 0;
  for (const auto& [kind, count] : object(r, "faults").items()) {
    sum += count.get<std::uint64_t>();
  }
  return sum;
}

std::string seconds(double ms) {
  std::array<char, 32> out{};
  std::snprintf(out.data(), out.size(), ms < 10'000 ? "%.1f s" : "%.0f s", ms / 1000);
  return out.data();
}

double worst_recovery_ms(const json& r) {
  double worst = -1;
  for (const auto& [what, one] : object(r, "recoveries").items()) {
    worst = std::max(worst, one.at("worst_ms").get<double>());
  }
  return worst;
}

std::string duplicates(const json& r) {
  return grouped(number(r, "duplicated")) + "/" + grouped(number(r, "duplicates_allowed"));
}

std::string mebibytes(const json& r) {
  const auto kib = number(r, "peak_memory_kib");
  return kib == 0 ? "–" : std::to_string((kib + 512) / 1024);
}

std::string padded(std::string cell, std::size_t width, bool right) {
  // Only cells of ASCII and single dashes come here.
  const auto shown = static_cast<std::size_t>(
      std::count_if(cell.begin(), cell.end(), [](char c) { return (c & 0xc0) != 0x80; }));
  const std::string space(shown < width ? width - shown : 0, ' ');
  return right ? space + cell : cell + space;
}

// Cut at a character, never inside one.
std::string shortened(const std::string& cell, std::size_t width) {
  std::size_t shown = 0;
  for (std::size_t i = 0; i < cell.size(); ++i) {
    if ((cell[i] & 0xc0) != 0x80 && ++shown > width) {
      return cell.substr(0, i);
    }
  }
  return cell;
}

struct sums {
  std::uint64_t faults = 0;
  std::uint64_t acknowledged = 0;
  std::uint64_t lost = 0;
  std::uint64_t duplicated = 0;
};

sums sums_of(const chaos_results& results) {
  sums all;
  for (const auto& r : results) {
    all.faults += fault_count(r);
    all.acknowledged += number(r, "acknowledged");
    all.lost += number(r, "lost");
    all.duplicated += number(r, "duplicated");
  }
  return all;
}

std::string list_of_faults(const json& r) {
  std::string list;
  for (const auto& [kind, count] : object(r, "faults").items()) {
    list += (list.empty() ? "" : ", ") + grouped(count.get<std::uint64_t>()) + " × " + kind;
  }
  return list.empty() ? "none" : list;
}

std::string list_of_recoveries(const json& r) {
  std::string list;
  for (const auto& [what, one] : object(r, "recoveries").items()) {
    list += (list.empty() ? "" : "; ") + what + " " + seconds(one.at("worst_ms").get<double>()) +
            " (≤ " + seconds(one.at("limit_ms").get<double>()) + ")";
  }
  return list.empty() ? "–" : list;
}

std::string list_of_figures(const json& r) {
  std::string list;
  for (const auto& [what, value] : object(r, "figures").items()) {
    const auto figure = value.get<double>();
    std::array<char, 64> out{};
    std::snprintf(out.data(), out.size(),
                  std::abs(figure - std::round(figure)) < 1e-9 ? "%.0f" : "%.2f", figure);
    list += (list.empty() ? "" : ", ") + what + " " + out.data();
  }
  return list;
}

std::string in_cell(std::string cell) {
  for (std::size_t at = 0; (at = cell.find('|', at)) != std::string::npos; at += 2) {
    cell.insert(at, "\\");
  }
  return cell;
}

} // namespace

std::string grouped(std::uint64_t value) {
  auto digits = std::to_string(value);
  for (auto at = static_cast<std::ptrdiff_t>(digits.size()) - 3; at > 0; at -= 3) {
    digits.insert(static_cast<std::size_t>(at), ",");
  }
  return digits;
}

chaos_results in_order(chaos_results results) {
  const auto name = [](const json& r) {
    const auto id = text(r, "id");
    const auto digits = id.find_first_of("0123456789");
    const auto index =
        digits == std::string::npos ? 0 : std::strtoul(id.c_str() + digits, nullptr, 10);
    return std::tuple{id.substr(0, digits), index, id};
  };
  // Parts of one scenario stay in the order in which they ran.
  std::stable_sort(results.begin(), results.end(),
                   [&](const json& a, const json& b) { return name(a) < name(b); });
  return results;
}

std::size_t not_held(const chaos_results& results) {
  const auto bad = static_cast<std::size_t>(std::count_if(
      results.begin(), results.end(), [](const json& r) { return text(r, "result") != "held"; }));
  return results.empty() ? 1 : bad;
}

std::string summary_table(const chaos_results& results) {
  // Widths of the columns: 80 with the spaces between them.
  constexpr std::array<std::size_t, 8> widths{4, 19, 6, 9, 4, 16, 7, 8};
  const auto line = [&](const std::array<std::string, 8>& cells) {
    std::string out;
    for (std::size_t i = 0; i < cells.size(); ++i) {
      const bool right = i >= 2 && i <= 6;
      out += (i == 0 ? "" : " ") + padded(shortened(cells[i], widths[i]), widths[i], right);
    }
    return out.substr(0, out.find_last_not_of(' ') + 1) + "\n";
  };
  std::string out = line(
      {"", "what happens", "faults", "records", "lost", "duplicates/max", "back in", "result"});
  for (const auto& r : results) {
    const auto recovery = worst_recovery_ms(r);
    out += line({text(r, "id"), text(r, "what"), grouped(fault_count(r)),
                 grouped(number(r, "acknowledged")), grouped(number(r, "lost")), duplicates(r),
                 recovery < 0 ? "-" : seconds(recovery), text(r, "result")});
  }
  const auto all = sums_of(results);
  out += std::to_string(results.size()) + " runs, " + std::to_string(not_held(results)) +
         " not held: " + grouped(all.faults) + " faults, " + grouped(all.acknowledged) +
         " records, " + grouped(all.lost) + " lost, " + grouped(all.duplicated) + " duplicated\n";
  return out;
}

json summary_json(const chaos_results& results, const run_environment& where) {
  const auto all = sums_of(results);
  json out;
  out["environment"] = {{"cores", where.cores},       {"memory_mib", where.memory_mib},
                        {"streamer", where.streamer}, {"librdkafka", where.librdkafka},
                        {"kafka", where.kafka},       {"date", where.date},
                        {"revision", where.revision}, {"seed", where.seed},
                        {"minutes", where.minutes},   {"jobs", where.jobs}};
  out["runs"] = results.size();
  out["not_held"] = not_held(results);
  out["faults"] = all.faults;
  out["acknowledged"] = all.acknowledged;
  out["lost"] = all.lost;
  out["duplicated"] = all.duplicated;
  out["results"] = results;
  return out;
}

std::string summary_page(const chaos_results& results, const run_environment& where) {
  const auto all = sums_of(results);
  std::ostringstream out;
  out << "# What was broken, and what held\n\n"
         "This page is written by `scripts/chaos all`; do not edit it. It shows the last full run "
         "of the\nscenarios: the real binary on real Kafka brokers, a producer that keeps a ledger "
         "of all it sent, and\none oracle that compares the ledger with the output topic, the dead "
         "letter topic and every commit.\n\n"
      << "Run of " << where.date << ", revision " << where.revision << ", seed " << where.seed
      << ", " << where.minutes << " minutes, " << where.jobs
      << (where.jobs == "1" ? " scenario" : " scenarios") << " at a time. Machine: " << where.cores
      << " cores and " << (where.memory_mib + 512) / 1024
      << " GiB, with the brokers, the load and the workers on it. streamer " << where.streamer
      << ", librdkafka " << where.librdkafka << ", Apache Kafka " << where.kafka << ".\n\n"
      << "**" << grouped(all.faults) << " faults, " << grouped(all.acknowledged)
      << " acknowledged records, " << grouped(all.lost) << " lost.** " << not_held(results)
      << " of " << results.size() << " runs did not hold.\n\n"
      << "| | what happened | faults, each proved | records (a second) | lost | duplicates (at "
         "most) | dead letters | back after (limit) | memory, MiB | revision | |\n"
         "|---|---|---|---|---|---|---|---|---|---|---|\n";
  for (const auto& r : results) {
    const auto rate = r.value("rate", 0.0);
    out << "| " << text(r, "id") << " | " << in_cell(text(r, "what")) << " | "
        << in_cell(list_of_faults(r)) << " | " << grouped(number(r, "acknowledged"));
    if (rate > 0) {
      out << " (" << grouped(static_cast<std::uint64_t>(rate)) << ")";
    }
    out << " | " << grouped(number(r, "lost")) << " | " << grouped(number(r, "duplicated")) << " ("
        << grouped(number(r, "duplicates_allowed")) << ") | " << grouped(number(r, "dead_lettered"))
        << " | " << list_of_recoveries(r) << " | " << mebibytes(r) << " | "
        << (text(r, "revision").empty() ? where.revision : text(r, "revision")) << " | "
        << text(r, "result") << " |\n";
  }
  out << "\nWhat else was measured:\n\n";
  for (const auto& r : results) {
    if (const auto figures = list_of_figures(r); !figures.empty()) {
      out << "- " << text(r, "id") << ", " << text(r, "what") << ": " << figures << "\n";
    }
  }
  out << "\nHow to read it:\n\n"
         "- *held*: nothing acknowledged is missing (I1); nothing came out that was not sent, byte "
         "for byte\n  (I2); the first occurrences of each key's records are in order (I3); at "
         "every commit, everything\n  below it had been finished (I4); no more duplicates than "
         "the bound (I5); no worker took more than\n  300 MiB (I6); nothing hung or crashed "
         "unasked (I7).\n"
         "- A fault counts when it was seen to have happened: the process died of the signal, the "
         "broker left\n  the cluster, the other member had the partitions. Too few of them, and "
         "the run is *void* and fails\n  (I8).\n"
         "- The bound for duplicates is (faults) × (records in flight + what two commit intervals "
         "carry), and 0\n  without a fault and after a clean stop.\n"
         "- What did not hold in a run is mended and run again, and what held stands "
         "(`scripts/chaos all\n  --resume`): hence a revision for each.\n"
         "- Repeat one of them: `scripts/chaos A1 --seed N`. A run that fails prints its seed and "
         "keeps its files.\n";
  return out.str();
}

} // namespace streamer::test

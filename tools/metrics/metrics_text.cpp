#include "tools/metrics/metrics_text.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <limits>
#include <utility>

#include "tools/text/numbers.hpp"
#include "tools/text/table.hpp"

namespace streamer::tools {
namespace {

using labels = std::map<std::string, std::string>;

bool is_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == ':';
}

std::string take_name(std::string_view& rest) {
  std::size_t end = 0;
  while (end < rest.size() && is_name(rest[end]))
    ++end;
  std::string name{rest.substr(0, end)};
  rest.remove_prefix(end);
  return name;
}

bool take(std::string_view& rest, char wanted) {
  if (rest.empty() || rest.front() != wanted) return false;
  rest.remove_prefix(1);
  return true;
}

std::optional<std::string> take_quoted(std::string_view& rest) {
  if (!take(rest, '"')) return std::nullopt;
  std::string value;
  while (!rest.empty() && rest.front() != '"') {
    char c = rest.front();
    rest.remove_prefix(1);
    if (c == '\\') {
      if (rest.empty()) return std::nullopt;
      c = rest.front() == 'n' ? '\n' : rest.front();
      rest.remove_prefix(1);
    }
    value += c;
  }
  return take(rest, '"') ? std::optional{value} : std::nullopt;
}

std::optional<labels> take_labels(std::string_view& rest) {
  labels found;
  if (!take(rest, '{')) return found;
  while (!take(rest, '}')) {
    auto name = take_name(rest);
    if (name.empty() || !take(rest, '=')) return std::nullopt;
    auto value = take_quoted(rest);
    if (!value) return std::nullopt;
    found.emplace(std::move(name), std::move(*value));
    if (!take(rest, ',') && (rest.empty() || rest.front() != '}')) return std::nullopt;
  }
  return found;
}

std::optional<double> read_value(std::string_view text) {
  text = text.substr(0, text.find(' ')); // a timestamp may follow
  if (text == "+Inf") return std::numeric_limits<double>::infinity();
  if (text == "-Inf") return -std::numeric_limits<double>::infinity();
  if (text == "NaN") return std::numeric_limits<double>::quiet_NaN();
  double value = 0;
  const auto* end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, value);
  return error == std::errc{} && stopped == end ? std::optional{value} : std::nullopt;
}

std::optional<metric_sample> read_sample(std::string_view line) {
  auto rest = line;
  metric_sample sample;
  sample.name = take_name(rest);
  auto found = take_labels(rest);
  if (sample.name.empty() || !found || !take(rest, ' ')) return std::nullopt;
  const auto value = read_value(rest);
  if (!value) return std::nullopt;
  sample.labels = std::move(*found);
  sample.value = *value;
  return sample;
}

void read_comment(std::string_view line, metrics_page& page) {
  constexpr std::string_view head = "# TYPE ";
  if (!line.starts_with(head)) return;
  line.remove_prefix(head.size());
  auto name = take_name(line);
  if (take(line, ' ')) page.types[std::move(name)] = std::string{line};
}

/// Metric and labels.
using figure_name = std::pair<std::string, std::string>;

/// Partitions are left out: a worker has as many as its topics, and a table has to be readable.
figure_name figure_name_of(const std::string& name, const labels& of) {
  std::string text;
  for (const auto& [label, value] : of) {
    if (label == "partition" || label == "topic" || label == "le") continue;
    text += (text.empty() ? "" : ",") + label + "=" + value;
  }
  return {name, text};
}

std::string shown_value(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  if (std::abs(value) < 1e15 && value == std::floor(value)) {
    return grouped(static_cast<std::int64_t>(value));
  }
  return shown_decimal(value, std::abs(value) < 1 ? 6 : 3);
}

/// The series of one histogram with one set of labels.
struct histogram {
  std::map<double, double> buckets; ///< bound: observations up to it
  double sum = 0;
  double count = 0;

  /// NaN without an observation.
  [[nodiscard]] double mean() const { return count == 0 ? std::nan("") : sum / count; }
  /// The lowest bound that this share of the observations does not exceed.
  [[nodiscard]] double bound_of(double share) const {
    if (count == 0) return std::nan("");
    for (const auto& [bound, below] : buckets) {
      if (below >= share * count) return bound;
    }
    return std::numeric_limits<double>::infinity();
  }
};

constexpr std::string_view in_seconds = "_seconds";

/// An observation in its unit: a duration where the metric counts seconds.
std::string shown_observation(double value, bool duration) {
  if (std::isnan(value)) return "-";
  if (!duration || std::isinf(value)) return shown_value(value);
  return shown_duration(std::chrono::microseconds{std::llround(value * 1e6)});
}

std::string histogram_table(const std::map<figure_name, histogram>& all, std::size_t width) {
  table out{{{"duration or size", false, true},
             {"labels", false, true},
             {"count", true},
             {"mean", true},
             {"p50 ≤", true},
             {"p99 ≤", true}}};
  for (const auto& [of, histogram] : all) {
    const bool duration = of.first.ends_with(in_seconds);
    out.add({duration ? of.first.substr(0, of.first.size() - in_seconds.size()) : of.first,
             of.second, shown_value(histogram.count), shown_observation(histogram.mean(), duration),
             shown_observation(histogram.bound_of(0.5), duration),
             shown_observation(histogram.bound_of(0.99), duration)});
  }
  return out.empty() ? std::string{} : "\n" + out.render(width);
}

/// The histogram that a series belongs to; empty for a series of none.
std::string histogram_of(const metrics_page& page, const std::string& series) {
  for (const std::string_view suffix : {"_bucket", "_sum", "_count"}) {
    if (!series.ends_with(suffix)) continue;
    auto name = series.substr(0, series.size() - suffix.size());
    const auto type = page.types.find(name);
    if (type != page.types.end() && type->second == "histogram") return name;
  }
  return {};
}

} // namespace

metrics_reading read_metrics(std::string_view text) {
  metrics_reading reading;
  metrics_page page;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const auto end = text.find('\n');
    const auto line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.empty()) continue;
    if (line.front() == '#') {
      read_comment(line, page);
    } else if (auto sample = read_sample(line)) {
      page.samples.push_back(std::move(*sample));
    } else {
      reading.bad_line = number;
      return reading;
    }
  }
  reading.page = std::move(page);
  return reading;
}

std::string metrics_table(const metrics_page& page, std::size_t width) {
  std::map<figure_name, double> figures;
  std::map<figure_name, histogram> histograms;
  for (const auto& sample : page.samples) {
    const auto name = histogram_of(page, sample.name);
    if (name.empty()) {
      const auto [known, fresh] =
          figures.try_emplace(figure_name_of(sample.name, sample.labels), sample.value);
      if (fresh) continue;
      // Ages do not add up.
      const bool age = sample.name.ends_with(in_seconds);
      known->second = age ? std::max(known->second, sample.value) : known->second + sample.value;
      continue;
    }
    auto& into = histograms[figure_name_of(name, sample.labels)];
    if (sample.name.ends_with("_sum")) {
      into.sum += sample.value;
    } else if (sample.name.ends_with("_count")) {
      into.count += sample.value;
    } else if (const auto bound = sample.labels.find("le"); bound != sample.labels.end()) {
      if (const auto value = read_value(bound->second)) into.buckets[*value] += sample.value;
    }
  }
  table out{{{"metric"}, {"labels", false, true}, {"value", true}}};
  for (const auto& [of, value] : figures)
    out.add({of.first, of.second, shown_value(value)});
  return out.render(width) + histogram_table(histograms, width);
}

} // namespace streamer::tools

#include <algorithm>
#include <array>
#include <catch2/catch_test_macros.hpp>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/telemetry/catalogue.hpp"
#include "runtime/telemetry/catalogue_page.hpp"

using namespace streamer;

namespace {

std::vector<std::string> words_of(std::string_view name) {
  std::vector<std::string> words;
  std::istringstream in{std::string{name}};
  for (std::string word; std::getline(in, word, '_');) {
    words.push_back(word);
  }
  return words;
}

bool contains_any(const std::vector<std::string>& words, const std::set<std::string>& bad) {
  return std::any_of(words.begin(), words.end(),
                     [&bad](const std::string& word) { return bad.contains(word); });
}

} // namespace

TEST_CASE("Metric names are snake_case, unique, and in one of the three name spaces") {
  std::set<std::string_view> seen;
  for (const auto& info : metric_catalogue()) {
    INFO(info.name);
    CHECK(std::regex_match(std::string{info.name}, std::regex{"[a-z][a-z0-9]*(_[a-z0-9]+)*"}));
    CHECK(seen.insert(info.name).second);
    CHECK((info.name.starts_with("streamer_") || info.name.starts_with("kafka_producer_") ||
           info.name.starts_with("kafka_consumer_")));
  }
}

TEST_CASE("The four metrics that the contract names are there with their types") {
  CHECK(info_of(metric::messages_produced).name == "kafka_producer_messages_produced_total");
  CHECK(info_of(metric::messages_produced).type == metric_type::counter);
  CHECK(info_of(metric::messages_consumed).name == "kafka_consumer_messages_consumed_total");
  CHECK(info_of(metric::messages_consumed).type == metric_type::counter);
  CHECK(info_of(metric::producer_duration).name == "kafka_producer_duration_seconds");
  CHECK(info_of(metric::producer_duration).type == metric_type::histogram);
  CHECK(info_of(metric::processing_duration).name == "kafka_consumer_processing_duration_seconds");
  CHECK(info_of(metric::processing_duration).type == metric_type::histogram);
}

TEST_CASE("Counters, and nothing else, end with _total") {
  for (const auto& info : metric_catalogue()) {
    INFO(info.name);
    CHECK(info.name.ends_with("_total") == (info.type == metric_type::counter));
  }
}

TEST_CASE("Units are base units, and a name that has one agrees with it") {
  const std::set<std::string> scaled{"milliseconds",
                                     "microseconds",
                                     "nanoseconds",
                                     "minutes",
                                     "hours",
                                     "days",
                                     "kilobytes",
                                     "megabytes",
                                     "gigabytes",
                                     "kibibytes",
                                     "mebibytes",
                                     "bits",
                                     "percent",
                                     "ms",
                                     "us",
                                     "ns",
                                     "sec",
                                     "s",
                                     "m",
                                     "h",
                                     "d",
                                     "b",
                                     "kb",
                                     "mb",
                                     "gb",
                                     "kib",
                                     "mib"};
  for (const auto& info : metric_catalogue()) {
    INFO(info.name);
    const auto words = words_of(info.name);
    CHECK_FALSE(contains_any(words, scaled));
    CHECK_FALSE(info.unit.empty());
    for (const auto* const unit : {"seconds", "bytes"}) {
      const bool named = std::find(words.begin(), words.end(), unit) != words.end();
      CHECK(named == (info.unit == unit));
    }
  }
}

TEST_CASE("Names contain no type and no suffix that belongs to a histogram's own series") {
  for (const auto& info : metric_catalogue()) {
    INFO(info.name);
    CHECK_FALSE(contains_any(words_of(info.name), {"counter", "gauge", "histogram", "summary"}));
    for (const auto* const suffix : {"_bucket", "_count", "_sum"}) {
      CHECK_FALSE(info.name.ends_with(suffix));
    }
  }
}

TEST_CASE("Every metric has a help text that is one sentence on one line") {
  for (const auto& info : metric_catalogue()) {
    INFO(info.name);
    CHECK(info.help.size() > 10);
    CHECK((info.help.ends_with('.')));
    CHECK(info.help.find_first_of("\n\\|\"") == std::string_view::npos);
  }
}

TEST_CASE("Labels are snake_case, unique in a metric, and none is reserved") {
  for (const auto& info : metric_catalogue()) {
    INFO(info.name);
    std::set<std::string_view> seen;
    for (const auto& label : info.labels) {
      CHECK(std::regex_match(std::string{label.name}, std::regex{"[a-z]+(_[a-z]+)*"}));
      CHECK(seen.insert(label.name).second);
      CHECK(label.name != "le");
      CHECK(label.name != "quantile");
    }
  }
}

TEST_CASE("Histograms have ascending buckets and no tenant label") {
  for (const auto& info : metric_catalogue()) {
    INFO(info.name);
    if (info.type == metric_type::histogram) {
      CHECK(info.buckets.size() >= 5);
      CHECK(std::is_sorted(info.buckets.begin(), info.buckets.end(), std::less_equal<>{}));
      CHECK(info.labels.empty());
    } else {
      CHECK(info.buckets.empty());
    }
  }
}

TEST_CASE("The committed page of metrics is the one that the catalogue gives") {
  std::ifstream file{STREAMER_METRICS_PAGE};
  REQUIRE(file);
  std::ostringstream committed;
  committed << file.rdbuf();
  CHECK(committed.str() == metrics_page());
}

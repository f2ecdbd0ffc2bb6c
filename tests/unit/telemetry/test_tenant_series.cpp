#include <catch2/catch_test_macros.hpp>
#include <chrono>
#include <string>
#include <vector>

#include "runtime/telemetry/labels.hpp"
#include "runtime/telemetry/tenant_series.hpp"

using namespace streamer;
using namespace std::chrono_literals;

namespace {

constexpr std::chrono::steady_clock::time_point start{1h};
constexpr tenant_counts one_received{.received = 1};

std::vector<std::string> labels_of(const tenant_series& series) {
  std::vector<std::string> labels;
  for (const auto& row : series.rows()) {
    labels.push_back(row.label);
  }
  return labels;
}

tenant_counts counts_of(const tenant_series& series, std::string_view label) {
  for (const auto& row : series.rows()) {
    if (row.label == label) {
      return row.counts;
    }
  }
  FAIL("no such label");
  return {};
}

using list = std::vector<std::string>;

} // namespace

TEST_CASE("Configured tenants have a label from the start, in their order, and never lose it") {
  tenant_series series{{{"zeta", "alpha"}, 10, 10min}};
  CHECK(labels_of(series) == list{"zeta", "alpha", "other"});
  series.expire(start + 1000h);
  CHECK(labels_of(series) == list{"zeta", "alpha", "other"});
}

TEST_CASE("Tenants beyond the limit of labels count as other, configured ones first") {
  tenant_series series{{{"gold"}, 2, 10min}};
  series.add("first", one_received, start);
  series.add("second", {.received = 2, .processed = 1, .retried = 4, .dead_lettered = 5}, start);
  series.add("third", one_received, start);
  series.add("gold", one_received, start);
  CHECK(labels_of(series) == list{"gold", "first", "other"});
  CHECK(counts_of(series, "first") == one_received);
  CHECK(counts_of(series, "gold") == one_received);
  CHECK(counts_of(series, "other") ==
        tenant_counts{.received = 3, .processed = 1, .retried = 4, .dead_lettered = 5});
}

TEST_CASE("More configured tenants than labels leaves the later ones to other") {
  tenant_series series{{{"a", "b", "c"}, 2, 10min}};
  series.add("c", one_received, start);
  CHECK(labels_of(series) == list{"a", "b", "other"});
  CHECK(counts_of(series, "other") == one_received);
}

TEST_CASE("With no labels allowed everything is other") {
  tenant_series series{{{"a"}, 0, 10min}};
  series.add("b", one_received, start);
  CHECK(labels_of(series) == list{"other"});
}

TEST_CASE("An idle tenant gives its label to the next one that comes") {
  tenant_series series{{{}, 1, 10min}};
  series.add("early", one_received, start);
  series.add("late", one_received, start + 10min - 1ms);
  CHECK(labels_of(series) == list{"early", "other"});
  series.add("late", one_received, start + 10min);
  CHECK(labels_of(series) == list{"late", "other"});
  CHECK(counts_of(series, "late") == one_received);
}

TEST_CASE("A tenant that goes on keeps its label, the one idle for longest loses it first") {
  tenant_series series{{{}, 2, 10min}};
  series.add("busy", one_received, start);
  series.add("quiet", one_received, start + 1min);
  series.add("busy", one_received, start + 9min);
  series.add("new", one_received, start + 11min);
  CHECK(labels_of(series) == list{"busy", "new", "other"});
  CHECK(counts_of(series, "busy").received == 2);
}

TEST_CASE("A scrape drops idle labels without waiting for another tenant") {
  tenant_series series{{{}, 5, 10min}};
  series.add("gone", one_received, start);
  series.expire(start + 9min);
  CHECK(labels_of(series) == list{"gone", "other"});
  series.expire(start + 10min);
  CHECK(labels_of(series) == list{"other"});
}

TEST_CASE("A tenant that is called other counts with the rest, also when configured") {
  tenant_series series{{{"other"}, 5, 10min}};
  series.add("other", one_received, start);
  CHECK(labels_of(series) == list{"other"});
  CHECK(counts_of(series, "other") == one_received);
}

TEST_CASE("Tenants whose ids become the same label share one series") {
  tenant_series series{{{}, 5, 10min}};
  series.add("bad\xff", one_received, start);
  series.add("bad\xfe", one_received, start);
  CHECK(labels_of(series) == list{"bad\xef\xbf\xbd", "other"});
  CHECK(counts_of(series, "bad\xef\xbf\xbd").received == 2);
}

TEST_CASE("A label keeps quotes, backslashes and line ends, and loses control characters") {
  CHECK(clean_label("a\"b\\c\nd") == "a\"b\\c\nd");
  CHECK(clean_label(std::string_view{"\r\0\x1b\x7f\xc2\x85", 6}) ==
        "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
}

TEST_CASE("A label is clean if cleaning leaves it as it is") {
  for (const std::string text : {"", "acme", "a\"b\\c\nd", "Z\xc3\xbcrich", "tab\tstop", "bad\xff",
                                 "\xc2\x85", "cut \xe2\x82"}) {
    CAPTURE(text);
    CHECK(is_clean_label(text) == (clean_label(text) == text));
  }
  const std::string longest(max_label_bytes, 'x');
  CHECK(is_clean_label(longest));
  CHECK_FALSE(is_clean_label(longest + "y"));
}

TEST_CASE("A tenant whose label is full counts as other, and one that is unclean by its label") {
  tenant_series series{{{}, 1, 10min}};
  series.add("bad\xff", one_received, start);
  series.add("acme", one_received, start);
  series.add("bad\xfe", one_received, start);
  CHECK(counts_of(series, "bad\xef\xbf\xbd").received == 2);
  CHECK(counts_of(series, "other") == one_received);
}

TEST_CASE("A long label is cut between two characters") {
  const std::string long_name(max_label_bytes - 1, 'x');
  CHECK(clean_label(long_name + "\xe2\x82\xac") == long_name);
  CHECK(clean_label(long_name + "yz") == long_name + "y");
}

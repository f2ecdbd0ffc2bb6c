#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "config/settings.hpp"

namespace streamer::config_impl {

/// What a key accepts beyond its type. An empty `holds` accepts everything.
template <class T>
struct bound {
  /// Completes "use ...": "1 to 100000", "host:port".
  std::string text;
  std::function<bool(const T&)> holds;
};

/// A range of numbers or durations (in their unit).
struct interval {
  double low;
  double high;
  bool open_low = false;
  bool open_high = false;

  /// "1 to 100", "greater than 0, at most 1".
  [[nodiscard]] std::string text() const;
  /// False for a value outside, and for one that is not a number.
  [[nodiscard]] bool contains(double value) const;

  template <class T>
  operator bound<T>() const {
    return {text(), [range = *this](const T& value) {
              if constexpr (std::is_same_v<T, milliseconds>)
                return range.contains(static_cast<double>(value.count()));
              else
                return range.contains(static_cast<double>(value));
            }};
  }
};

/// Both ends belong to the range.
constexpr interval between(double low, double high) { return {low, high}; }

/// Every value of the type.
struct anything {
  template <class T>
  operator bound<T>() const {
    return {};
  }
};

/// A test of a text; of a path by its text; of a list's every element, which must also be
/// distinct.
struct text_rule {
  std::string text;
  bool (*holds)(std::string_view);

  operator bound<std::string>() const;
  operator bound<std::filesystem::path>() const;
  operator bound<std::vector<std::string>>() const;
};

/// Not empty.
[[nodiscard]] text_rule non_empty();
/// What Kafka accepts as a topic's name.
[[nodiscard]] text_rule topic_name();
/// A topic's name or a POSIX extended regular expression with a leading `^`, as librdkafka reads
/// it.
[[nodiscard]] text_rule topic_or_pattern();
/// A topic's name with at least one character; `{topic}` stands for another one.
[[nodiscard]] text_rule topic_template();
/// Comma-separated host:port list, ports from 1.
[[nodiscard]] text_rule broker_list();
/// host:port to listen on, ports from 0; IPv6 in brackets.
[[nodiscard]] text_rule listen_address();
/// Empty, or http(s)://host[:port][/path] without a query and a fragment.
[[nodiscard]] text_rule collector_url();
/// One of the header dialects of dlq.header_dialects.
[[nodiscard]] text_rule header_dialect();
/// The regular expression of topic:REGEX compiles.
[[nodiscard]] bound<tenant_source> tenant_pattern();

/// What Kafka accepts as a topic's name.
[[nodiscard]] bool is_topic_name(std::string_view name);
/// An ECMAScript regular expression.
[[nodiscard]] bool is_regex(std::string_view pattern);
/// host:port with a port of at least `lowest_port`; IPv6 in brackets.
[[nodiscard]] bool is_host_port(std::string_view text, int lowest_port);
/// The listen address `text` is reachable from this machine alone.
[[nodiscard]] bool is_loopback(std::string_view text);

} // namespace streamer::config_impl

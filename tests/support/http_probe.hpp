// A worker's HTTP side as a monitoring system sees it.
#pragma once

#include "tests/support/common.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace streamer::test {

/// An answer; absent status: nobody answered.
struct http_reply {
  int status = 0; ///< 0: no connection or no answer in time
  std::string body;
};

/// GET http://127.0.0.1:port/path, within 5 s; with an Authorization header unless it is empty.
[[nodiscard]] http_reply http_get(std::uint16_t port, const std::string& path,
                                  const std::string& authorization = {});

/// POST of a JSON body, otherwise the same.
[[nodiscard]] http_reply http_post(std::uint16_t port, const std::string& path,
                                   const std::string& body, const std::string& authorization = {});

/// One line of a Prometheus page.
struct sample {
  std::string name;
  std::map<std::string, std::string> labels;
  double value = 0;
};

/// Reads a Prometheus text page. Lines that are not samples are left out.
[[nodiscard]] std::vector<sample> parse_metrics(std::string_view page);

/// The sum of a metric's samples whose labels include `labels`; absent if there is none.
[[nodiscard]] std::optional<double> metric_sum(
    const std::vector<sample>& samples, std::string_view name,
    const std::map<std::string, std::string>& labels = {});

/// A port on loopback that nobody listens on now, and that no test beside this one is given.
[[nodiscard]] std::uint16_t free_port();

} // namespace streamer::test

// A sink that keeps lines, for tests that read what was logged.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "runtime/logging/log.hpp"

namespace streamer::test {

struct captured_line {
  log_level level = log_level::off;
  std::string text;
};

/// A logger together with all that it wrote.
struct captured_log {
  explicit captured_log(const log_options& options)
      : lines{std::make_shared<std::vector<captured_line>>()},
        output{options, [kept = lines](log_level level, std::string_view line) {
                 kept->push_back({level, std::string{line}});
               }} {}

  std::shared_ptr<std::vector<captured_line>> lines;
  logger output;
};

} // namespace streamer::test

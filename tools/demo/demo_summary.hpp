// What the demo says at its end.
#pragma once

#include <string>

#include "tools/demo/demo_ledger.hpp"

namespace streamer::tools {

/// The topics of a run.
struct demo_topics {
  std::string input;
  std::string output;
  std::string dlq;
};

/// Tables of what the topics hold, at most 80 columns wide as long as the topics' names are short.
[[nodiscard]] std::string demo_summary(const demo_verdict& verdict, const demo_topics& topics);

/// The verdict in one line: what is wrong, or that nothing is.
[[nodiscard]] std::string demo_verdict_line(const demo_verdict& verdict);

} // namespace streamer::tools

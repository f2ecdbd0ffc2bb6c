#include "runtime/checks/finding.hpp"

#include <algorithm>

namespace streamer {

std::string_view to_string(severity s) {
  switch (s) {
    case severity::ok: return "ok";
    case severity::warning: return "warning";
    case severity::problem: return "problem";
  }
  return "problem";
}

severity worst_of(const findings& all) {
  auto worst = severity::ok;
  for (const auto& f : all) {
    worst = std::max(worst, f.how);
  }
  return worst;
}

} // namespace streamer

// How findings are shown.
#pragma once

#include "runtime/checks/finding.hpp"
#include "tools/text/terminal.hpp"

#include <string>

namespace streamer::tools {

/// Findings under their subjects, each line at most `out.width` characters where its words allow
/// it, and a line that sums up.
[[nodiscard]] std::string findings_text(const findings& all, const terminal& out);

/// `{"ok":…,"problems":n,"warnings":n,"findings":[{"severity":…,"id":…,"subject":…,"what":…,
/// "remedy":…}]}`
[[nodiscard]] std::string findings_json(const findings& all);

} // namespace streamer::tools

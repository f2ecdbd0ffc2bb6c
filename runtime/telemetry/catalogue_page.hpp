// docs/metrics.md, written from the catalogue.
#pragma once

#include <string>

namespace streamer {

/// The page as Markdown, ending with a line end.
[[nodiscard]] std::string metrics_page();

} // namespace streamer

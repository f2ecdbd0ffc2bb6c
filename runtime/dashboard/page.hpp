// The dashboard: one page without external parts, which a browser gets at GET /.
#pragma once

#include "runtime/http/message.hpp"

#include <string>
#include <string_view>

namespace streamer {

/// The page as it lies in dashboard.html: one `<style>`, one `<script>`, no reference to anything
/// else, and nothing of the worker. What it shows it fetches from /events and /explain.
[[nodiscard]] std::string_view dashboard_html();

/// The answer to GET /. Its Content-Security-Policy lets the page's own style and script run, by
/// their hashes, and lets it ask this worker; nothing else. `status`: 401 where a token is needed
/// and was not sent: the page then asks for it, and keeps it in the memory of the browser's tab.
[[nodiscard]] http_response dashboard_response(unsigned status);

/// `'sha256-…'` for a Content-Security-Policy, of what stands between `<element>` and its end.
[[nodiscard]] std::string hash_source(std::string_view page, std::string_view element);

} // namespace streamer

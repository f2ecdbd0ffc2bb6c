// Stored bytes as text, JSON or hex.
#pragma once

#include <cstddef>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "messages/record.hpp"

namespace streamer::tools {

/// What bytes look like.
enum class bytes_kind { null, empty, json, text, binary };

/// JSON objects and arrays are `json`; valid UTF-8 without control characters but line ends and
/// tabs is `text`; everything else is `binary`.
[[nodiscard]] bytes_kind kind_of(bytes_ref bytes);

/// Lines for a terminal, each with its line end: JSON indented, text escaped, binary as a hex dump
/// of 16 bytes a line. At most `limit` bytes are shown; what is left out is said.
[[nodiscard]] std::string shown_bytes(bytes_ref bytes, std::size_t limit);

/// In one line: text as it is, anything else as hex; null as `(null)`.
[[nodiscard]] std::string shown_inline(bytes_ref bytes, std::size_t limit = 256);

/// As JSON holds them: text as it is, anything else as `{"base64":"…"}`; null as null.
[[nodiscard]] nlohmann::json json_bytes(bytes_ref bytes);

/// Whether the bytes are valid UTF-8: then JSON can hold them as they are, else as base64.
[[nodiscard]] bool is_utf8(std::string_view bytes);

} // namespace streamer::tools

// What the fuzzers share: records made from a text that a person can write as a seed.
#pragma once

#include "messages/record.hpp"

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

namespace streamer::fuzz {

/// Ends the process where an invariant does not hold, which is how a fuzzer sees a finding.
inline void require(bool holds, const char* what) {
  if (!holds) {
    std::fprintf(stderr, "does not hold: %s\n", what);
    std::abort();
  }
}

/// Cuts `rest` behind the first `separator` and returns what is before it.
inline std::string_view take_until(std::string_view& rest, std::string_view separator) {
  const auto at = rest.find(separator);
  const auto head = rest.substr(0, at);
  rest.remove_prefix(at == std::string_view::npos ? rest.size() : at + separator.size());
  return head;
}

/// A record of `orders[3]` at offset 17 from lines `name: value` (a line without a colon is a
/// header whose value is null), an empty line, and the value.
inline record_ref record_from(std::string_view text) {
  std::vector<owned_header> headers;
  while (!text.empty()) {
    auto line = take_until(text, "\n");
    if (line.empty()) {
      break;
    }
    const bool null = line.find(':') == std::string_view::npos;
    auto name = take_until(line, ": ");
    headers.push_back({std::string{name}, std::string{line}, null});
  }
  record fields;
  fields.offset = offset_id{17};
  fields.timestamp_ms = 1'700'000'000'000;
  fields.kind = timestamp_kind::create_time;
  fields.value = bytes_ref{text};
  return {std::make_shared<detached_records>("orders", partition_id{3}, fields, std::move(headers)),
          0};
}

inline std::string_view as_text(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

} // namespace streamer::fuzz

#pragma once

#include "actors/dlq/dead_letter_record.hpp"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace streamer::fixture {

/// All values of one header of an event, in order.
inline std::vector<std::string> values_of(const outbound_event& event, std::string_view name) {
  std::vector<std::string> values;
  for (const auto& h : event.headers) {
    if (h.name == name) {
      values.push_back(h.value);
    }
  }
  return values;
}

/// The value of a header that must be there once.
inline std::optional<std::string> only_value(const outbound_event& event, std::string_view name) {
  auto values = values_of(event, name);
  if (values.size() != 1) {
    return std::nullopt;
  }
  return std::move(values.front());
}

/// Names and values of all headers from the `first` on, in bytes.
inline std::size_t header_bytes(const outbound_event& event, std::size_t first = 0) {
  std::size_t sum = 0;
  for (auto i = first; i < event.headers.size(); ++i) {
    sum += event.headers[i].name.size() + event.headers[i].value.size();
  }
  return sum;
}

/// What a DLQ supervisor might know of a record.
inline dead_letter_facts some_facts() {
  dead_letter_facts facts;
  facts.reason = dead_letter_reason::retries_exhausted;
  facts.tenant = "acme";
  facts.group = "workers";
  facts.attempts = 10;
  facts.first_failed_ms = 1'767'225'600'007;
  facts.message = "database is away";
  facts.exception = "db::busy";
  return facts;
}

} // namespace streamer::fixture

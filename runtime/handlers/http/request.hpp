#pragma once

#include "messages/event.hpp"
#include "messages/handler.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace streamer {

/// Headers of a request or a response, names and values as they go over the wire.
using http_headers = std::vector<std::pair<std::string, std::string>>;

/// The headers that a record's request has. `as_event`: those of CloudEvents' HTTP binding for a
/// record that is an event. No value can hold a control character.
[[nodiscard]] http_headers request_headers(const record_view& record, bool as_event);

/// As CloudEvents' HTTP binding says: bytes but printable ASCII, and space, quote and percent, as
/// %XX.
[[nodiscard]] std::string percent_encoded(std::string_view text);
/// The reverse; a percent sign that begins no escape stays as it is.
[[nodiscard]] std::string percent_decoded(std::string_view text);

/// The event that a response carries: its body, with attributes of CloudEvents and the content type
/// as headers; the key is that of the record.
[[nodiscard]] outbound_event reply_event(std::string topic, const record_view& record,
                                         const http_headers& response, std::string body);

} // namespace streamer

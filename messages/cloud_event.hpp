#pragma once

#include "messages/record.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace streamer {

/// How a record carries its event (CloudEvents 1.0, Kafka protocol binding).
enum class event_encoding : std::uint8_t {
  none,        ///< not a CloudEvent: type `unknown`
  binary,      ///< attributes in `ce_` headers
  structured,  ///< the value is a JSON envelope
  undecodable, ///< says it is one, but cannot be read: the DLQ's business
};

/// What routing may want to know of an event. Strings are empty where absent.
struct event_facts {
  event_encoding encoding = event_encoding::none;
  std::string type = "unknown";
  std::string tenant;  ///< attribute `tenantid`
  std::string problem; ///< for undecodable: one line, no payload
};

/// Limits on a structured envelope.
struct envelope_limits {
  std::size_t max_bytes = 4U << 20;
  std::size_t max_depth = 64;
};

/// Tells the encoding by headers alone, without touching the value: the content
/// type decides, as the binding says.
[[nodiscard]] event_encoding detect_encoding(const record_ref& record);

/// Reads the top-level `type` and `tenantid` of a structured envelope.
[[nodiscard]] event_facts read_envelope(bytes_ref value, const envelope_limits& limits = {});

/// An attribute of an event: `type`, `source`, an extension.
using event_attribute = std::pair<std::string, std::string>;

/// The attributes of an event in either encoding, values as text: those in `ce_` headers, with the
/// content type as `datacontenttype`; or the scalars of the envelope but its data. At most 64.
/// Empty for a record that is no event, or an unreadable one.
[[nodiscard]] std::vector<event_attribute> event_attributes(const record_ref& record,
                                                            const envelope_limits& limits = {});

/// Everything routing needs, for a record of any encoding.
[[nodiscard]] event_facts read_facts(const record_ref& record, const envelope_limits& limits = {});

} // namespace streamer

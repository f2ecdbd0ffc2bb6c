// The JSON lines between `dlq redrive` and its --transform command.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "messages/event.hpp"
#include "tools/dlq/dead_letter.hpp"

namespace streamer::tools {

/// One line without its end:
/// `{"key":…,"value":…,"headers":[{"name":…,"value":…}],"dead_letter":{…}}`. Bytes that are no
/// UTF-8 are `{"base64":"…"}`, absent ones null. Headers are the original's.
[[nodiscard]] std::string transform_request(const outbound_event& event, const dead_letter& letter);

/// Changes the event as the answer says: an object with any of `key`, `value` and `headers`, each
/// in the form that it was given in; what it leaves out stays. A value may also be any other JSON,
/// which is written compactly. One line, without any content, if the answer is none.
[[nodiscard]] std::optional<std::string> apply_answer(outbound_event& event,
                                                      std::string_view answer);

} // namespace streamer::tools

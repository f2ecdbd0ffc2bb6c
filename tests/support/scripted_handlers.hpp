// Handler kinds of the test worker: they do what a record's own header says, and keep a journal.
#pragma once

#include "runtime/handlers/registry.hpp"

namespace streamer::test {

/// Header with what the handler is to do before it forwards the record; without it, it forwards at
/// once. N counts attempts, from 1; without N it is every attempt.
///
///   retry[:N]       asks for a retry in attempts up to N
///   throw[:N]       lets an exception escape in attempts up to N
///   until:NAME      asks for a retry until the file NAME exists in the directory `gate`
///   reject          rejects; `permanent` throws permanent_error
///   skip            skips
///   sleep:MS        takes so long (not in the quick form, which must not wait)
///   wait:NAME       takes until the file NAME exists in `gate` (in the asynchronous form alone)
///   hang[:N]        never ends in attempts up to N (not in the quick form)
///   segv, kill      end the process by that signal
inline constexpr const char* script_header = "x-fail";

/// Adds the kinds `scripted_quick`, `scripted_blocking` and `scripted_async`. Their options: `to`
/// (the topic to forward to), `journal` (the file to write attempts to) and `gate`.
void add_scripted_handlers(handler_registry& registry);

} // namespace streamer::test

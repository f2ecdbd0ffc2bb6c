// Where the test worker kills itself, so that what a crash at exactly that instant costs can be
// counted. The points at Kafka's boundary are the client library's functions, wrapped when the test
// worker is linked: the product's own code has no hook.
#pragma once

#include <string_view>

namespace streamer::test {

/// Environment variable that arms one point: `POINT:N` kills the process by SIGKILL when it passes
/// the point for the Nth time. Points:
///
///   handler_begin   an attempt is at its handler, which has done nothing yet
///   handler_end     the handler has emitted and completed, nothing has been sent
///   output_ack      an output is acknowledged, and nobody but the client library knows it
///   dead_letter_ack the same for a dead letter
///   dead_letter_commit  a dead letter is acknowledged, and the next commit is about to be sent
///   revoke_begin    partitions are about to be taken away; nothing has been drained
///   revoke_commit   the last commit of partitions that go is about to be sent
inline constexpr const char* kill_variable = "STREAMER_TEST_KILL_AT";

/// Passes a point. Thread-safe.
void pass_kill_point(std::string_view point);

} // namespace streamer::test

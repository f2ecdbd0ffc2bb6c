// Fetches of the test worker that bring nothing, or a record too late: the client library's
// functions are wrapped when the test worker is linked, and the product's own code has no hook.
#pragma once

namespace streamer::test {

/// Environment variable. Values:
///
///   until_read_again    the client that reads gives nothing until its partition is read anew
///   until_renewed       the first client that reads never gives anything
///   late                every 500th record comes after those behind it, five times in all
inline constexpr const char* starve_variable = "STREAMER_TEST_STARVE";

} // namespace streamer::test

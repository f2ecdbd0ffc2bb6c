// What the running test case has failed so far.
#pragma once

#include <string>
#include <vector>

namespace streamer::test {

/// The failed assertions of the running test case, one line each: the first few and how many more.
[[nodiscard]] std::vector<std::string> failures_of_this_test();

/// Whether an assertion of the running test case has failed.
[[nodiscard]] bool this_test_has_failed();

} // namespace streamer::test

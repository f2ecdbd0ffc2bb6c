// Lines that `--role producer` reads from stdin.
#include "tests/fuzz/fuzz_input.hpp"
#include "tools/ingest/line_event.hpp"

#include <algorithm>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace streamer;
  using fuzz::require;
  const auto line = tools::read_line_event(fuzz::as_text(data, size));
  if (const auto* const problem = std::get_if<std::string>(&line)) {
    // A name of the line is shown in part, and each of its bytes may need six to be shown.
    require(!problem->empty() && problem->size() < 900, "a problem is short");
    require(std::none_of(problem->begin(), problem->end(),
                         [](char c) { return static_cast<unsigned char>(c) < ' '; }),
            "a problem is one line");
  }
  return 0;
}

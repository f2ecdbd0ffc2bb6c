// Targets of HTTP requests: what is taken is within its bounds.
#include "runtime/http/target.hpp"
#include "tests/fuzz/fuzz_input.hpp"

#include <algorithm>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace streamer;
  using fuzz::require;
  const auto parsed = parse_target(fuzz::as_text(data, size));
  if (const auto* const target = std::get_if<request_target>(&parsed)) {
    require(size <= max_target_bytes, "a long target is refused");
    require(target->path.starts_with('/'), "a path begins with a slash");
    require(target->path.find('?') == std::string::npos, "a path ends where the query begins");
    require(target->query.size() <= max_query_arguments, "arguments are bounded");
    const auto printable = [](const std::string& text) {
      return std::none_of(text.begin(), text.end(), [](char c) {
        return static_cast<unsigned char>(c) < ' ' || c == '\x7f';
      });
    };
    for (const auto& [name, value] : target->query) {
      require(printable(name) && printable(value), "arguments have no control characters");
      require(name.size() + value.size() <= size, "decoding does not make longer");
    }
  }
  return 0;
}

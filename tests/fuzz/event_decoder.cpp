// CloudEvents of every encoding, from any headers and any value.
#include "messages/cloud_event.hpp"
#include "tests/fuzz/fuzz_input.hpp"

#include <algorithm>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace streamer;
  using fuzz::require;
  const auto record = fuzz::record_from(fuzz::as_text(data, size));
  const auto facts = read_facts(record);
  if (facts.encoding == event_encoding::undecodable) {
    require(!facts.problem.empty(), "what cannot be decoded has a problem");
    require(facts.problem.size() < 200, "a problem is short");
    require(std::none_of(facts.problem.begin(), facts.problem.end(),
                         [](char c) { return static_cast<unsigned char>(c) < ' '; }),
            "a problem is one line");
  } else {
    require(facts.problem.empty(), "what can be decoded has no problem");
    require(facts.encoding != event_encoding::structured || !facts.type.empty(),
            "an envelope that was read has a type");
    require(facts.tenant.size() <= size && facts.type.size() <= std::max<std::size_t>(size, 7),
            "nothing is longer than what came in");
  }
  // A limit that the value exceeds must be kept to, whatever the value is.
  const auto value = record.get().value;
  if (value.size() > 16) {
    require(read_envelope(value, {.max_bytes = 16, .max_depth = 2}).encoding ==
                event_encoding::undecodable,
            "the size limit is kept");
  }
  return 0;
}

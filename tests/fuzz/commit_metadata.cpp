// The commit's metadata: any text can be decoded, and so can any body under a right checksum; and
// what was encoded comes back.
#include "actors/consumer/commit_metadata.hpp"
#include "tests/fuzz/fuzz_input.hpp"
#include "tests/support/sealed_metadata.hpp"

#include <fuzzer/FuzzedDataProvider.h>
#include <algorithm>

namespace {

using namespace streamer;
using fuzz::require;

constexpr metadata_scope scope{"cluster", "orders", partition_id{3}, offset_id{1'000}};

void check(const commit_metadata& data) {
  // Of the first one: the committed offset itself may be failing.
  auto before = offset_id{scope.base.value() - 1};
  for (const auto& each : data.failing) {
    require(before < each.offset, "failing in order, none twice");
    before = each.offset;
  }
  before = offset_id{scope.base.value() - 1};
  for (const auto& each : data.finished) {
    require(before < each.first && !(each.last < each.first), "ranges in order, disjoint");
    before = each.last;
  }
}

void any_text(std::string_view text) {
  const auto decoded = decode(text, scope);
  if (decoded.verdict == metadata_verdict::usable) {
    check(decoded.data);
    const auto again = encode(decoded.data, scope);
    require(decode(again.text, scope).data == decoded.data || again.dropped_failing > 0 ||
                again.dropped_ranges > 0,
            "what was decoded can be encoded");
  } else {
    require(decoded.data == commit_metadata{}, "nothing is taken from what is not usable");
  }
}

commit_metadata some_metadata(FuzzedDataProvider& input) {
  commit_metadata data;
  auto at = scope.base.value();
  while (input.remaining_bytes() > 4 && data.finished.size() + data.failing.size() < 2'000) {
    at += input.ConsumeIntegralInRange<std::int64_t>(1, 1 << 20);
    if (input.ConsumeBool()) {
      const auto last = at + input.ConsumeIntegralInRange<std::int64_t>(0, 1 << 20);
      data.finished.push_back({offset_id{at}, offset_id{last}});
      at = last + 1;
    } else {
      data.failing.push_back({offset_id{at}, input.ConsumeIntegralInRange<std::uint32_t>(1, 1'000),
                              input.ConsumeIntegralInRange<std::int64_t>(0, 4'000'000'000'000)});
    }
  }
  return data;
}

void round_trip(FuzzedDataProvider& input) {
  const auto limit = input.ConsumeIntegralInRange<std::size_t>(0, default_metadata_limit);
  const auto data = some_metadata(input);
  const auto encoded = encode(data, scope, limit);
  require(encoded.text.size() <= limit, "the limit is kept");
  require(std::all_of(encoded.text.begin(), encoded.text.end(),
                      [](char c) { return c >= ' ' && c <= '~'; }),
          "the text is printable");
  const auto decoded = decode(encoded.text, scope);
  require(decoded.verdict ==
              (encoded.text.empty() ? metadata_verdict::absent : metadata_verdict::usable),
          "what was encoded is usable");
  require(decoded.data.failing.size() + encoded.dropped_failing == data.failing.size() &&
              decoded.data.finished.size() + encoded.dropped_ranges == data.finished.size(),
          "all that is missing is counted");
  require(
      std::equal(decoded.data.finished.begin(), decoded.data.finished.end(), data.finished.begin()),
      "the nearest ranges are kept");
  require(std::includes(data.failing.begin(), data.failing.end(), decoded.data.failing.begin(),
                        decoded.data.failing.end(),
                        [](const auto& a, const auto& b) { return a.offset < b.offset; }),
          "nothing is made up");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = fuzz::as_text(data, size);
  any_text(text);
  // By itself a fuzzer does not find the checksum that lets a body be looked at.
  any_text(test::sealed_metadata(text, scope));
  FuzzedDataProvider input{data, size};
  round_trip(input);
  return 0;
}

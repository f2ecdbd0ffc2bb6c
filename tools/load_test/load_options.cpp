#include "tools/load_test/load_options.hpp"

#include <string_view>

#include "tools/text/numbers.hpp"

namespace streamer::tools {
namespace {

constexpr double highest_rate = 10'000'000;
constexpr double longest_s = 7 * 86'400;
// The ledger holds 16 bytes a key.
constexpr std::uint32_t most_keys = 1'000'000;
constexpr std::uint32_t largest_payload = 10U << 20U;

std::string out_of_range(const char* flag, double value, const std::string& range) {
  return std::string{flag} + " " + shown_decimal(value, 3) + " is out of range; use " + range;
}

} // namespace

std::optional<std::string> problem_of(const load_options& options) {
  if (!(options.rate >= 0 && options.rate <= highest_rate)) {
    return out_of_range("--rate", options.rate, "0 to 10000000 (0: as fast as it goes)");
  }
  if (!(options.duration_s > 0 && options.duration_s <= longest_s)) {
    return out_of_range("--duration", options.duration_s, "seconds above 0, at most a week");
  }
  if (options.keys < 1 || options.keys > most_keys) {
    return out_of_range("--keys", options.keys, "1 to 1000000");
  }
  if (options.tenants < 1 || options.tenants > options.keys) {
    return out_of_range("--tenants", options.tenants, "1 to --keys");
  }
  if (options.tenant_id && options.tenant_id->empty()) return "--tenant-id must not be empty";
  if (!(options.zipf >= 0 && options.zipf <= 10)) {
    return out_of_range("--zipf", options.zipf, "0 (uniform) to 10");
  }
  if (options.payload_bytes < 2 || options.payload_bytes > largest_payload) {
    return out_of_range("--payload-bytes", options.payload_bytes, "2 to 10485760");
  }
  if (options.burst && !parse_burst(*options.burst)) {
    return "--burst '" + *options.burst + "' is no pattern; use ON:OFF in seconds, as 1:4";
  }
  if (options.burst && options.rate == 0) return "--burst needs a --rate above 0";
  if (options.report && options.report->empty()) return "--report must not be empty";
  return std::nullopt;
}

report_files report_files_of(const std::string& report) {
  auto name = report;
  for (const std::string_view ending : {".json", ".html"}) {
    if (report.size() > ending.size() && report.ends_with(ending)) {
      name.resize(report.size() - ending.size());
    }
  }
  return {name + ".json", name + ".html"};
}

} // namespace streamer::tools

// The events of the demo, and what has to become of each of them.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "config/settings.hpp"
#include "messages/event.hpp"
#include "messages/outcome.hpp"
#include "tools/ingest/cloud_event.hpp"
#include "tools/load_test/random.hpp"

namespace streamer::tools {

/// What has to become of an event of the demo.
enum class demo_fate : std::uint8_t {
  processed,   ///< the handler succeeds at once
  healed,      ///< the handler fails twice, then succeeds
  rejected,    ///< the handler says that it will never do
  exhausted,   ///< the handler fails every time
  unmatched,   ///< no handler takes its type
  undecodable, ///< its envelope is cut off
};

/// The name that the event carries.
[[nodiscard]] std::string_view to_string(demo_fate fate);
/// The fate of this name.
[[nodiscard]] std::optional<demo_fate> parse_demo_fate(std::string_view name);
/// The reason with which it has to be in the DLQ; absent if it has to be in the output.
[[nodiscard]] std::optional<dead_letter_reason> expected_reason(demo_fate fate);

/// Headers of the demo's events. The handler looks at none of them: it judges the payload.
namespace demo_header {
inline constexpr const char* fate = "demo-fate";       ///< what has to become of it
inline constexpr const char* step = "demo-step";       ///< its place among the events of its key
inline constexpr const char* attempt = "demo-attempt"; ///< on an output: which attempt succeeded
} // namespace demo_header

inline constexpr std::uint32_t demo_keys_per_tenant = 25;

/// Makes the demo's events: orders of four tenants, of which one sends mostly what fails. The same
/// seed makes the same events, save their time.
class demo_story {
 public:
  demo_story(const producer_settings& config, std::uint64_t seed);

  /// The next event.
  [[nodiscard]] outbound_event next();

 private:
  [[nodiscard]] demo_fate draw_fate(bool troubled);

  std::string topic_;
  random_source random_;
  event_ids ids_;
  event_placer placer_;
  std::map<std::pair<std::string, std::string>, std::uint64_t> steps_; ///< by tenant and key
};

} // namespace streamer::tools

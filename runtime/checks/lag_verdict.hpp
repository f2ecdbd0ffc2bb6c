// Why a partition lags, in one sentence, and what to do: what /explain says of each partition.
#pragma once

#include "actors/consumer/explained.hpp"
#include "actors/consumer/lag_split.hpp"
#include "runtime/checks/stall.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace streamer {

/// How much a partition needs somebody. In rising order.
enum class lag_urgency : std::uint8_t {
  idle,    ///< no lag
  moving,  ///< lag that is being worked off
  waiting, ///< for something that comes by itself
  stuck,   ///< nothing moves, or nothing will until somebody acts
};

/// idle, moving, waiting, stuck.
[[nodiscard]] std::string_view to_string(lag_urgency u);

/// What an operator has paused.
struct pause_view {
  std::string tenant; ///< empty: the whole partition
  std::string by;     ///< the address that asked for it
  std::chrono::milliseconds lasts{0};
};

/// One partition as it is judged.
struct lag_view {
  std::string topic;
  std::int32_t partition = 0;
  lag_split lag;
  std::int64_t low = -1; ///< first offset that is still there; negative: not known
  std::optional<frontier_record> frontier;
  std::optional<lag_age> age; ///< of the oldest record that is not finished
  std::string held_for;       ///< the tenant that filled its share
  bool leaving = false;       ///< revoked or stopping
  bool paused = false;
  /// Of the partition, or of the tenant that it waits for.
  std::optional<pause_view> pause = std::nullopt;
  bool answered =
      true; ///< its partition consumer said all this; false: it is what it last published
  std::chrono::milliseconds stands{0}; ///< how long nothing of it has moved
};

/// The process around it.
struct process_view {
  process_work work;
  bool dlq_waits = false; ///< the dead letter topic refuses
  std::chrono::milliseconds max_stall{30'000};
};

/// The judgement. Texts hold names of topics and tenants as they are: escape them.
struct lag_verdict {
  lag_urgency urgency = lag_urgency::idle;
  std::string_view cause; ///< stable, snake_case
  std::string text;       ///< one sentence
  std::string remedy;     ///< what to do or to ask next; empty if nothing
};

[[nodiscard]] lag_verdict judge_lag(const lag_view& partition, const process_view& process);

/// Whether `a` comes before `b` in a list that begins with what matters: by urgency, age, lag.
[[nodiscard]] bool matters_more(const lag_view& a, const lag_verdict& a_judged, const lag_view& b,
                                const lag_verdict& b_judged);

} // namespace streamer

// The judgement of the demo: what the three topics hold, compared record by record.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "messages/record.hpp"
#include "tools/demo/demo_event.hpp"

namespace streamer::tools {

/// What the topics hold of one tenant's events.
struct demo_counts {
  std::uint64_t input = 0;
  std::uint64_t output = 0; ///< records of the output topic
  std::uint64_t healed = 0; ///< of these, by a later attempt than the first
  std::uint64_t dead = 0;   ///< records of the DLQ

  friend bool operator==(const demo_counts&, const demo_counts&) = default;
};

/// What the topics say.
struct demo_verdict {
  std::map<std::string, demo_counts> tenants;
  std::map<std::string, std::uint64_t> reasons; ///< dead letters
  std::uint64_t keys = 0;                       ///< keys of all tenants whose order was looked at

  std::uint64_t unwritten = 0;    ///< acknowledged to the producer, and not in the input topic
  std::uint64_t lost = 0;         ///< in the input, and neither in the output nor in the DLQ
  std::uint64_t duplicated = 0;   ///< records beyond an event's first, in any topic
  std::uint64_t miswritten = 0;   ///< in the input behind a later event of its key
  std::uint64_t out_of_order = 0; ///< in the output or the DLQ behind a later event of its key
  std::uint64_t misplaced = 0;    ///< in the wrong topic, or in the DLQ for another reason
  std::uint64_t altered = 0;      ///< with a value that is not the input's
  std::uint64_t invented = 0;     ///< in the output or in the DLQ alone

  /// The first events that are wrong and where, for people: "out of order: alpha order-07 step 12
  /// at events.processed[3]@45".
  std::vector<std::string> examples;

  /// All tenants together.
  [[nodiscard]] demo_counts total() const;
  /// Nothing is wrong.
  [[nodiscard]] bool clean() const;
};

/// Takes the records of the topics, each partition in the order of its offsets, the input first.
/// Holds one entry an event. Pure.
class demo_ledger {
 public:
  void input(const record_ref& record);
  void output(const record_ref& record);
  void dead_letter(const record_ref& record);

  /// `acknowledged`: how many events the producer was told are written.
  [[nodiscard]] demo_verdict judge(std::uint64_t acknowledged) const;

 private:
  using lane = std::pair<std::string, std::string>; ///< tenant and key

  struct place {
    lane of;
    std::uint64_t step = 0;
    friend auto operator<=>(const place&, const place&) = default;
  };
  struct entry {
    std::string fate;
    std::string value;
    std::uint64_t written = 0; ///< its place among the events of its key in the input
    std::uint64_t seen = 0;    ///< in the output or in the DLQ
  };
  /// Order within one topic.
  class order {
   public:
    /// False behind a later event of the same key.
    [[nodiscard]] bool follows(const lane& of, std::uint64_t number);

   private:
    std::map<lane, std::uint64_t> next_;
  };

  [[nodiscard]] static place place_of(const record_ref& record);
  /// The input's event of an output or a dead letter; null if there is none.
  entry* arrival(const record_ref& record, const place& at, order& among);
  /// Counts a fault, and keeps it as an example.
  void fault(std::uint64_t& count, const char* what, const record_ref& record, const place& at);

  std::map<place, entry> events_;
  std::map<lane, std::uint64_t> lanes_; ///< events in the input
  order input_order_;
  order output_order_;
  order dlq_order_;
  demo_verdict found_;
};

} // namespace streamer::tools

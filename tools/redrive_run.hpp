// `dlq redrive` at work: looks at what there is, then sends it.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tools/dlq_topics.hpp"
#include "tools/redrive/key_order.hpp"
#include "tools/redrive/redriven_record.hpp"
#include "tools/transform_child.hpp"

namespace streamer::tools {

/// What to do with a dead letter whose key has a newer record in the source.
enum class if_newer_kind : std::uint8_t { send, skip, fail };

struct redrive_options {
  letter_choice choice;
  bool dry_run = false;
  bool to_source = false;
  double rate = 0; ///< letters a second; 0: no limit
  std::string transform;
  std::int64_t transform_timeout_ms = 30'000;
  if_newer_kind if_newer = if_newer_kind::send;
  std::uint32_t max_redrives = 5;
};

/// What came of it.
struct redrive_totals {
  std::uint64_t planned = 0;
  std::uint64_t sent = 0;
  std::uint64_t newer = 0; ///< skipped for `--if-newer skip`
  struct left_letters {
    std::uint64_t count = 0;
    std::string first; ///< where
  };
  std::map<left_because, left_letters> left;
  bool more = false; ///< there was more than one run takes
};

/// One run. Functions that return a text return the failure's line, or nothing.
class redrive_run {
 public:
  redrive_run(const command_context& context, redrive_options options);
  ~redrive_run();
  redrive_run(const redrive_run&) = delete;
  redrive_run& operator=(const redrive_run&) = delete;

  /// Looks at all dead letters, and at the sources for `--if-newer`: what would be sent.
  [[nodiscard]] std::optional<std::string> plan();
  /// Creates the lanes that are missing, and sends.
  [[nodiscard]] std::optional<std::string> send();

  [[nodiscard]] const redrive_totals& totals() const { return totals_; }
  /// Letters to be sent, by source topic and the topic that they are sent to.
  [[nodiscard]] std::map<std::pair<std::string, std::string>, std::uint64_t> targets() const;
  [[nodiscard]] bool stopped() const { return stop_.requested(); }

 private:
  /// One partition of a DLQ and what of it is to be sent.
  struct planned_part {
    dlq_part part;
    std::vector<planned_letter> letters; ///< in the order of their offsets
    std::vector<std::uint32_t> sources;  ///< of each letter, in `sources_`
  };
  /// A source partition that letters are of.
  struct source {
    topic_partition tp; ///< partition −1: not known
    std::string target;
  };
  /// A letter as it was read.
  struct read_letter {
    record_ref record;
    dead_letter letter;
    const source* from = nullptr;
  };

  [[nodiscard]] std::optional<std::string> open();
  [[nodiscard]] redrive_rule rule_for(const std::string& dlq_topic) const;
  [[nodiscard]] std::optional<std::string> plan_part(planned_part& planned);
  void leave(left_because why, const dead_letter& letter);
  [[nodiscard]] std::uint32_t source_number(const std::string& topic, const dead_letter& letter);
  [[nodiscard]] std::optional<std::string> look_for_newer();
  [[nodiscard]] std::optional<std::string> read_sources(newest_records& newest);
  [[nodiscard]] std::optional<std::string> see_to_targets();
  [[nodiscard]] std::optional<std::string> create_lane(const std::string& topic,
                                                       const std::string& lane);
  [[nodiscard]] std::optional<std::string> send_part(planned_part& planned);
  [[nodiscard]] std::optional<std::string> send_ready(dlq_part& part,
                                                      std::vector<read_letter>& ready, bool all);
  [[nodiscard]] std::optional<std::string> send_batch(dlq_part& part,
                                                      const std::vector<read_letter>& batch);
  [[nodiscard]] result<outbound_event> event_of(const read_letter& read);
  void keep_pace();

  const settings& config_;
  log_handle log_;
  redrive_options options_;
  stop_signal stop_;
  std::unique_ptr<admin_client> admin_;
  std::unique_ptr<topic_reader> reader_;
  std::unique_ptr<topic_reader> source_reader_;
  std::unique_ptr<resolved_store> store_;
  std::unique_ptr<event_output> output_;
  std::unique_ptr<transform_child> transform_;
  dialect_set dialects_;
  std::vector<planned_part> parts_;
  std::vector<source> sources_;
  std::map<topic_partition, std::uint32_t> source_numbers_;
  redrive_totals totals_;
  std::chrono::steady_clock::time_point began_;
};

} // namespace streamer::tools

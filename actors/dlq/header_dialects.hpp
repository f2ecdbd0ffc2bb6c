#pragma once

#include "actors/dlq/record_origin.hpp"
#include "messages/record.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace streamer {

/// Families of error headers on dead letters, each as the system writes and reads it that made it.
enum class header_dialect : std::uint8_t {
  dlq,     ///< `__dlq.errors.*` of KIP-1191: text
  streams, ///< `__streams.errors.*` of Kafka Streams (KIP-1034): text
  spring,  ///< `kafka_dlt-*` of Spring Kafka: text, and big-endian integers
  connect, ///< `__connect.errors.*` of Kafka Connect: text
};

/// As in `dlq.header_dialects`.
[[nodiscard]] std::string_view to_string(header_dialect dialect);

/// A choice of them.
struct dialect_set {
  bool dlq = true;
  bool streams = false;
  bool spring = false;
  bool connect = false;

  [[nodiscard]] bool has(header_dialect dialect) const;
  friend bool operator==(const dialect_set&, const dialect_set&) = default;
};

/// The choice that `dlq.header_dialects` names.
[[nodiscard]] dialect_set dialects_named(const std::vector<std::string>& names);

/// What the families have in common.
struct dialect_facts {
  std::optional<record_origin> place;
  std::string group;
  std::string exception; ///< name of its class
  std::string message;
};

/// A header and how it may be cut for a limit.
struct dialect_header {
  enum class cut_rule : std::uint8_t {
    whole,   ///< means nothing unless it is whole
    name,    ///< may be cut, and is short
    message, ///< may be cut, and may be long
  };
  std::string_view name;
  std::string value;
  cut_rule cut = cut_rule::whole;
};

/// What is written in a dialect; `place` has to be there. What this program does not know (stack
/// traces, a connector's task) is left out. For `dlq`, only what every dialect has.
[[nodiscard]] std::vector<dialect_header> write_dialect(header_dialect dialect,
                                                        const dialect_facts& facts);

/// Whether the name is one of the dialect's.
[[nodiscard]] bool is_of_dialect(std::string_view name, header_dialect dialect);

/// Reads what anybody wrote in a dialect. Absent if the record has no header of it; single facts
/// may be missing. Where a dialect appends with every failure, the first place counts: the source.
[[nodiscard]] std::optional<dialect_facts> read_dialect(const record_ref& record,
                                                        header_dialect dialect);

} // namespace streamer

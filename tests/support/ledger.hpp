// What was sent, kept beside Kafka: the truth that the oracle compares with.
#pragma once

#include "tests/support/kafka_access.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace streamer::test {

/// Header with a record's identity, unique in a test: `tenant/key/sequence`.
inline constexpr const char* id_header = "x-id";
/// Header with the checksum of the value.
inline constexpr const char* checksum_header = "x-checksum";
/// Header that names the tenant.
inline constexpr const char* tenant_header = "ce_tenantid";

/// What became of a sent record.
enum class sent_state : std::uint8_t {
  pending,      ///< no answer: it may be there or not
  acknowledged, ///< it is there and must come out
  failed,       ///< refused: it may still be there (a timeout)
  aborted,      ///< its transaction was aborted: it must never be seen
};

[[nodiscard]] std::string_view to_string(sent_state state);

/// One record as it was sent, and where the broker put it.
struct sent_record {
  std::string topic;
  std::string tenant;
  std::uint64_t sequence = 0; ///< within (tenant, key), from 0
  std::optional<std::string> key;
  std::optional<std::string> value;
  std::vector<header> headers;
  sent_state state = sent_state::pending;
  std::int32_t partition = -1;
  std::int64_t offset = -1;
  std::int64_t sent_ms = 0;
  std::int64_t create_ms = 0; ///< its CreateTime; 0: the client's clock

  /// The value of `id_header`.
  [[nodiscard]] std::string id() const;
};

/// Makes records with consecutive sequences per (tenant, key), each with its identity, the checksum
/// of its value and its tenant in headers. Values are arbitrary bytes that follow from the
/// identity.
class record_maker {
 public:
  explicit record_maker(std::string topic) : topic_{std::move(topic)} {}

  /// The next record of a key (absent: a null key) with a value of `bytes` bytes (absent: null) and
  /// further headers behind the three of its own.
  [[nodiscard]] sent_record make(const std::string& tenant, const std::optional<std::string>& key,
                                 std::optional<std::size_t> bytes, std::vector<header> more = {});

 private:
  std::string topic_;
  std::map<std::pair<std::string, std::optional<std::string>>, std::uint64_t> sequences_;
};

/// 64-bit FNV-1a as 16 hex digits.
[[nodiscard]] std::string checksum(std::string_view bytes);

/// The acknowledged records in the order of (partition, offset).
[[nodiscard]] std::vector<sent_record> acknowledged(const std::vector<sent_record>& sent);

} // namespace streamer::test

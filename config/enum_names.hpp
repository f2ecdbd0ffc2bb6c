#pragma once

#include <array>
#include <string_view>

#include "config/settings.hpp"

namespace streamer {

/// An enumerator and the word that stands for it in the configuration.
template <class Enum>
struct enumerator {
  std::string_view name;
  Enum value;
};

constexpr auto enumerators(security_protocol_kind) {
  using e = security_protocol_kind;
  return std::to_array<enumerator<e>>({{"PLAINTEXT", e::plaintext},
                                       {"SSL", e::ssl},
                                       {"SASL_PLAINTEXT", e::sasl_plaintext},
                                       {"SASL_SSL", e::sasl_ssl}});
}

constexpr auto enumerators(sasl_mechanism_kind) {
  using e = sasl_mechanism_kind;
  return std::to_array<enumerator<e>>({{"SCRAM-SHA-256", e::scram_sha_256},
                                       {"SCRAM-SHA-512", e::scram_sha_512},
                                       {"PLAIN", e::plain},
                                       {"OAUTHBEARER", e::oauthbearer}});
}

constexpr auto enumerators(compression_kind) {
  using e = compression_kind;
  return std::to_array<enumerator<e>>({{"none", e::none},
                                       {"gzip", e::gzip},
                                       {"snappy", e::snappy},
                                       {"lz4", e::lz4},
                                       {"zstd", e::zstd}});
}

constexpr auto enumerators(partition_by_kind) {
  using e = partition_by_kind;
  return std::to_array<enumerator<e>>({{"tenant", e::tenant}, {"key", e::key}});
}

constexpr auto enumerators(ordering_kind) {
  using e = ordering_kind;
  return std::to_array<enumerator<e>>(
      {{"key", e::key}, {"partition", e::partition}, {"unordered", e::unordered}});
}

constexpr auto enumerators(keyless_kind) {
  using e = keyless_kind;
  return std::to_array<enumerator<e>>({{"unordered", e::unordered}, {"partition", e::partition}});
}

constexpr auto enumerators(offset_reset_kind) {
  using e = offset_reset_kind;
  return std::to_array<enumerator<e>>({{"earliest", e::earliest}, {"latest", e::latest}});
}

constexpr auto enumerators(out_of_range_kind) {
  using e = out_of_range_kind;
  return std::to_array<enumerator<e>>(
      {{"stop", e::stop}, {"earliest", e::earliest}, {"latest", e::latest}});
}

constexpr auto enumerators(group_protocol_kind) {
  using e = group_protocol_kind;
  return std::to_array<enumerator<e>>({{"classic", e::classic}, {"consumer", e::consumer}});
}

constexpr auto enumerators(overflow_kind) {
  using e = overflow_kind;
  return std::to_array<enumerator<e>>({{"hold", e::hold}, {"dead_letter", e::dead_letter}});
}

constexpr auto enumerators(unmatched_policy) {
  using e = unmatched_policy;
  return std::to_array<enumerator<e>>({{"dead_letter", e::dead_letter}, {"discard", e::discard}});
}

constexpr auto enumerators(guard_kind) {
  using e = guard_kind;
  return std::to_array<enumerator<e>>({{"off", e::off}, {"on", e::on}});
}

constexpr auto enumerators(too_large_kind) {
  using e = too_large_kind;
  return std::to_array<enumerator<e>>({{"pointer", e::pointer}, {"hold", e::hold}});
}

constexpr auto enumerators(log_level_kind) {
  using e = log_level_kind;
  return std::to_array<enumerator<e>>({{"trace", e::trace},
                                       {"debug", e::debug},
                                       {"info", e::info},
                                       {"warn", e::warn},
                                       {"error", e::error}});
}

/// An enumeration with words in the configuration.
template <class Enum>
concept named_enum = requires(Enum value) {
  enumerators(value);
};

/// The word for `value`, as in the configuration file (and, for the Kafka ones, as librdkafka
/// takes it).
template <named_enum Enum>
constexpr std::string_view name_of(Enum value) {
  for (const auto& entry : enumerators(value))
    if (entry.value == value) return entry.name;
  return {};
}

} // namespace streamer

// CloudEvents 1.0 in binary mode of the Kafka binding, as `ingest` writes them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "config/settings.hpp"
#include "messages/event.hpp"

namespace streamer::tools {

/// The attributes of one event.
struct event_attributes {
  std::string id;
  std::string type;
  std::string tenant;
  std::int64_t time_ms = 0; ///< ms since 1970
  bool json = true;         ///< the value is JSON
};

/// The wall clock, ms since 1970.
[[nodiscard]] std::int64_t now_ms();

/// The headers: ce_specversion, ce_id, ce_source, ce_type, ce_time, ce_tenantid, content-type.
[[nodiscard]] std::vector<owned_header> cloud_event_headers(const event_attributes& attributes);

/// Gives events their partition as producer.partition_by says. Counts keyless events; not
/// thread-safe.
class event_placer {
 public:
  explicit event_placer(const producer_settings& config);

  /// Sets `event.partition_seed` for tenants; by key it stays to the client's own rule.
  void place(outbound_event& event, std::string_view tenant);

 private:
  partition_by_kind by_;
  std::int32_t spread_;
  std::uint64_t keyless_ = 0;
};

/// Ids of one run: unique in the run by a counter, between runs by 64 random bits.
class event_ids {
 public:
  explicit event_ids(std::uint64_t run);
  [[nodiscard]] std::string next();

 private:
  std::string prefix_;
  std::uint64_t count_ = 0;
};

} // namespace streamer::tools

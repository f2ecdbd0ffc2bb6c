#include "tools/ingest/cloud_event.hpp"

#include <array>
#include <chrono>
#include <cinttypes>
#include <cstdio>

#include "actors/producer/partition_rule.hpp"
#include "tools/text/rfc3339.hpp"

namespace streamer::tools {

std::int64_t now_ms() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

std::vector<owned_header> cloud_event_headers(const event_attributes& attributes) {
  std::vector<owned_header> headers{{"ce_specversion", "1.0"},
                                    {"ce_id", attributes.id},
                                    {"ce_source", "/streamer/ingest"},
                                    {"ce_type", attributes.type},
                                    {"ce_time", format_rfc3339(attributes.time_ms)},
                                    {"ce_tenantid", attributes.tenant}};
  if (attributes.json) headers.push_back({"content-type", "application/json"});
  return headers;
}

event_placer::event_placer(const producer_settings& config)
    : by_{config.partition_by}, spread_{config.tenant_spread} {}

void event_placer::place(outbound_event& event, std::string_view tenant) {
  if (by_ != partition_by_kind::tenant) return;
  event.partition_seed = event.key ? tenant_partition_seed(tenant, *event.key, spread_)
                                   : tenant_partition_seed(tenant, keyless_++, spread_);
}

event_ids::event_ids(std::uint64_t run) {
  std::array<char, 20> text{};
  std::snprintf(text.data(), text.size(), "%016" PRIx64 "-", run);
  prefix_ = text.data();
}

std::string event_ids::next() { return prefix_ + std::to_string(count_++); }

} // namespace streamer::tools

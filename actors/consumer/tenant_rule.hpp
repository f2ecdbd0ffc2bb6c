#pragma once

#include "config/settings.hpp"
#include "messages/record.hpp"

#include <optional>
#include <regex>
#include <string>
#include <string_view>

namespace streamer {

/// Tells which tenant a record belongs to (`tenants.from`). Immutable after
/// construction, but keeps scratch memory: one instance a thread.
class tenant_rule {
 public:
  explicit tenant_rule(const tenant_settings& settings);

  /// The tenant's id; a view into the record, the rule's scratch memory or the
  /// settings, valid until the next call. Never empty: records that name no
  /// tenant belong to `tenants.default_tenant`.
  [[nodiscard]] std::string_view tenant_of(const record_ref& record);

 private:
  [[nodiscard]] std::string_view from_header(const record_ref& record);
  [[nodiscard]] std::string_view from_topic(const std::string& topic);
  [[nodiscard]] std::string_view from_key(bytes_ref key) const;

  tenant_source source_;
  std::string default_tenant_;
  std::optional<std::regex> topic_pattern_;
  bool reads_cloud_event_ = false;
  std::string scratch_;
  std::string last_topic_;
  std::string last_topic_tenant_;
};

} // namespace streamer

#include "actors/consumer/tenant_rule.hpp"

#include "messages/cloud_event.hpp"

namespace streamer {
namespace {

constexpr std::string_view cloud_event_tenant = "ce_tenantid";

} // namespace

tenant_rule::tenant_rule(const tenant_settings& settings)
    : source_{settings.from}, default_tenant_{settings.default_tenant} {
  if (source_.from == tenant_source::kind::topic) {
    topic_pattern_.emplace(source_.argument, std::regex::ECMAScript | std::regex::optimize);
  }
  reads_cloud_event_ =
      source_.from == tenant_source::kind::header && source_.argument == cloud_event_tenant;
}

std::string_view tenant_rule::tenant_of(const record_ref& record) {
  std::string_view tenant;
  switch (source_.from) {
    case tenant_source::kind::header: tenant = from_header(record); break;
    case tenant_source::kind::topic: tenant = from_topic(record.batch->topic()); break;
    case tenant_source::kind::key_prefix: tenant = from_key(record.get().key); break;
  }
  return tenant.empty() ? std::string_view{default_tenant_} : tenant;
}

std::string_view tenant_rule::from_header(const record_ref& record) {
  const auto value = record.header(source_.argument.c_str());
  if (!value.is_null() || !reads_cloud_event_) {
    return value.view();
  }
  // A structured event names its tenant in the envelope.
  if (detect_encoding(record) != event_encoding::structured) {
    return {};
  }
  scratch_ = read_envelope(record.get().value).tenant;
  return scratch_;
}

std::string_view tenant_rule::from_topic(const std::string& topic) {
  if (topic == last_topic_) {
    return last_topic_tenant_;
  }
  std::smatch match;
  last_topic_ = topic;
  last_topic_tenant_.clear();
  if (std::regex_search(topic, match, *topic_pattern_)) {
    last_topic_tenant_ = match.size() > 1 ? match[1].str() : match[0].str();
  }
  return last_topic_tenant_;
}

std::string_view tenant_rule::from_key(bytes_ref key) const {
  const auto text = key.view();
  const auto end = text.find(source_.argument);
  return end == std::string_view::npos ? std::string_view{} : text.substr(0, end);
}

} // namespace streamer

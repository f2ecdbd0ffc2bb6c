#include "config/rotation.hpp"

#include <string_view>

#include "config/keys.hpp"
#include "config/secret_file.hpp"

namespace streamer {

rotation rotation_between(const settings& before, const settings& after, bool files_changed) {
  using protocol = security_protocol_kind;
  const auto& old = before.kafka;
  const auto& kafka = after.kafka;
  const auto spoken = kafka.security_protocol;
  const bool tls = spoken == protocol::ssl || spoken == protocol::sasl_ssl;
  const bool sasl = spoken == protocol::sasl_plaintext || spoken == protocol::sasl_ssl;
  const bool token = sasl && kafka.sasl_mechanism == sasl_mechanism_kind::oauthbearer;
  // The library reads these once, when a client is made.
  if (tls && (files_changed || !(old.ssl_key_password == kafka.ssl_key_password)))
    return rotation::client;
  if (token && !(old.oidc_client_secret == kafka.oidc_client_secret)) return rotation::client;
  if (old.properties != kafka.properties ||
      before.consumer.properties != after.consumer.properties ||
      before.producer.properties != after.producer.properties)
    return rotation::client;
  if (sasl && !token && !(old.sasl_password == kafka.sasl_password)) return rotation::login;
  return rotation::none;
}

void set_secret(settings& values, const std::string& name, const secret& value) {
  for (const auto& key : config_impl::setting_keys())
    if (key.name == name && key.is_secret) {
      key.assign(values, config_impl::untyped_text{std::string{value.reveal()}});
      return;
    }
  const auto dot = name.find(".properties.");
  if (dot == std::string::npos) return;
  if (auto* properties = config_impl::properties_of(values, name.substr(0, dot)))
    properties->insert_or_assign(name.substr(dot + std::string_view{".properties."}.size()),
                                 std::string{value.reveal()});
}

settings with_current_secrets(settings values) {
  const auto files = values.kafka.secret_files;
  std::string ignored;
  for (const auto& [name, file] : files)
    if (const auto content = read_secret_file(file, ignored))
      set_secret(values, name, secret{*content});
  return values;
}

std::vector<std::filesystem::path> certificate_files(const kafka_settings& kafka) {
  std::vector<std::filesystem::path> files;
  for (const auto* file :
       {&kafka.ssl_ca_location, &kafka.ssl_certificate_location, &kafka.ssl_key_location})
    if (!file->empty() && *file != "probe") files.emplace_back(*file);
  return files;
}

std::optional<file_contents> settled_files::look(file_contents found) {
  // What was read before stands in for what cannot be read.
  found.insert(used_.begin(), used_.end());
  const bool settled = found == seen_;
  seen_ = std::move(found);
  if (!settled || seen_ == used_) return std::nullopt;
  file_contents changed;
  for (const auto& [file, content] : seen_) {
    const auto old = used_.find(file);
    if (old == used_.end() || !(old->second == content)) changed.emplace(file, content);
  }
  used_ = seen_;
  return changed;
}

} // namespace streamer

#include "runtime/inspection/inspection_client.hpp"

#include "messages/inspection_interface.hpp"
#include "runtime/inspection/message_types.hpp"
#include "runtime/inspection/tls_files.hpp"
#include "runtime/inspection/tls_probe.hpp"

#include <caf/actor_cast.hpp>
#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/io/middleman.hpp>
#include <caf/openssl/manager.hpp>
#include <caf/scoped_actor.hpp>

#include <set>
#include <system_error>

namespace streamer {
namespace {

constexpr std::chrono::milliseconds patience{5'000};

} // namespace

struct inspection_client::impl {
  explicit impl(const tls_files& files) {
    config.load<caf::io::middleman>();
    config.load<caf::openssl::manager>();
    config.set("caf.scheduler.policy", "sharing");
    config.set("caf.scheduler.max-threads", std::size_t{1});
    config.openssl_certificate = files.certificate.string();
    config.openssl_key = files.key.string();
    config.openssl_cafile = files.ca.string();
    system = std::make_unique<caf::actor_system>(config);
    hide_named_actors(*system);
  }

  bool types_known = (register_message_types(), true); // before there is a configuration
  caf::actor_system_config config;
  std::unique_ptr<caf::actor_system> system;
  inspector_actor inspector;
  std::string at;
};

inspection_client::inspection_client(std::unique_ptr<impl> made) : impl_{std::move(made)} {}
inspection_client::~inspection_client() = default;

std::variant<std::unique_ptr<inspection_client>, inspecting_failure> inspection_client::connect(
    const settings& config, const endpoint& where) {
  const auto files = tls_files_for(config, inspection_side::client);
  std::error_code error;
  if (files.own && !std::filesystem::exists(files.certificate, error)) {
    return inspecting_failure{
        false, "no certificate in " + files.certificate.parent_path().string() +
                   ": a worker with inspect.enabled = true makes one in its runtime.state_dir; "
                   "give the same with --set runtime.state_dir=…, or set inspect.certificate, "
                   ".key and .ca"};
  }
  if (auto problem = check_tls_files(files, inspection_side::client)) {
    return inspecting_failure{!files.own, std::move(*problem)};
  }
  if (auto problem = probe_inspection_port(where, files, patience)) {
    return inspecting_failure{false, std::move(*problem)};
  }
  auto made = std::make_unique<impl>(files);
  made->at = to_string(where);
  std::string refused;
  {
    caf::scoped_actor self{*made->system};
    self->request(made->system->openssl_manager().actor_handle(), patience, caf::connect_atom_v,
                  where.host, where.port)
        .receive(
            [&](const caf::node_id&, const caf::strong_actor_ptr& found,
                const std::set<std::string>& speaks) {
              if (!found || !made->system->assignable(
                                speaks, made->system->message_types<inspector_actor>())) {
                refused = "has no inspector of this version: use the worker's own streamer";
                return;
              }
              made->inspector = caf::actor_cast<inspector_actor>(found);
            },
            [&](const caf::error& e) { refused = "lets nobody in (" + caf::to_string(e) + ")"; });
  }
  if (!refused.empty()) {
    return inspecting_failure{false, made->at + " " + refused};
  }
  return std::unique_ptr<inspection_client>{new inspection_client{std::move(made)}};
}

std::variant<tree_snapshot, std::string> inspection_client::snapshot(
    std::chrono::milliseconds timeout) {
  std::variant<tree_snapshot, std::string> answer;
  caf::scoped_actor self{*impl_->system};
  self->request(impl_->inspector, timeout, snapshot_request{})
      .receive([&](tree_snapshot& found) { answer = std::move(found); },
               [&](const caf::error& e) {
                 answer = impl_->at + " answers no more (" + caf::to_string(e) +
                          "): has the worker stopped?";
               });
  return answer;
}

} // namespace streamer

#include "runtime/inspection/inspection_port.hpp"

#include "runtime/http/listen_socket.hpp"
#include "runtime/inspection/certificate_maker.hpp"
#include "runtime/inspection/tls_context.hpp"
#include "runtime/inspection/tls_listener.hpp"

#include <caf/actor_cast.hpp>
#include <caf/io/basp_broker.hpp>
#include <caf/io/middleman.hpp>
#include <caf/send.hpp>

#include <fcntl.h>

#include <mutex>
#include <set>
#include <utility>

namespace streamer {

struct inspection_port::impl {
  detail::listen_socket listening;
  std::shared_ptr<detail::inspection_gate> gate;
  log_handle log;
  std::mutex mutex;
  bool published = false;
  bool closed = false;
};

namespace {

caf::actor broker_of(caf::actor_system& system) {
  return system.middleman().named_broker<caf::io::basp_broker>("BASP");
}

} // namespace

std::variant<std::unique_ptr<inspection_port>, inspection_failure> inspection_port::open(
    const settings& config, const log_handle& log) {
  const auto& addr = config.inspect.addr;
  const auto where = parse_endpoint(addr);
  if (!where) {
    return inspection_failure{true, "inspect.addr = \"" + addr + "\" is not host:port"};
  }
  const auto files = tls_files_for(config, inspection_side::worker);
  if (files.own) {
    if (auto problem = make_certificates(config.runtime.state_dir)) {
      return inspection_failure{false, std::move(*problem)};
    }
  }
  if (auto problem = check_tls_files(files, inspection_side::worker)) {
    return inspection_failure{true, std::move(*problem)};
  }
  std::string problem;
  auto context = detail::make_tls_context(files, inspection_side::worker, problem);
  if (!context) {
    return inspection_failure{true, std::move(problem)};
  }
  auto bound = detail::listen_on(*where);
  if (const auto* error = std::get_if<http_server_error>(&bound)) {
    const bool taken = error->reason == http_server_error::kind::address_taken;
    return inspection_failure{false,
                              "inspect.addr = \"" + addr + "\": " + error->text +
                                  (taken ? "; free it or set inspect.addr (port 0 takes a free one)"
                                         : "; set inspect.addr to an address of this machine")};
  }
  auto made = std::make_unique<impl>();
  made->listening = std::move(std::get<detail::listen_socket>(bound));
  made->gate =
      std::make_shared<detail::inspection_gate>(std::shared_ptr<SSL_CTX>{std::move(context)});
  made->log = log;
  return std::unique_ptr<inspection_port>{new inspection_port{std::move(made)}};
}

inspection_port::inspection_port(std::unique_ptr<impl> made) : impl_{std::move(made)} {}
inspection_port::~inspection_port() = default;

endpoint inspection_port::bound() const { return impl_->listening.bound; }
std::uint64_t inspection_port::admitted() const { return impl_->gate->admitted(); }
std::uint64_t inspection_port::refused() const { return impl_->gate->refused(); }

// CAF's broker answers for whom it was told of last at a port. A listener goes with each, on a
// descriptor of its own; the socket behind them stays this one's.
void inspection_port::publish(caf::actor_system& system, const inspector_actor& inspector) {
  const std::lock_guard lock{impl_->mutex};
  if (impl_->closed) {
    return;
  }
  const auto port = impl_->listening.bound.port;
  const auto broker = broker_of(system);
  if (std::exchange(impl_->published, true)) {
    caf::anon_send(broker, caf::close_atom_v, port);
  }
  detail::owned_fd socket{::fcntl(impl_->listening.fd.get(), F_DUPFD_CLOEXEC, 0)};
  if (!socket.valid()) {
    impl_->log.error("inspection_closed", "the inspection port has no descriptor to listen with",
                     {{"address", to_string(impl_->listening.bound)}});
    impl_->published = false;
    return;
  }
  caf::anon_send(
      broker, caf::publish_atom_v, detail::make_tls_listener(system, socket.release(), impl_->gate),
      port, caf::actor_cast<caf::strong_actor_ptr>(inspector), system.message_types(inspector));
}

void inspection_port::close(caf::actor_system& system) {
  const std::lock_guard lock{impl_->mutex};
  if (!std::exchange(impl_->closed, true) && impl_->published) {
    caf::anon_send(broker_of(system), caf::close_atom_v, impl_->listening.bound.port);
  }
}

} // namespace streamer

#include "runtime/inspection/tls_listener.hpp"

#include "runtime/http/listen_socket.hpp"

#include <caf/io/abstract_broker.hpp>
#include <caf/io/basp_broker.hpp>
#include <caf/io/middleman.hpp>
#include <caf/io/network/default_multiplexer.hpp>
#include <caf/io/network/doorman_impl.hpp>
#include <caf/io/network/rw_state.hpp>
#include <caf/io/network/stream_impl.hpp>
#include <caf/io/scribe.hpp>

#include <caf/send.hpp>

#include <sys/socket.h>

#include <algorithm>
#include <climits>

namespace streamer::detail {
namespace {

using caf::io::network::default_multiplexer;
using caf::io::network::native_socket;
using caf::io::network::rw_state;

// So many that a handshake is done before a flood of strangers has used up the places; and so few
// that they take some MB.
constexpr std::size_t most_connections = 64;
// What a client has to say takes some hundred bytes.
constexpr std::size_t largest_request = 64 * 1024;

} // namespace

// How CAF's stream reads and writes. The answers are those of CAF's own TLS session: after the
// handshake, having nothing to read is a success of no bytes, which is what lets a write that
// waited for the handshake go on.
class tls_policy {
 public:
  /// `admitted` is set when the handshake is done, which it is only with a certificate.
  tls_policy(ssl_ptr ssl, bool& admitted) : ssl_{std::move(ssl)}, admitted_{admitted} {}

  rw_state read_some(std::size_t& result, native_socket, void* to, std::size_t length) {
    return transfer(result, length, [&](int most) { return SSL_read(ssl_.get(), to, most); });
  }
  rw_state write_some(std::size_t& result, native_socket, const void* from, std::size_t length) {
    return transfer(result, length, [&](int most) { return SSL_write(ssl_.get(), from, most); });
  }
  bool must_read_more(native_socket, std::size_t threshold) {
    return static_cast<std::size_t>(SSL_pending(ssl_.get())) >= threshold;
  }

 private:
  template <class Step>
  rw_state transfer(std::size_t& result, std::size_t length, Step step) {
    const broken_pipe_guard quiet;
    ERR_clear_error();
    result = 0;
    if (SSL_is_init_finished(ssl_.get()) != 1) {
      if (const int done = SSL_do_handshake(ssl_.get()); done != 1) {
        return waiting(done, rw_state::want_read);
      }
      admitted_ = true;
    }
    if (length == 0) {
      return rw_state::indeterminate;
    }
    const int moved = step(static_cast<int>(std::min<std::size_t>(length, INT_MAX)));
    if (moved <= 0) {
      return waiting(moved, rw_state::success);
    }
    result = static_cast<std::size_t>(moved);
    return rw_state::success;
  }

  rw_state waiting(int returned, rw_state for_reading) {
    const int why = SSL_get_error(ssl_.get(), returned);
    return why == SSL_ERROR_WANT_READ    ? for_reading
           : why == SSL_ERROR_WANT_WRITE ? rw_state::success
                                         : rw_state::failure;
  }

  ssl_ptr ssl_;
  bool& admitted_;
};

// One connection.
class tls_scribe : public caf::io::scribe {
 public:
  tls_scribe(default_multiplexer& loop, native_socket fd, ssl_ptr ssl,
             std::shared_ptr<inspection_gate> gate)
      : scribe{caf::io::network::conn_hdl_from_socket(fd)},
        stream_{loop, fd, std::move(ssl), admitted_},
        gate_{std::move(gate)} {
    gate_->came(*this);
  }
  tls_scribe(const tls_scribe&) = delete;
  tls_scribe& operator=(const tls_scribe&) = delete;
  ~tls_scribe() override { gate_->left(*this, admitted_); }

  [[nodiscard]] bool may_be_cut() const { return !admitted_ && !cut_; }
  [[nodiscard]] bool is_cut() const { return cut_; }
  // The event loop finds it closed, and does the rest.
  void cut() {
    cut_ = true;
    ::shutdown(stream_.fd(), SHUT_RDWR);
  }

  // The length that a peer announces would be reserved before its bytes are there.
  void configure_read(caf::io::receive_policy::config config) override {
    if (config.second > largest_request) {
      cut();
      return;
    }
    stream_.configure_read(config);
    if (!launched_) {
      launched_ = true;
      stream_.start(this);
      stream_.force_empty_write(this); // the handshake may have to write first
    }
  }
  void ack_writes(bool enable) override { stream_.ack_writes(enable); }
  caf::byte_buffer& wr_buf() override { return stream_.wr_buf(); }
  caf::byte_buffer& rd_buf() override { return stream_.rd_buf(); }
  void graceful_shutdown() override {
    stream_.graceful_shutdown();
    detach(&stream_.backend(), false);
  }
  void flush() override { stream_.flush(this); }
  std::string addr() const override {
    const auto known = caf::io::network::remote_addr_of_fd(stream_.fd());
    return known ? *known : std::string{};
  }
  std::uint16_t port() const override {
    const auto known = caf::io::network::remote_port_of_fd(stream_.fd());
    return known ? *known : std::uint16_t{0};
  }
  void add_to_loop() override { stream_.activate(this); }
  void remove_from_loop() override { stream_.passivate(); }

 private:
  bool launched_ = false;
  bool admitted_ = false;
  bool cut_ = false;
  caf::io::network::stream_impl<tls_policy> stream_;
  std::shared_ptr<inspection_gate> gate_;
};

namespace {

class tls_doorman : public caf::io::network::doorman_impl {
 public:
  tls_doorman(default_multiplexer& loop, native_socket fd, std::shared_ptr<inspection_gate> gate)
      : doorman_impl{loop, fd}, gate_{std::move(gate)} {}

  bool new_connection() override {
    if (detached()) {
      return false;
    }
    owned_fd fd{acceptor_.accepted_socket()};
    ssl_ptr ssl{gate_->make_room() ? SSL_new(gate_->context()) : nullptr};
    if (!ssl || !caf::io::network::nonblocking(fd.get(), true) ||
        SSL_set_fd(ssl.get(), fd.get()) != 1) {
      ERR_clear_error();
      gate_->refused_one();
      return false;
    }
    SSL_set_accept_state(ssl.get());
    forget_those_who_left();
    auto& loop = acceptor_.backend();
    auto made = caf::make_counted<tls_scribe>(loop, fd.get(), std::move(ssl), gate_);
    fd.release(); // its stream closes it
    const auto handle = made->hdl();
    parent()->add_scribe(std::move(made));
    return doorman::new_connection(&loop, handle);
  }

  // CAF would shut the socket down, which ends the listening of every descriptor of it.
  void graceful_shutdown() override {
    acceptor_.passivate();
    detach(&acceptor_.backend(), false);
  }

 private:
  // CAF's broker makes an actor for each process that ever connected, and keeps it.
  void forget_those_who_left() {
    auto& broker = static_cast<caf::io::basp_broker&>(*parent());
    std::erase_if(broker.spawn_servers, [&](const auto& entry) {
      const bool left = !broker.instance.tbl().lookup_direct(entry.first);
      if (left) {
        caf::anon_send_exit(entry.second, caf::exit_reason::kill);
      }
      return left;
    });
  }

  std::shared_ptr<inspection_gate> gate_;
};

} // namespace

bool inspection_gate::make_room() {
  const auto staying =
      std::ranges::count_if(open_, [](const tls_scribe* s) { return !s->is_cut(); });
  if (static_cast<std::size_t>(staying) < most_connections) {
    return open_.size() < 2 * most_connections;
  }
  const auto stranger =
      std::ranges::find_if(open_, [](const tls_scribe* s) { return s->may_be_cut(); });
  if (stranger == open_.end() || open_.size() >= 2 * most_connections) {
    return false;
  }
  (*stranger)->cut();
  return true;
}

void inspection_gate::came(tls_scribe& who) { open_.push_back(&who); }

void inspection_gate::left(tls_scribe& who, bool admitted) {
  open_.remove(&who);
  (admitted ? admitted_ : refused_).fetch_add(1);
}

caf::io::doorman_ptr make_tls_listener(caf::actor_system& system, int socket,
                                       std::shared_ptr<inspection_gate> gate) {
  // There is no other kind unless a configuration asks for one for tests.
  auto& loop = static_cast<default_multiplexer&>(system.middleman().backend());
  return caf::make_counted<tls_doorman>(loop, socket, std::move(gate));
}

} // namespace streamer::detail

#include "runtime/http/server.hpp"

#include <microhttpd.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <csignal>
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <list>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>

#include "runtime/http/event_streams.hpp"
#include "runtime/http/exchange.hpp"
#include "runtime/http/listen_socket.hpp"

namespace streamer {
namespace {

using std::chrono::steady_clock;

constexpr rlim_t descriptors_for_the_rest = 512;
constexpr unsigned fewest_connections = 16;
constexpr std::chrono::milliseconds sweep_period{100};

unsigned connection_limit(unsigned wanted) {
  rlimit descriptors{};
  if (getrlimit(RLIMIT_NOFILE, &descriptors) != 0 || descriptors.rlim_cur == RLIM_INFINITY) {
    return wanted;
  }
  const auto spare = descriptors.rlim_cur > descriptors_for_the_rest
                         ? descriptors.rlim_cur - descriptors_for_the_rest
                         : rlim_t{0};
  const auto limit = std::max<rlim_t>(std::min<rlim_t>(wanted, spare), fewest_connections);
  return static_cast<unsigned>(limit);
}

} // namespace

class http_server::impl {
 public:
  impl(std::vector<http_route> routes, bool local_only, const http_server_options& options)
      : options_{options},
        streams_{options.max_streams, options.stream_life,
                 [this](MHD_Connection* raw) { prolong(of(raw)); }},
        exchange_{std::move(routes), options.pending_body_bytes, local_only, options.log,
                  streams_} {}

  impl(const impl&) = delete;
  impl& operator=(const impl&) = delete;
  ~impl() { stop(); }

  /// False if a resource is missing.
  bool start(detail::listen_socket listening) {
    bound_ = listening.bound;
    wake_ = detail::owned_fd{eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
    if (!wake_.valid()) {
      return false;
    }
    // From here the library owns the socket. Where it fails to start it may have closed it already,
    // and a descriptor lost at start does less harm than one closed twice.
    daemon_ = start_daemon(listening.fd.release());
    if (daemon_ == nullptr) {
      return false;
    }
    try {
      thread_ = std::thread{[this] { run(); }};
    } catch (const std::system_error&) {
      return false;
    }
    return true;
  }

  [[nodiscard]] const endpoint& bound() const noexcept { return bound_; }

  void stop() noexcept {
    if (thread_.joinable()) {
      stopping_.store(true, std::memory_order_relaxed);
      eventfd_write(wake_.get(), 1);
      thread_.join();
    }
    if (daemon_ != nullptr) {
      streams_.end_all();
      MHD_stop_daemon(std::exchange(daemon_, nullptr));
    }
  }

 private:
  /// One client. `target` and `body` are those of the request being read.
  struct connection {
    int fd = -1;
    steady_clock::time_point cut_at;
    bool cut = false;
    std::string target;
    std::string body;
    std::list<connection>::iterator self;
  };

  MHD_Daemon* start_daemon(int listen_fd) {
    const auto idle_seconds =
        std::chrono::ceil<std::chrono::seconds>(options_.deadline).count() + 1;
    // One option a line.
    // clang-format off
    return MHD_start_daemon(
        MHD_USE_EPOLL | MHD_USE_ERROR_LOG | MHD_ALLOW_SUSPEND_RESUME, 0, nullptr, nullptr, &impl::on_request, this,
        MHD_OPTION_EXTERNAL_LOGGER, &impl::on_library_message, this,
        MHD_OPTION_LISTEN_SOCKET, listen_fd,
        MHD_OPTION_CONNECTION_LIMIT, connection_limit(options_.max_connections),
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, options_.connection_memory,
        MHD_OPTION_CONNECTION_TIMEOUT, static_cast<unsigned>(idle_seconds),
        MHD_OPTION_STRICT_FOR_CLIENT, 1,
        MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1,
        MHD_OPTION_URI_LOG_CALLBACK, &impl::on_target, this,
        MHD_OPTION_NOTIFY_CONNECTION, &impl::on_connection, this,
        MHD_OPTION_NOTIFY_COMPLETED, &impl::on_completed, this,
        MHD_OPTION_END);
    // clang-format on
  }

  // The loop is here rather than in the library because the library's own knows no deadline for a
  // whole request: each byte that a client drips starts its time-out anew.
  void run() {
    // SIGPIPE would end the process; the others are the main thread's.
    sigset_t all{};
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, nullptr);
    const auto* const info = MHD_get_daemon_info(daemon_, MHD_DAEMON_INFO_EPOLL_FD);
    std::array<pollfd, 2> waited{{{info->epoll_fd, POLLIN, 0}, {wake_.get(), POLLIN, 0}}};
    while (!stopping_.load(std::memory_order_relaxed)) {
      poll(waited.data(), waited.size(), wait_ms());
      MHD_run(daemon_);
      const auto now = steady_clock::now();
      streams_.tick(now);
      sweep(now);
    }
  }

  [[nodiscard]] int wait_ms() {
    // At its limit the library stops listening, and looks at the limit only at the start of a run.
    if (std::exchange(freed_connection_, false)) {
      return 0;
    }
    MHD_UNSIGNED_LONG_LONG library_ms = 0;
    const bool library_waits = MHD_get_timeout(daemon_, &library_ms) == MHD_YES;
    if (connections_.empty() && !library_waits) {
      return -1;
    }
    const auto most = static_cast<MHD_UNSIGNED_LONG_LONG>(sweep_period.count());
    return static_cast<int>(library_waits ? std::min(library_ms, most) : most);
  }

  void sweep(steady_clock::time_point now) {
    if (now - last_sweep_ < sweep_period) {
      return;
    }
    last_sweep_ = now;
    for (auto& client : connections_) {
      if (!client.cut && now >= client.cut_at) {
        client.cut = true;
        // The library sees the end of the stream and closes the connection in its own time.
        shutdown(client.fd, SHUT_RDWR);
      }
    }
  }

  void prolong(connection& client) const {
    client.cut_at = steady_clock::now() + options_.deadline;
  }

  static connection& of(MHD_Connection* raw) {
    const auto* const info = MHD_get_connection_info(raw, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return *static_cast<connection*>(info->socket_context);
  }

  static void on_connection(void* self, MHD_Connection* raw, void** context,
                            MHD_ConnectionNotificationCode what) {
    auto& server = *static_cast<impl*>(self);
    if (what == MHD_CONNECTION_NOTIFY_CLOSED) {
      server.connections_.erase(static_cast<connection*>(*context)->self);
      server.freed_connection_ = true;
      return;
    }
    server.connections_.emplace_front();
    auto& client = server.connections_.front();
    client.fd = MHD_get_connection_info(raw, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
    server.prolong(client);
    client.self = server.connections_.begin();
    *context = &client;
  }

  static void on_completed(void* self, MHD_Connection* raw, void** /*marker*/,
                           MHD_RequestTerminationCode /*how*/) {
    static_cast<impl*>(self)->prolong(of(raw));
  }

  static void* on_target(void* /*self*/, const char* target, MHD_Connection* raw) {
    auto& client = of(raw);
    const std::string_view text{target};
    // One byte more than allowed is enough to be refused.
    client.target = text.substr(0, max_target_bytes + 1);
    return nullptr;
  }

  static MHD_Result on_request(void* self, MHD_Connection* raw, const char* /*path*/,
                               const char* method, const char* /*version*/, const char* upload,
                               std::size_t* upload_size, void** marker) {
    auto& server = *static_cast<impl*>(self);
    auto& client = of(raw);
    if (*marker == nullptr) {
      *marker = &client;
      client.body.clear();
      // Answered at once, before a body is read; everything else at the request's end.
      if (const auto refused = server.exchange_.refuse_early(raw, method, client.target)) {
        return server.exchange_.send(raw, *refused);
      }
      return MHD_YES;
    }
    if (*upload_size > 0) {
      // Not more than was announced, which has been looked at.
      client.body.append(upload, *upload_size);
      *upload_size = 0;
      return MHD_YES;
    }
    return server.exchange_.answer(raw, method, client.target,
                                   std::exchange(client.body, std::string{}));
  }

  __attribute__((format(printf, 2, 0))) static void on_library_message(void* self,
                                                                       const char* format,
                                                                       va_list arguments) {
    const auto& log = static_cast<impl*>(self)->options_.log;
    if (!log.enabled(log_level::debug)) {
      return;
    }
    std::array<char, 512> text{};
    std::vsnprintf(text.data(), text.size(), format, arguments);
    log.debug("http_library", "message of libmicrohttpd", {{"text", text.data()}});
  }

  http_server_options options_;
  endpoint bound_;
  detail::owned_fd wake_;
  std::atomic<bool> stopping_{false};
  // All below belongs to the thread while it runs.
  std::list<connection> connections_;
  steady_clock::time_point last_sweep_;
  bool freed_connection_ = false;
  detail::event_streams streams_;
  detail::exchange exchange_;
  MHD_Daemon* daemon_ = nullptr;
  std::thread thread_;
};

http_server::http_server(std::unique_ptr<impl> running) noexcept : impl_{std::move(running)} {}
http_server::http_server(http_server&&) noexcept = default;
http_server& http_server::operator=(http_server&&) noexcept = default;
http_server::~http_server() = default;

http_server::start_result http_server::start(const endpoint& where, std::vector<http_route> routes,
                                             const http_server_options& options) {
  auto listening = detail::listen_on(where);
  if (auto* error = std::get_if<http_server_error>(&listening)) {
    return std::move(*error);
  }
  auto running = std::make_unique<impl>(std::move(routes), is_loopback(where), options);
  if (!running->start(std::move(std::get<detail::listen_socket>(listening)))) {
    return http_server_error{
        http_server_error::kind::failed,
        "cannot serve " + to_string(where) + ": out of file descriptors, memory or threads"};
  }
  return http_server{std::move(running)};
}

const endpoint& http_server::bound() const noexcept { return impl_->bound(); }

void http_server::stop() noexcept { impl_->stop(); }

} // namespace streamer

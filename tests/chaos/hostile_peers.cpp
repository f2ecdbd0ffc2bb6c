// E3: strangers at the HTTP and inspection ports while records flow.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
#include <catch2/catch_test_macros.hpp>
#include <cstdio>
#include <random>

#include <algorithm>
#include <atomic>
#include <fstream>
#include <thread>

#include "tests/chaos/support/fleet.hpp"
#include "tests/support/broker_fixture.hpp"
#include "tests/support/http_probe.hpp"
#include "tests/support/progress.hpp"

using namespace streamer::test;

namespace {

constexpr std::size_t slow_clients = 500;

// A socket that does not block and never complains.
class stranger {
 public:
  explicit stranger(std::uint16_t port) : port_{port} { connect(); }
  stranger(stranger&& other) noexcept
      : port_{other.port_}, fd_{std::exchange(other.fd_, -1)}, sent_{other.sent_} {}
  stranger(const stranger&) = delete;
  stranger& operator=(const stranger&) = delete;
  stranger& operator=(stranger&&) = delete;
  ~stranger() { close(); }

  // One more byte of a header that has no end; a new connection where this one was cut.
  void drip(std::uint64_t& cuts) {
    static constexpr std::string_view text = "GET /metrics HTTP/1.1\r\nHost: x\r\nX-Slow: ";
    const char next = sent_ < text.size() ? text[sent_] : 'a';
    ++sent_;
    if (!send(std::string_view{&next, 1})) {
      ++cuts;
      close();
      connect();
    }
  }
  // Whether the server answers or cuts the connection before long.
  [[nodiscard]] bool noticed(milliseconds patience) {
    pollfd one{fd_, POLLIN, 0};
    return ::poll(&one, 1, static_cast<int>(patience.count())) > 0;
  }
  // Everything at once, as far as it is taken.
  bool send(std::string_view bytes) {
    const auto taken = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    return taken >= 0 || errno == EAGAIN || errno == ENOTCONN || errno == EINPROGRESS;
  }

 private:
  void connect() {
    sent_ = 0;
    fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port_);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    static_cast<void>(::connect(fd_, reinterpret_cast<const sockaddr*>(&to), sizeof to));
  }
  void close() {
    if (fd_ >= 0) {
      ::close(fd_);
      fd_ = -1;
    }
  }
  std::uint16_t port_;
  int fd_ = -1;
  std::size_t sent_ = 0;
};

// What nobody should send to an HTTP server.
std::vector<std::string> garbage(std::mt19937_64& random) {
  std::string noise(20'000, '\0');
  std::generate(noise.begin(), noise.end(), [&] { return static_cast<char>(random()); });
  return {noise, "GET /" + std::string(200'000, 'a') + " HTTP/1.1\r\n\r\n",
          "GET /metrics HTTP/1.1\r\nX: " + std::string(500'000, 'b') + "\r\n\r\n",
          "GET /metrics HTTP/1.1\r\n" +
              [] {
                std::string many;
                for (int i = 0; i < 5'000; ++i) {
                  many += "A" + std::to_string(i) + ": 1\r\n";
                }
                return many;
              }() +
              "\r\n",
          "POST /metrics HTTP/1.1\r\nContent-Length: 18446744073709551615\r\n\r\n" + noise,
          "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n" + noise,
          "GET /healthz HTTP/9.9\r\n\r\n", "\r\n\r\n\r\n" + std::string(4096, '\n'),
          std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11) + noise,
          // To the inspection port: lengths that announce 2 GB to CAF and the most to TLS.
          std::string("\0\0\0\0\x7f\xff\xff\xff", 8) + std::string(24, '\0') + noise,
          std::string("\x16\x03\x01\xff\xff\x01\xff\xff\xff", 9) + noise};
}

// Whether `streamer inspect` still gets in and sees the partitions.
bool can_be_inspected(worker& w, const temporary_directory& directory) {
  static int runs = 0;
  process_options options;
  options.binary = binary_path(worker_binary::product);
  options.arguments = {"inspect", "tree", "--config", w.config_file().string()};
  options.directory = directory.path();
  options.output = directory / ("inspect-" + std::to_string(++runs));
  const auto ended = run(options, 30s);
  // Names are cut to the width of a terminal.
  return ended.status.code == 0 && ended.out.find("partition_co") != std::string::npos;
}

// Resident memory now, in KiB.
long resident_kib(pid_t id) {
  std::ifstream status{"/proc/" + std::to_string(id) + "/status"};
  std::string line;
  while (std::getline(status, line)) {
    if (line.starts_with("VmRSS:")) {
      return std::stol(line.substr(6));
    }
  }
  return 0;
}

// Memory under load goes up and down: the middle and the highest of many samples.
struct memory_use {
  long usual_kib = 0;
  long peak_kib = 0;
};

memory_use use_of(std::vector<long> samples) {
  REQUIRE_FALSE(samples.empty());
  std::sort(samples.begin(), samples.end());
  return {samples[samples.size() / 2], samples.back()};
}

memory_use memory_over(pid_t id, milliseconds time) {
  std::vector<long> samples;
  const auto until = std::chrono::steady_clock::now() + time;
  while (std::chrono::steady_clock::now() < until) {
    samples.push_back(resident_kib(id));
    std::this_thread::sleep_for(100ms);
  }
  return use_of(std::move(samples));
}

// Of the records sent between two moments, how many were out within a second.
double in_time(const run_record& run, std::int64_t from_ms, std::int64_t to_ms) {
  std::map<std::string, std::int64_t> out;
  for (const auto& record : run.output) {
    out.try_emplace(record.header_value(id_header).value_or(""), record.timestamp_ms);
  }
  double sent = 0;
  double came = 0;
  for (const auto& record : run.sent) {
    if (record.sent_ms >= from_ms && record.sent_ms < to_ms) {
      const auto found = out.find(record.id());
      sent += 1;
      came += found != out.end() && found->second - record.sent_ms <= 1000 ? 1 : 0;
    }
  }
  return sent == 0 ? 0 : came / sent;
}

// Local addresses (as /proc/net/tcp has them) of a process's listening sockets.
bool listens_on_loopback_only(std::uint16_t port) {
  bool found = false;
  for (const char* table : {"/proc/net/tcp", "/proc/net/tcp6"}) {
    std::ifstream lines{table};
    std::string line;
    while (std::getline(lines, line)) {
      std::array<char, 40> address{};
      unsigned local = 0;
      unsigned state = 0;
      if (std::sscanf(line.c_str(), " %*d: %39[0-9A-F]:%x %*[0-9A-F:] %x", address.data(), &local,
                      &state) == 3 &&
          local == port && state == 0x0A) {
        found = true;
        if (std::string_view{address.data()} != "0100007F") {
          return false;
        }
      }
    }
  }
  return found;
}

// The soft limit of open files, and what it may be raised to.
std::pair<std::uint64_t, std::uint64_t> descriptor_limits(pid_t id) {
  std::ifstream limits{"/proc/" + std::to_string(id) + "/limits"};
  std::string line;
  std::pair<std::uint64_t, std::uint64_t> found{};
  while (std::getline(limits, line)) {
    if (std::sscanf(line.c_str(), "Max open files %lu %lu", &found.first, &found.second) == 2) {
      break;
    }
  }
  return found;
}

void allow_many_sockets() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = std::min<rlim_t>(limit.rlim_max, 4096);
  setrlimit(RLIMIT_NOFILE, &limit);
}

} // namespace

TEST_CASE("E3: hostile peers on the HTTP and inspection ports under load", "[E3]") {
  chaos_report report{"E3", "500 slow clients and garbage on the HTTP and inspection ports"};
  const double rate = 2000;
  const auto length = scaled<milliseconds>(10s, 60s);
  report.rate(rate);
  report.needs("slow clients cut", 100);
  report.needs("garbage requests", 100);
  report.needs("connections refused at the inspection port", 100);
  allow_many_sockets();
  std::mt19937_64 random{report.seed()};
  const scenario s{shared_broker(), {.partitions = 6}};
  const auto inspection_port = free_port();
  auto config = brisk(s.forward());
  config.value("inspect.enabled", "true")
      .text("inspect.addr", "127.0.0.1:" + std::to_string(inspection_port));
  fleet workers{s, config, report};
  workers.add();
  workers.wait_until_ready();
  auto& w = workers.at(0);
  const auto [soft, hard] = descriptor_limits(w.program().id());
  CHECK(soft == std::min<std::uint64_t>(hard, 65'536));
  CHECK(listens_on_loopback_only(w.metrics_port()));
  CHECK(listens_on_loopback_only(w.admin_port()));
  CHECK(listens_on_loopback_only(inspection_port));
  const temporary_directory asking;
  CHECK(can_be_inspected(w, asking));
  ledger_producer load{s.bootstrap, s.source};
  load.start({.rate = rate, .seed = report.seed()});
  std::this_thread::sleep_for(5s); // until memory stands
  const auto calm_began = wall_ms();
  const auto before = memory_over(w.program().id(), scaled<milliseconds>(10s, 30s));
  const auto attacked = wall_ms();

  std::atomic<bool> stop{false};
  std::atomic<std::uint64_t> cuts{0};
  std::thread drip{[&] {
    std::vector<stranger> clients;
    for (std::size_t i = 0; i < slow_clients; ++i) {
      clients.emplace_back(i % 5 == 4   ? w.admin_port()
                           : i % 5 == 3 ? inspection_port
                                        : w.metrics_port());
    }
    std::uint64_t mine = 0;
    while (!stop) {
      for (auto& c : clients) {
        c.drip(mine);
      }
      cuts = mine;
      std::this_thread::sleep_for(100ms);
    }
  }};
  std::uint64_t thrown = 0;
  std::uint64_t noticed = 0;
  std::thread noise{[&] {
    const auto requests = garbage(random);
    while (!stop) {
      for (const auto port : {w.metrics_port(), w.admin_port(), inspection_port}) {
        stranger one{port};
        std::this_thread::sleep_for(2ms);
        one.send(requests[thrown++ % requests.size()]);
        noticed += one.noticed(50ms) ? 1U : 0U;
      }
    }
  }};
  milliseconds slowest{0};
  std::uint64_t asked = 0;
  std::uint64_t healthy = 0;
  std::vector<long> memory;
  const auto until = std::chrono::steady_clock::now() + length;
  while (std::chrono::steady_clock::now() < until) {
    const auto began = std::chrono::steady_clock::now();
    healthy += w.health() == 200 ? 1U : 0U;
    ++asked;
    slowest = std::max(slowest, std::chrono::duration_cast<milliseconds>(
                                    std::chrono::steady_clock::now() - began));
    memory.push_back(resident_kib(w.program().id()));
    std::this_thread::sleep_for(100ms);
  }
  const auto scraped = w.metrics();
  const bool inspected = can_be_inspected(w, asking);
  const auto attack_ended = wall_ms();
  stop = true;
  drip.join();
  noise.join();
  report.fault("slow clients cut", cuts);
  report.fault("garbage requests", noticed);
  report.fault(
      "connections refused at the inspection port",
      static_cast<std::uint64_t>(
          metric_sum(scraped, "streamer_inspection_connections_total", {{"result", "refused"}})
              .value_or(0)));
  const auto beside = use_of(std::move(memory));
  load.stop();
  s.wait_until_drained();
  workers.stop_all();
  const auto run = s.collect(load.sent());
  const auto p99_before = latency_percentile(run.sent, run.output, 0.99, calm_began, attacked);
  const auto p99 = latency_percentile(run.sent, run.output, 0.99, attacked, attack_ended);
  const auto usual = in_time(run, calm_began, attacked);
  const auto kept = in_time(run, attacked, attack_ended);
  report.figure("garbage requests thrown", static_cast<double>(thrown));
  report.figure("slowest /healthz, ms", static_cast<double>(slowest.count()));
  report.figure("memory grown, KiB", static_cast<double>(beside.usual_kib - before.usual_kib));
  report.figure("peak memory grown, KiB", static_cast<double>(beside.peak_kib - before.peak_kib));
  report.figure("P99 before, ms", static_cast<double>(p99_before));
  report.figure("P99 beside strangers, ms", static_cast<double>(p99));
  report.figure("records within a second, before", usual);
  report.figure("records within a second, beside strangers", kept);
  CHECK(healthy == asked);
  CHECK(asked > 20);
  CHECK_FALSE(scraped.empty());
  CHECK(inspected);
  CHECK(slowest <= scaled<milliseconds>(3s, 1s));
  CHECK(beside.usual_kib - before.usual_kib <= 8 * 1024);
  CHECK(beside.peak_kib - before.peak_kib <= 8 * 1024);
  // The data path: its rate, and its latency but for what the strangers themselves take of the
  // machine.
  REQUIRE(p99_before >= 0);
  CHECK(usual >= 0.99);
  CHECK(kept >= 0.99 * usual);
  CHECK(p99 <= scaled<std::int64_t>(5, 2) * p99_before + scaled<std::int64_t>(200, 10));
  report.require_invariants(s, run, {});
}

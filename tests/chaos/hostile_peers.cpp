// E3: strangers at the HTTP ports while records flow.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
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
  return {noise,
          "GET /" + std::string(200'000, 'a') + " HTTP/1.1\r\n\r\n",
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
          "GET /healthz HTTP/9.9\r\n\r\n",
          "\r\n\r\n\r\n" + std::string(4096, '\n'),
          std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11) + noise};
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

// The middle of several samples: memory under load goes up and down.
long usual_memory(pid_t id, milliseconds time) {
  std::vector<long> samples;
  const auto until = std::chrono::steady_clock::now() + time;
  while (std::chrono::steady_clock::now() < until) {
    samples.push_back(resident_kib(id));
    std::this_thread::sleep_for(100ms);
  }
  std::nth_element(samples.begin(), samples.begin() + static_cast<long>(samples.size() / 2),
                   samples.end());
  return samples[samples.size() / 2];
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

TEST_CASE("E3: hostile peers on the HTTP ports under load", "[E3]") {
  chaos_report report{"E3", "500 slow clients and garbage on the HTTP ports"};
  const double rate = 2000;
  const auto length = scaled<milliseconds>(10s, 60s);
  report.rate(rate);
  report.needs("slow clients cut", 100);
  report.needs("garbage requests", 100);
  allow_many_sockets();
  std::mt19937_64 random{report.seed()};
  const scenario s{shared_broker(), {.partitions = 6}};
  fleet workers{s, brisk(s.forward()), report};
  workers.add();
  workers.wait_until_ready();
  auto& w = workers.at(0);
  const auto [soft, hard] = descriptor_limits(w.program().id());
  CHECK(soft == std::min<std::uint64_t>(hard, 65'536));
  CHECK(listens_on_loopback_only(w.metrics_port()));
  CHECK(listens_on_loopback_only(w.admin_port()));
  ledger_producer load{s.bootstrap, s.source};
  load.start({.rate = rate, .seed = report.seed()});
  std::this_thread::sleep_for(5s); // until memory stands
  const auto memory_before = usual_memory(w.program().id(), 3s);

  std::atomic<bool> stop{false};
  std::atomic<std::uint64_t> cuts{0};
  std::thread drip{[&] {
    std::vector<stranger> clients;
    for (std::size_t i = 0; i < slow_clients; ++i) {
      clients.emplace_back(i % 5 == 4 ? w.admin_port() : w.metrics_port());
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
  std::thread noise{[&] {
    const auto requests = garbage(random);
    while (!stop) {
      for (const auto port : {w.metrics_port(), w.admin_port()}) {
        stranger one{port};
        std::this_thread::sleep_for(2ms);
        one.send(requests[thrown++ % requests.size()]);
        std::this_thread::sleep_for(8ms);
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
  stop = true;
  drip.join();
  noise.join();
  report.fault("slow clients cut", cuts);
  report.fault("garbage requests", thrown);
  std::nth_element(memory.begin(), memory.begin() + static_cast<long>(memory.size() / 2),
                   memory.end());
  const auto grown = memory[memory.size() / 2] - memory_before;
  load.stop();
  s.wait_until_drained();
  workers.stop_all();
  const auto run = s.collect(load.sent());
  std::vector<std::int64_t> latency;
  std::map<std::string, std::int64_t> sent_at;
  for (const auto& record : run.sent) {
    sent_at[record.id()] = record.sent_ms;
  }
  for (const auto& record : run.output) {
    latency.push_back(record.timestamp_ms - sent_at[record.header_value(id_header).value_or("")]);
  }
  std::sort(latency.begin(), latency.end());
  report.figure("slowest /healthz, ms", static_cast<double>(slowest.count()));
  report.figure("memory grown, KiB", static_cast<double>(grown));
  report.figure("P99 of the records, ms", static_cast<double>(latency[latency.size() * 99 / 100]));
  CHECK(healthy == asked);
  CHECK(asked > 20);
  CHECK_FALSE(scraped.empty());
  CHECK(slowest <= scaled<milliseconds>(3s, 1s));
  CHECK(grown <= 8 * 1024);
  report.require_invariants(s, run, {});
}

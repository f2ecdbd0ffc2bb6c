// `streamer inspect` and the port that it asks, between processes, on the embedded broker.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/certificates.hpp"
#include "tests/support/worker.hpp"

using namespace streamer::test;
using nlohmann::json;

namespace {

/// What a process is started with to let itself be inspected.
struct place {
  explicit place(const temporary_directory& in) : directory{in} {}

  [[nodiscard]] std::vector<std::string> settings() const {
    return {"--set", "inspect.enabled=true",
            "--set", "inspect.addr=" + address(),
            "--set", "runtime.state_dir=" + (directory / "state").string(),
            "--set", "observability.metrics_addr=127.0.0.1:0",
            "--set", "admin.addr=127.0.0.1:0"};
  }
  [[nodiscard]] std::string address() const { return "127.0.0.1:" + std::to_string(port); }

  /// Runs `streamer inspect …` with the same configuration.
  [[nodiscard]] finished_process inspect(std::vector<std::string> arguments) const {
    return run(inspecting(std::move(arguments)), 60s);
  }
  [[nodiscard]] process_options inspecting(std::vector<std::string> arguments) const {
    static int runs = 0;
    process_options options;
    options.binary = binary_path(worker_binary::product);
    options.arguments = {"inspect"};
    options.arguments.insert(options.arguments.end(), arguments.begin(), arguments.end());
    for (const auto& s : settings())
      options.arguments.push_back(s);
    options.directory = directory.path();
    options.output = directory / ("inspect-" + std::to_string(++runs));
    return options;
  }

  const temporary_directory& directory;
  std::uint16_t port = free_port();
};

process_options started(const place& at, std::vector<std::string> arguments) {
  process_options options;
  options.binary = binary_path(worker_binary::product);
  options.arguments = std::move(arguments);
  for (const auto& s : at.settings())
    options.arguments.push_back(s);
  options.directory = at.directory.path();
  options.output = at.directory / "worker";
  return options;
}

std::optional<json> tree_of(const place& at) {
  const auto asked = at.inspect({"--json"});
  if (asked.status.code != 0) return std::nullopt;
  return json::parse(asked.out);
}

json wait_for_tree(const place& at, process& worker, const std::string& kind) {
  std::optional<json> tree;
  const bool there = wait_until(
      [&] {
        if (!worker.running()) FAIL("it has ended: " << worker.stderr_text());
        tree = tree_of(at);
        return tree && std::ranges::any_of((*tree)["actors"],
                                           [&](const json& a) { return a["kind"] == kind; });
      },
      60s, 200ms);
  if (!there) FAIL("no " << kind << " in the tree; " << worker.stderr_text());
  return *tree;
}

std::uint64_t handled_by(const json& tree, const std::string& kind) {
  std::uint64_t sum = 0;
  for (const auto& a : tree["actors"])
    if (a["kind"] == kind) sum += a["messages_handled"].get<std::uint64_t>();
  return sum;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in{text};
  for (std::string line; std::getline(in, line);)
    lines.push_back(line);
  return lines;
}

void check_one_line(const finished_process& ended, int code,
                    const std::vector<std::string>& named) {
  INFO(ended.out << ended.err);
  CHECK(ended.status.code == code);
  CHECK(ended.out.empty());
  CHECK(std::ranges::count(ended.err, '\n') == 1);
  for (const auto& part : named) {
    INFO(part);
    CHECK(ended.err.find(part) != std::string::npos);
  }
}

// Resident memory in KiB: the middle of several samples.
long usual_memory(pid_t id) {
  std::vector<long> samples;
  for (int i = 0; i < 15; ++i) {
    std::ifstream status{"/proc/" + std::to_string(id) + "/status"};
    for (std::string line; std::getline(status, line);)
      if (line.starts_with("VmRSS:")) samples.push_back(std::stol(line.substr(6)));
    std::this_thread::sleep_for(100ms);
  }
  REQUIRE_FALSE(samples.empty());
  std::ranges::nth_element(samples, samples.begin() + static_cast<long>(samples.size() / 2));
  return samples[samples.size() / 2];
}

bool has_thread(pid_t id, const std::string& name) {
  for (const auto& task :
       std::filesystem::directory_iterator{"/proc/" + std::to_string(id) + "/task"}) {
    if (read_file(task.path() / "comm") == name + "\n") return true;
  }
  return false;
}

/// Connected sockets that say something and stay.
class strangers {
 public:
  ~strangers() {
    for (const int fd : sockets_)
      ::close(fd);
  }
  void add(std::uint16_t port, std::string_view bytes) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0) {
      static_cast<void>(::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT));
    }
    sockets_.push_back(fd);
  }

 private:
  std::vector<int> sockets_;
};

// A BASP header that announces 2 GB less a byte: what CAF without TLS would make room for.
std::string huge_basp() {
  return std::string("\0\0\0\0\x7f\xff\xff\xff", 8) + std::string(24, '\0');
}

// A TLS record and a handshake message of the largest lengths that can be written.
std::string huge_tls() {
  return std::string("\x16\x03\x01\xff\xff\x01\xff\xff\xff", 9) + std::string(5'000, 'x');
}

/// Shakes hands with a certificate of `from`, and announces 2 GB; false: was not let in.
bool announce_as(const key_pair& from, std::uint16_t port) {
  std::signal(SIGPIPE, SIG_IGN);
  SSL_CTX* context = SSL_CTX_new(TLS_client_method());
  SSL_CTX_use_certificate_chain_file(context, from.certificate.c_str());
  SSL_CTX_use_PrivateKey_file(context, from.key.c_str(), SSL_FILETYPE_PEM);
  BIO* bio = BIO_new_ssl_connect(context);
  BIO_set_conn_hostname(bio, ("127.0.0.1:" + std::to_string(port)).c_str());
  std::array<char, 64> answer{};
  const bool in = BIO_do_connect(bio) == 1 && BIO_read(bio, answer.data(), 36) > 0;
  if (in) {
    auto header = huge_basp();
    header[0] = 1; // client handshake
    BIO_write(bio, header.data(), static_cast<int>(header.size()));
    BIO_read(bio, answer.data(), 36);
  }
  BIO_free_all(bio);
  SSL_CTX_free(context);
  return in;
}

} // namespace

TEST_CASE("a worker under load is inspected, and attacked, between processes") {
  const temporary_directory directory;
  const place at{directory};
  process worker{started(at, {"--role", "all", "--load-test", "--embedded", "--rate", "1000",
                              "--duration", "30", "--tenants", "3"})};
  const auto first = wait_for_tree(at, worker, "handler");

  CHECK(first["process"] == worker.id());
  for (const auto& a : first["actors"]) {
    CHECK(a["restarts"] == 0);
    CHECK((a["parent"].is_null() ? a["name"] == "root_supervisor" : true));
  }
  const auto text = at.inspect({"tree"});
  CHECK(text.status.code == 0);
  CHECK(text.err.empty());
  for (const auto& line : lines_of(text.out)) {
    CHECK(line.size() <= 80);
  }
  CHECK(text.out.find("\nroot_supervisor ") != std::string::npos);
  CHECK(text.out.find("\n    partition_consumer/") != std::string::npos);
  const auto producer = at.inspect({"actor", "producer"});
  CHECK(producer.out.find("supervisor:         root_supervisor\n") != std::string::npos);
  const auto one = at.inspect({"actor", "producer", "--json"});
  CHECK(json::parse(one.out)["kind"] == "producer");
  check_one_line(at.inspect({"actor", "retry_superviser"}), 1,
                 {"'retry_superviser'", "near it: retry_supervisor"});

  process watching{at.inspecting({"watch", "--json"})};
  CHECK(wait_until([&] { return lines_of(watching.stdout_text()).size() >= 3; }, 30s));

  const auto before = usual_memory(worker.id());
  const auto handled = handled_by(*tree_of(at), "partition_consumer");
  certificate_authority ca{directory.path(), "stranger"};
  const auto foreign = ca.issue("foreign");
  strangers all;
  for (int i = 0; i < 100; ++i) {
    all.add(at.port, "");
    all.add(at.port, std::string(300, static_cast<char>(i)));
    all.add(at.port, "GET / HTTP/1.1\r\n\r\n");
    all.add(at.port, huge_basp());
    all.add(at.port, huge_tls());
    all.add(at.port, std::string("\x16\x03\x01\x02\x00\x01", 6));
  }
  for (int i = 0; i < 10; ++i) {
    CHECK_FALSE(announce_as(foreign, at.port));
  }
  // Who has a certificate is not believed what he announces either.
  const auto own = directory / "state" / "inspect";
  for (int i = 0; i < 6; ++i) {
    CHECK(announce_as({own / "client.pem", own / "client.key", {}}, at.port));
  }
  const auto grown = usual_memory(worker.id()) - before;
  INFO("grown by " << grown << " KiB");
  CHECK((sanitized || grown <= 8 * 1024));
  const auto after = tree_of(at);
  REQUIRE(after);
  CHECK(handled_by(*after, "partition_consumer") > handled);
  for (const auto& a : (*after)["actors"]) {
    CHECK(a["restarts"] == 0);
  }

  const auto seen = lines_of(watching.stdout_text()).size();
  CHECK(wait_until([&] { return lines_of(watching.stdout_text()).size() > seen; }, 30s));
  watching.signal(SIGINT);
  const auto stopped = watching.wait(20s);
  REQUIRE(stopped);
  CHECK(stopped->code == 0);
  const auto status = worker.wait(120s);
  REQUIRE(status);
  INFO(worker.stdout_text() << worker.stderr_text());
  CHECK(status->code == 0); // its own ledger: nothing lost, duplicated or out of order
}

TEST_CASE("somebody who watches does not hold up a worker's end") {
  const temporary_directory directory;
  const place at{directory};
  process worker{started(at, {"--role", "consumer", "--embedded"})};
  wait_for_tree(at, worker, "partition_consumer");
  CHECK(has_thread(worker.id(), "caf.io.mpx"));
  process watching{at.inspecting({"watch"})};
  REQUIRE(wait_until([&] { return lines_of(watching.stdout_text()).size() > 5; }, 30s));
  worker.signal(SIGTERM);
  const auto status = worker.wait(30s);
  REQUIRE(status);
  CHECK(status->code == 0);
  CHECK(worker.stderr_text().find("survivor") == std::string::npos);
  CHECK(wait_until([&] { return !watching.stderr_text().empty(); }, 30s));
  CHECK(watching.running()); // it waits for the next worker
  watching.signal(SIGTERM);
  const auto ended = watching.wait(20s);
  REQUIRE(ended);
  CHECK(ended->code == 0);
}

TEST_CASE("without inspect.enabled there is no port, no certificate and no network thread") {
  const temporary_directory directory;
  const place at{directory};
  auto options = started(at, {"--role", "consumer", "--embedded"});
  std::ranges::replace(options.arguments, std::string{"inspect.enabled=true"},
                       std::string{"inspect.enabled=false"});
  const auto metrics = free_port();
  std::ranges::replace(options.arguments, std::string{"observability.metrics_addr=127.0.0.1:0"},
                       "observability.metrics_addr=127.0.0.1:" + std::to_string(metrics));
  process worker{options};
  REQUIRE(wait_until([&] { return http_get(metrics, "/readyz").status == 200; }, 30s));
  CHECK_FALSE(has_thread(worker.id(), "caf.io.mpx"));
  CHECK_FALSE(std::filesystem::exists(directory / "state" / "inspect"));
  check_one_line(at.inspect({}), 1, {"no certificate in", "runtime.state_dir"});
}

TEST_CASE("whoever cannot inspect is told why, in one line") {
  const temporary_directory directory;
  const temporary_directory elsewhere;
  const place at{directory};
  process worker{started(at, {"--role", "consumer", "--embedded"})};
  wait_for_tree(at, worker, "root_supervisor");

  const auto nobody = std::to_string(free_port());
  check_one_line(at.inspect({"--inspect-addr", "127.0.0.1:" + nobody}), 1,
                 {"127.0.0.1:" + nobody, "inspect.enabled"});
  place other{elsewhere};
  other.port = at.port;
  check_one_line(other.inspect({}), 1, {"no certificate in", "runtime.state_dir"});

  // Another authority: the worker's certificate is none of its own.
  certificate_authority ca{elsewhere.path(), "ca"};
  const auto mine = ca.issue("mine");
  const std::vector<std::string> files{"--set", "inspect.certificate=" + mine.certificate.string(),
                                       "--set", "inspect.key=" + mine.key.string(),
                                       "--set", "inspect.ca=" + ca.file().string()};
  check_one_line(other.inspect(files), 1, {at.address(), "does not accept"});
  // The worker's authority, but a certificate of another: the worker refuses it.
  const auto own = directory / "state" / "inspect";
  auto half = files;
  half[5] = "inspect.ca=" + (own / "ca.pem").string();
  check_one_line(other.inspect(half), 2, {"inspect.certificate", "refused by inspect.ca"});
  check_one_line(other.inspect({files[0], files[1]}), 2, {"inspect.key", "inspect.certificate"});
}

TEST_CASE("a worker with wrong files of [inspect] does not start, and names the key") {
  const temporary_directory directory;
  const place at{directory};
  certificate_authority ca{directory.path(), "ca"};
  const auto good = ca.issue("good", {"DNS:localhost"});
  const auto second = ca.issue("second", {"DNS:localhost"});
  const auto start = [&](std::vector<std::string> more) {
    static int runs = 0;
    auto options = started(at, {"--role", "consumer", "--embedded"});
    options.arguments.insert(options.arguments.end(), more.begin(), more.end());
    options.output = directory / ("refused-" + std::to_string(++runs));
    return run(options, 30s);
  };
  const auto refused =
      start({"--set", "inspect.certificate=" + good.certificate.string(), "--set",
             "inspect.key=" + second.key.string(), "--set", "inspect.ca=" + ca.file().string()});
  CHECK(refused.status.code == 2);
  CHECK(refused.err.find("inspect.key = \"" + second.key.string()) != std::string::npos);
  const auto half = start({"--set", "inspect.ca=" + ca.file().string()});
  CHECK(half.status.code == 2);
  CHECK(half.err.find("inspect.certificate") != std::string::npos);
  CHECK(half.err.find("inspect.key") != std::string::npos);
}

TEST_CASE("on a terminal, watch overwrites itself, in 80 columns, and obeys NO_COLOR") {
  const temporary_directory directory;
  const place at{directory};
  process worker{started(at, {"--role", "consumer", "--embedded"})};
  wait_for_tree(at, worker, "partition_consumer");
  const auto watched = [&](bool colours) {
    const int master = ::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
    REQUIRE(master >= 0);
    REQUIRE(::grantpt(master) == 0);
    REQUIRE(::unlockpt(master) == 0);
    std::array<char, 64> slave{};
    REQUIRE(::ptsname_r(master, slave.data(), slave.size()) == 0);
    const int keep = ::open(slave.data(), O_RDWR | O_NOCTTY | O_CLOEXEC);
    winsize size{};
    size.ws_col = 80;
    size.ws_row = 20;
    REQUIRE(::ioctl(keep, TIOCSWINSZ, &size) == 0);
    auto options = at.inspecting({"watch"});
    std::vector<std::string> words{"-c", "exec \"$@\" > " + std::string{slave.data()}, "sh",
                                   options.binary.string()};
    words.insert(words.end(), options.arguments.begin(), options.arguments.end());
    options.binary = "/bin/sh";
    options.arguments = words;
    options.environment = {{"TERM", "xterm"}, {"NO_COLOR", colours ? "" : "1"}};
    process watching{options};
    std::string shown;
    const auto pages = [&] {
      std::array<char, 8192> some{};
      for (ssize_t got = 0; (got = ::read(master, some.data(), some.size())) > 0;)
        shown.append(some.data(), static_cast<std::size_t>(got));
      std::size_t count = 0;
      for (auto from = shown.find("\x1b[H\x1b[J"); from != std::string::npos;
           from = shown.find("\x1b[H\x1b[J", from + 1))
        ++count;
      return count;
    };
    CHECK(wait_until([&] { return pages() >= 3; }, 30s));
    watching.signal(SIGINT);
    const auto ended = watching.wait(20s);
    REQUIRE(ended);
    CHECK(ended->code == 0);
    ::close(keep);
    ::close(master);
    return shown;
  };
  auto plain = watched(false);
  CHECK(plain.find("\x1b[1m") == std::string::npos);
  CHECK(watched(true).find("\x1b[1m") != std::string::npos);
  std::size_t longest = 0;
  for (std::size_t from = plain.find("\x1b[H\x1b[J"); from != std::string::npos;) {
    const auto next = plain.find("\x1b[H\x1b[J", from + 6);
    const auto lines = lines_of(plain.substr(from + 6, next - from - 6));
    CHECK(lines.size() <= 20);
    for (auto line : lines) {
      std::erase(line, '\r');
      const auto dots = std::ranges::count(line, '\xe2'); // an ellipsis is three bytes
      longest = std::max(longest, line.size() - 2 * static_cast<std::size_t>(dots));
    }
    from = next;
  }
  CHECK(longest <= 80);
  CHECK(longest > 40);
}

#include "tests/support/http_probe.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdlib>
#include <iterator>
#include <random>
#include <sstream>

namespace streamer::test {
namespace {

class loopback_socket {
 public:
  loopback_socket() : descriptor_{socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)} {}
  loopback_socket(const loopback_socket&) = delete;
  loopback_socket& operator=(const loopback_socket&) = delete;
  ~loopback_socket() { close(descriptor_); }
  [[nodiscard]] int descriptor() const { return descriptor_; }

  [[nodiscard]] bool connect_to(std::uint16_t port) const {
    const timeval limit{5, 0};
    setsockopt(descriptor_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    setsockopt(descriptor_, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    const auto address = loopback(port);
    return connect(descriptor_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  }
  [[nodiscard]] bool bind_to(std::uint16_t port) const {
    const auto address = loopback(port);
    return bind(descriptor_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  }

 private:
  static sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
  }
  int descriptor_;
};

// For this process and as long as it lives: false if it, or another test beside it, has been given
// the port. A name in the abstract namespace (unix(7)) goes with the process, however it ends.
bool claim(std::uint16_t port) {
  const int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  const auto text = "streamer-test-port-" + std::to_string(port);
  std::ranges::copy(text, std::begin(name.sun_path) + 1);
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + text.size());
  if (bind(descriptor, reinterpret_cast<const sockaddr*>(&name), size) == 0) {
    return true;
  }
  close(descriptor);
  return false;
}

// `name="value",…` up to the closing brace; values are escaped as Prometheus does.
std::map<std::string, std::string> labels_of(std::string_view text) {
  std::map<std::string, std::string> labels;
  std::size_t at = 0;
  while (at < text.size()) {
    const auto equals = text.find("=\"", at);
    if (equals == std::string_view::npos) {
      break;
    }
    const auto name = std::string{text.substr(at, equals - at)};
    std::string value;
    for (at = equals + 2; at < text.size() && text[at] != '"'; ++at) {
      if (text[at] == '\\' && at + 1 < text.size()) {
        ++at;
        value += text[at] == 'n' ? '\n' : text[at];
      } else {
        value += text[at];
      }
    }
    labels.emplace(name, std::move(value));
    at = std::min(text.size(), at + 1);
    if (at < text.size() && text[at] == ',') {
      ++at;
    }
  }
  return labels;
}

// `rest`: further headers, the empty line and the body.
http_reply ask(std::uint16_t port, const std::string& method, const std::string& path,
               const std::string& authorization, const std::string& rest) {
  const loopback_socket connection;
  if (!connection.connect_to(port)) {
    return {};
  }
  const auto request =
      method + ' ' + path + " HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n" +
      (authorization.empty() ? "" : "Authorization: " + authorization + "\r\n") + rest;
  if (send(connection.descriptor(), request.data(), request.size(), MSG_NOSIGNAL) !=
      static_cast<ssize_t>(request.size())) {
    return {};
  }
  std::string answer;
  std::array<char, 65'536> buffer{};
  for (;;) {
    const auto size = recv(connection.descriptor(), buffer.data(), buffer.size(), 0);
    if (size <= 0) {
      break;
    }
    answer.append(buffer.data(), static_cast<std::size_t>(size));
  }
  const auto body = answer.find("\r\n\r\n");
  if (!answer.starts_with("HTTP/1.1 ") || body == std::string::npos) {
    return {};
  }
  return {std::atoi(answer.c_str() + 9), answer.substr(body + 4)};
}

} // namespace

http_reply http_get(std::uint16_t port, const std::string& path, const std::string& authorization) {
  return ask(port, "GET", path, authorization, "\r\n");
}

http_reply http_post(std::uint16_t port, const std::string& path, const std::string& body,
                     const std::string& authorization) {
  return ask(port, "POST", path, authorization,
             "Content-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) +
                 "\r\n\r\n" + body);
}

std::vector<sample> parse_metrics(std::string_view page) {
  std::vector<sample> samples;
  std::istringstream lines{std::string{page}};
  for (std::string line; std::getline(lines, line);) {
    const auto space = line.rfind(' ');
    if (line.empty() || line.front() == '#' || space == std::string::npos) {
      continue;
    }
    sample one;
    const auto brace = line.find('{');
    one.name = line.substr(0, std::min(brace, space));
    if (brace < space) {
      const auto end = line.rfind('}');
      one.labels = labels_of(std::string_view{line}.substr(brace + 1, end - brace - 1));
    }
    one.value = std::strtod(line.c_str() + space + 1, nullptr);
    samples.push_back(std::move(one));
  }
  return samples;
}

std::optional<double> metric_sum(const std::vector<sample>& samples, std::string_view name,
                                 const std::map<std::string, std::string>& labels) {
  std::optional<double> sum;
  for (const auto& one : samples) {
    const bool wanted =
        one.name == name && std::all_of(labels.begin(), labels.end(), [&](const auto& label) {
          const auto found = one.labels.find(label.first);
          return found != one.labels.end() && found->second == label.second;
        });
    if (wanted) {
      sum = sum.value_or(0) + one.value;
    }
  }
  return sum;
}

std::uint16_t free_port() {
  // Below the range of outgoing connections, and beside that of scripts/kafka: neither of them
  // takes it before the worker does.
  std::random_device random;
  for (;;) {
    const auto port = static_cast<std::uint16_t>(26'000 + random() % 6'000);
    if (loopback_socket{}.bind_to(port) && claim(port)) {
      return port;
    }
  }
}

} // namespace streamer::test

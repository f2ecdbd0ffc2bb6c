#include "tools/transform_child.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "tools/text/numbers.hpp"

namespace streamer::tools {
namespace {

using clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

// A command that has been told to end gets this long for it.
constexpr milliseconds farewell{1'000};
constexpr std::size_t piece = 64 * 1024;

/// Both ends of a pipe that no other child inherits.
struct pipe_ends {
  int read = -1;
  int write = -1;
};

result<pipe_ends> new_pipe() {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) {
    return result<pipe_ends>::failure(std::string{"no pipe for --transform: "} +
                                      std::strerror(errno));
  }
  return pipe_ends{ends[0], ends[1]};
}

void set_non_blocking(int descriptor) {
  fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK);
}

/// Starts it in a process group of its own; an error number, or 0.
int spawn(const std::string& command, const pipe_ends& in, const pipe_ends& out, pid_t& child) {
  posix_spawn_file_actions_t files{};
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_adddup2(&files, in.read, STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&files, out.write, STDOUT_FILENO);
  posix_spawnattr_t attributes{};
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setpgroup(&attributes, 0);
  sigset_t restored{};
  sigemptyset(&restored);
  for (const int number : {SIGPIPE, SIGINT, SIGTERM})
    sigaddset(&restored, number);
  posix_spawnattr_setsigdefault(&attributes, &restored);
  sigset_t open{};
  sigemptyset(&open);
  posix_spawnattr_setsigmask(&attributes, &open);
  posix_spawnattr_setflags(&attributes,
                           POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
  std::array<std::string, 3> words{"sh", "-c", command};
  std::array<char*, 4> arguments{words[0].data(), words[1].data(), words[2].data(), nullptr};
  const int error = posix_spawn(&child, "/bin/sh", &files, &attributes, arguments.data(), environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&files);
  return error;
}

} // namespace

result<std::unique_ptr<transform_child>> transform_child::start(const std::string& command,
                                                                milliseconds patience) {
  using answer = result<std::unique_ptr<transform_child>>;
  const auto in = new_pipe();
  if (!in) return answer::failure(in.error());
  const auto out = new_pipe();
  if (!out) {
    close(in.value().read);
    close(in.value().write);
    return answer::failure(out.error());
  }
  pid_t child = -1;
  const int error = spawn(command, in.value(), out.value(), child);
  close(in.value().read);
  close(out.value().write);
  if (error != 0) {
    close(in.value().write);
    close(out.value().read);
    return answer::failure(std::string{"cannot start the --transform command: "} +
                           std::strerror(error));
  }
  signal(SIGPIPE, SIG_IGN);
  set_non_blocking(in.value().write);
  set_non_blocking(out.value().read);
  return std::unique_ptr<transform_child>{
      new transform_child{child, in.value().write, out.value().read, patience}};
}

transform_child::transform_child(pid_t child, int to, int from, milliseconds patience)
    : child_{child}, to_{to}, from_{from}, patience_{patience} {}

transform_child::~transform_child() {
  close(to_);
  close(from_);
  if (child_ > 0) {
    // The end of its input is its request to end.
    const auto deadline = clock::now() + farewell;
    while (waitpid(child_, nullptr, WNOHANG) == 0) {
      if (clock::now() >= deadline) {
        kill(-child_, SIGKILL);
        waitpid(child_, nullptr, 0);
        break;
      }
      poll(nullptr, 0, 10);
    }
  }
  signal(SIGPIPE, SIG_DFL);
}

result<std::string> transform_child::ask(std::string_view line) {
  using answer = result<std::string>;
  std::string request{line};
  request += '\n';
  std::string_view rest = request;
  const auto deadline = clock::now() + patience_;
  for (std::size_t looked = 0;;) {
    // An answer counts when its question has been taken.
    if (const auto end = read_.find('\n', looked); end != read_.npos && rest.empty()) {
      std::string found = read_.substr(0, end);
      read_.erase(0, end + 1);
      return found;
    }
    looked = rest.empty() ? read_.size() : 0;
    if (read_.size() > most_answer) {
      return answer::failure("the --transform command answered with a line of more than " +
                             grouped(static_cast<std::int64_t>(most_answer)) + " bytes");
    }
    const auto left = std::chrono::ceil<milliseconds>(deadline - clock::now());
    if (left.count() <= 0) {
      return answer::failure("the --transform command gave no answer within " +
                             std::to_string(patience_.count()) + " ms; see --transform-timeout-ms");
    }
    std::array<pollfd, 2> waits{pollfd{from_, POLLIN, 0},
                                pollfd{rest.empty() ? -1 : to_, POLLOUT, 0}};
    if (poll(waits.data(), waits.size(), static_cast<int>(left.count())) < 0 && errno != EINTR) {
      return answer::failure(std::string{"cannot wait for the --transform command: "} +
                             std::strerror(errno));
    }
    if (waits[1].revents != 0 && !write_some(rest)) return answer::failure(how_it_ended());
    if (waits[0].revents == 0) continue;
    std::array<char, piece> buffer{};
    const auto count = read(from_, buffer.data(), buffer.size());
    if (count == 0) return answer::failure(how_it_ended());
    if (count > 0) read_.append(buffer.data(), static_cast<std::size_t>(count));
  }
}

bool transform_child::write_some(std::string_view& rest) const {
  const auto count = write(to_, rest.data(), rest.size());
  if (count < 0) return errno == EAGAIN || errno == EINTR;
  rest.remove_prefix(static_cast<std::size_t>(count));
  return true;
}

std::string transform_child::how_it_ended() {
  int status = 0;
  const auto deadline = clock::now() + farewell;
  while (waitpid(child_, &status, WNOHANG) == 0) {
    if (clock::now() >= deadline) return "the --transform command closed its output";
    poll(nullptr, 0, 10);
  }
  child_ = -1;
  if (WIFSIGNALED(status)) {
    return "the --transform command was ended by signal " + std::to_string(WTERMSIG(status));
  }
  return "the --transform command ended with exit code " + std::to_string(WEXITSTATUS(status)) +
         " instead of an answer";
}

} // namespace streamer::tools

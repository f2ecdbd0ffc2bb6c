#include "runtime/handlers/subprocess/child_process.hpp"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

namespace streamer {
namespace {

constexpr int pipe_bytes = 1 << 20;

struct pipe_ends {
  descriptor read;
  descriptor write;
};

// Both ends close on exec; the standard streams are made from them.
std::optional<pipe_ends> make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
    return std::nullopt;
  }
  return pipe_ends{descriptor{ends[0]}, descriptor{ends[1]}};
}

void do_not_block(const descriptor& end) {
  ::fcntl(end.get(), F_SETFL, ::fcntl(end.get(), F_GETFL) | O_NONBLOCK);
}

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> result;
  for (const auto& text : texts) {
    result.push_back(const_cast<char*>(text.c_str()));
  }
  result.push_back(nullptr);
  return result;
}

// What failed in the child before it became the program.
struct child_failure {
  int error = 0;
  bool directory = false;
};

// A standard stream's number may be one of the ends': those are moved out of the way first.
int out_of_the_way(int end) { return ::fcntl(end, F_DUPFD, 3); }

// Only calls that are safe between fork and exec in a process with threads.
[[noreturn]] void become(const char* executable, char* const* arguments, char* const* environment,
                         const char* directory, int in, int out, int err, int report,
                         pid_t parent) {
  child_failure failure;
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  // What is ignored stays ignored over exec.
  struct sigaction usual {};
  usual.sa_handler = SIG_DFL;
  for (int number = 1; number < NSIG; ++number) {
    sigaction(number, &usual, nullptr);
  }
  setpgid(0, 0);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) {
    _exit(126); // it ended before the line above
  }
  in = out_of_the_way(in);
  out = out_of_the_way(out);
  err = out_of_the_way(err);
  report = out_of_the_way(report);
  dup2(in, 0);
  dup2(out, 1);
  dup2(err, 2);
  dup2(report, 3);
  fcntl(3, F_SETFD, FD_CLOEXEC);
  // Descriptors of libraries may lack the flag that closes them on exec.
  close_range(4, ~0U, 0);
  if (*directory != '\0' && chdir(directory) != 0) {
    failure = {errno, true};
  } else {
    execve(executable, arguments, environment);
    failure.error = errno;
  }
  [[maybe_unused]] const auto told = write(3, &failure, sizeof failure);
  _exit(127);
}

} // namespace

std::variant<child_process, spawn_failure> child_process::start(const child_command& command) {
  auto in = make_pipe();
  auto out = make_pipe();
  auto err = make_pipe();
  auto report = make_pipe();
  if (!in || !out || !err || !report) {
    return spawn_failure{std::string{"no pipe to it: "} + std::strerror(errno)};
  }
  const auto arguments = pointers(command.arguments);
  const auto environment = pointers(command.environment);
  const auto parent = ::getpid();
  child_process child;
  child.id_ = ::fork();
  if (child.id_ == 0) {
    become(command.executable.c_str(), arguments.data(), environment.data(),
           command.directory.c_str(), in->read.get(), out->write.get(), err->write.get(),
           report->write.get(), parent);
  }
  if (child.id_ < 0) {
    return spawn_failure{std::string{"no process for it: "} + std::strerror(errno)};
  }
  setpgid(child.id_, child.id_); // whoever of the two comes first
  report->write.close();
  child_failure failure;
  ssize_t size = 0;
  do {
    size = ::read(report->read.get(), &failure, sizeof failure);
  } while (size < 0 && errno == EINTR);
  if (size == static_cast<ssize_t>(sizeof failure)) {
    return spawn_failure{
        (failure.directory ? "the directory " + command.directory : command.executable) + ": " +
        std::strerror(failure.error)};
  }
  child.input_ = std::move(in->write);
  child.output_ = std::move(out->read);
  child.errors_ = std::move(err->read);
  for (const auto* end : {&child.input_, &child.output_, &child.errors_}) {
    do_not_block(*end);
  }
  // More room means fewer turns; the kernel may refuse it.
  ::fcntl(child.input_.get(), F_SETPIPE_SZ, pipe_bytes);
  ::fcntl(child.output_.get(), F_SETPIPE_SZ, pipe_bytes);
#ifdef SYS_pidfd_open
  child.watch_ = descriptor{static_cast<int>(::syscall(SYS_pidfd_open, child.id_, 0))};
#endif
  return child;
}

child_process::child_process(child_process&& other) noexcept
    : id_{std::exchange(other.id_, -1)},
      end_{other.end_},
      input_{std::move(other.input_)},
      output_{std::move(other.output_)},
      errors_{std::move(other.errors_)},
      watch_{std::move(other.watch_)} {}

child_process::~child_process() {
  if (id_ < 0 || end_) {
    return;
  }
  signal(SIGKILL);
  int status = 0;
  while (::waitpid(id_, &status, 0) < 0 && errno == EINTR) {
  }
}

void child_process::signal(int number) const {
  if (id_ > 0 && !end_) {
    ::kill(-id_, number);
  }
}

std::optional<child_end> child_process::ended() {
  int status = 0;
  if (end_ || id_ < 0) {
    return end_;
  }
  const auto found = ::waitpid(id_, &status, WNOHANG);
  if (found == 0 || (found < 0 && errno == EINTR)) {
    return std::nullopt;
  }
  // Its number may be taken by another process group only once the last of this one has gone.
  ::kill(-id_, SIGKILL);
  child_end end;
  if (found > 0 && WIFEXITED(status)) {
    end.exit_code = WEXITSTATUS(status);
  } else if (found > 0) {
    end.signal = WTERMSIG(status);
  }
  end_ = end;
  return end_;
}

} // namespace streamer

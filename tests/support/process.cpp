#include "tests/support/process.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>
#include <cerrno>
#include <cstdlib>
#include <sstream>
#include <stdexcept>

namespace streamer::test {
namespace {

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> result;
  for (auto& text : texts) {
    result.push_back(text.data());
  }
  result.push_back(nullptr);
  return result;
}

std::vector<std::string> merged_environment(const std::map<std::string, std::string>& added) {
  std::vector<std::string> result;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text{*entry};
    const auto name = text.substr(0, text.find('='));
    // The machine's own configuration of streamer must not reach a test.
    if (!added.contains(name) && !name.starts_with("KAFKA_")) {
      result.push_back(text);
    }
  }
  for (const auto& [name, value] : added) {
    result.push_back(name + "=" + value);
  }
  return result;
}

// Only calls that are safe between fork and exec in a process with threads.
[[noreturn]] void become(const char* binary, char* const* arguments, char* const* environment,
                         const char* directory, int in, int out, int err, pid_t parent) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent || (*directory != '\0' && chdir(directory) != 0)) {
    _exit(126);
  }
  dup2(in, 0);
  dup2(out, 1);
  dup2(err, 2);
  execve(binary, arguments, environment);
  _exit(127);
}

int open_or_throw(const std::string& path, int flags) {
  const int descriptor = open(path.c_str(), flags | O_CLOEXEC, 0600);
  if (descriptor < 0) {
    throw std::runtime_error{"cannot open " + path};
  }
  return descriptor;
}

} // namespace

process::process(process_options options) : options_{std::move(options)} {
  std::vector<std::string> arguments{options_.binary.string()};
  arguments.insert(arguments.end(), options_.arguments.begin(), options_.arguments.end());
  auto environment = merged_environment(options_.environment);
  auto argument_pointers = pointers(arguments);
  auto environment_pointers = pointers(environment);
  const std::string directory = options_.directory.string();
  std::string input = "/dev/null";
  if (!options_.input.empty()) {
    input = options_.output.string() + ".in";
    write_file(input, options_.input);
  }
  const int in = open_or_throw(input, O_RDONLY);
  const int out = open_or_throw(out_path().string(), O_WRONLY | O_CREAT | O_APPEND);
  const int err = open_or_throw(err_path().string(), O_WRONLY | O_CREAT | O_APPEND);
  const pid_t parent = getpid();
  id_ = fork();
  if (id_ == 0) {
    become(arguments.front().c_str(), argument_pointers.data(), environment_pointers.data(),
           directory.c_str(), in, out, err, parent);
  }
  close(in);
  close(out);
  close(err);
  if (id_ < 0) {
    throw std::runtime_error{"cannot start " + options_.binary.string()};
  }
}

process::~process() { kill(); }

std::filesystem::path process::out_path() const { return options_.output.string() + ".out"; }
std::filesystem::path process::err_path() const { return options_.output.string() + ".err"; }

bool process::reap(int flags) {
  if (ended_) {
    return true;
  }
  int status = 0;
  rusage usage{};
  if (wait4(id_, &status, flags, &usage) != id_) {
    return false;
  }
  exit_status result;
  if (WIFEXITED(status)) {
    result.code = WEXITSTATUS(status);
  } else {
    result.signal = WTERMSIG(status);
    result.core_dumped = WCOREDUMP(status) != 0;
  }
  result.peak_rss_kib = static_cast<std::size_t>(usage.ru_maxrss);
  ended_ = result;
  return true;
}

bool process::running() { return !reap(WNOHANG); }

void process::signal(int number) {
  if (running()) {
    static_cast<void>(peak_rss_kib());
    ::kill(id_, number);
  }
}

std::optional<exit_status> process::wait(milliseconds timeout) {
  static_cast<void>(wait_until([this] { return reap(WNOHANG); }, timeout, 5ms));
  return ended_;
}

void process::kill() {
  if (running()) {
    static_cast<void>(peak_rss_kib());
    ::kill(id_, SIGKILL);
    reap(0);
  }
}

std::size_t process::peak_rss_kib() {
  if (ended_) {
    return peak_rss_kib_;
  }
  std::istringstream status{read_file("/proc/" + std::to_string(id_) + "/status")};
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmHWM:")) {
      peak_rss_kib_ = std::stoul(line.substr(6));
    }
  }
  return peak_rss_kib_;
}

finished_process run(process_options options, milliseconds timeout) {
  process child{std::move(options)};
  const auto status = child.wait(timeout);
  if (!status) {
    FAIL("did not end within " << timeout.count() << " ms; stderr: " << child.stderr_text());
  }
  return {*status, child.stdout_text(), child.stderr_text()};
}

} // namespace streamer::test

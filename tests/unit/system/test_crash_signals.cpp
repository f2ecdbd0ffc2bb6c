#include "runtime/system/crash_signals.hpp"

#include "runtime/system/journal_file.hpp"
#include "tests/support/common.hpp"

#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <memory>
#include <utility>
#include <variant>

using namespace streamer;
using streamer::test::temporary_directory;

namespace {

constexpr std::size_t some_slots = 64;

struct noted_end {
  int signal = 0; // that the process really ended by
  int noted = 0;
};

// A process with a journal that does `what`; `meanwhile` gets its id.
noted_end end_of_process(const std::function<void()>& what,
                         const std::function<void(pid_t)>& meanwhile = {}) {
  const temporary_directory dir;
  const auto child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    const rlimit none{0, 0};
    ::setrlimit(RLIMIT_CORE, &none);
    for (const int signal : {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL, SIGTERM}) {
      std::signal(signal, SIG_DFL); // without those of the test itself
    }
    auto made = journal_file::create(dir.path(), some_slots);
    if (auto* file = std::get_if<std::unique_ptr<journal_file>>(&made)) {
      crash_journal journal{(*file)->memory(), some_slots};
      const crash_signals signals{journal};
      what();
    }
    ::_exit(3);
  }
  if (meanwhile) {
    REQUIRE(streamer::test::wait_until([&] { return !std::filesystem::is_empty(dir.path()); },
                                       std::chrono::seconds{10}));
    std::this_thread::sleep_for(std::chrono::milliseconds{200});
    meanwhile(child);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  const auto left = take_over_journals(dir.path());
  REQUIRE(left.size() == 1);
  return {WIFSIGNALED(status) ? WTERMSIG(status) : 0, left.front().contents.ended_by};
}

} // namespace

TEST_CASE("A crash leaves its signal in the journal and ends the process as it would have") {
  const int raised = GENERATE(SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGSYS);
  const auto end = end_of_process([raised] { std::raise(raised); });
  CHECK(end.signal == raised);
  CHECK(end.noted == raised);
}

TEST_CASE("So does one that the processor reports, and an abort") {
  const auto fault = end_of_process([] {
    // Not address 0, which a sanitizer would look at first.
    auto* const page = ::mmap(nullptr, 4'096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    *static_cast<volatile int*>(page) = 1;
  });
  CHECK(fault.signal == fault.noted);
  CHECK(fault.noted == SIGSEGV);
  const auto aborted = end_of_process([] { std::abort(); });
  CHECK(aborted.signal == SIGABRT);
  CHECK(aborted.noted == SIGABRT);
}

TEST_CASE("What is sent from outside, SIGKILL and an exit leave no word") {
  const int sent = GENERATE(SIGSEGV, SIGABRT, SIGKILL, SIGTERM);
  const auto end = end_of_process([] { ::pause(); }, [sent](pid_t to) { ::kill(to, sent); });
  CHECK(end.signal == sent);
  CHECK(end.noted == 0);
  CHECK(end_of_process([] { std::raise(SIGKILL); }).noted == 0);
  CHECK(end_of_process([] { ::_exit(7); }).noted == 0);
}

TEST_CASE("A signal that has a handler is left to it, and nothing stays behind") {
  temporary_directory dir;
  auto made = journal_file::create(dir.path(), some_slots);
  auto& file = std::get<std::unique_ptr<journal_file>>(made);
  crash_journal journal{file->memory(), some_slots};
  struct sigaction before {};
  struct sigaction during {};
  struct sigaction after {};
  std::signal(SIGSYS, SIG_IGN);
  REQUIRE(::sigaction(SIGSYS, nullptr, &before) == 0);
  {
    const crash_signals signals{journal};
    REQUIRE(::sigaction(SIGSYS, nullptr, &during) == 0);
  }
  REQUIRE(::sigaction(SIGSYS, nullptr, &after) == 0);
  CHECK(during.sa_handler == SIG_IGN);
  CHECK(after.sa_handler == before.sa_handler);
  std::signal(SIGSYS, SIG_DFL);
  { const crash_signals signals{journal}; }
  REQUIRE(::sigaction(SIGSYS, nullptr, &after) == 0);
  CHECK(after.sa_handler == SIG_DFL);
}

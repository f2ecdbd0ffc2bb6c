#include "runtime/system/journal_file.hpp"

#include "actors/tenant/handler_calls.hpp"
#include "tests/support/common.hpp"

#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>

#include <csignal>
#include <filesystem>
#include <fstream>

using namespace streamer;
using streamer::test::temporary_directory;

namespace {

constexpr std::size_t slots = 1'100;

std::unique_ptr<journal_file> created(const std::filesystem::path& dir) {
  auto made = journal_file::create(dir, slots);
  if (const auto* why = std::get_if<std::string>(&made)) {
    FAIL(*why);
  }
  return std::move(std::get<std::unique_ptr<journal_file>>(made));
}

std::size_t files_in(const std::filesystem::path& dir) {
  std::size_t count = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator{dir}) {
    ++count;
  }
  return count;
}

// A process that ends by a signal while two calls run.
void die_in_calls(const std::filesystem::path& dir, int signal) {
  const auto child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    const rlimit none{0, 0};
    ::setrlimit(RLIMIT_CORE, &none);
    std::signal(signal, SIG_DFL);
    auto made = journal_file::create(dir, slots);
    if (auto* file = std::get_if<std::unique_ptr<journal_file>>(&made)) {
      const std::shared_ptr<journal_file> journal = std::move(*file);
      handler_calls calls{journal->memory(), slots, journal};
      const auto place = calls.journal().place_of({"events", partition_id{3}});
      auto ended = calls.enter();
      ended.runs(place, 1, offset_id{1});
      ended.release();
      auto first = calls.enter();
      first.runs(place, 1, offset_id{16});
      first.runs(place, 1, offset_id{17});
      auto second = calls.enter_alone();
      second.runs(place, 2, offset_id{40});
      ::raise(signal);
    }
    ::_exit(1);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(WIFSIGNALED(status));
}

} // namespace

TEST_CASE("What ran when a process was killed is found by the next one, once") {
  const temporary_directory dir;
  die_in_calls(dir.path(), SIGKILL);
  {
    const auto left = take_over_journals(dir.path());
    REQUIRE(left.size() == 1);
    const std::vector<journal_entry> expected{
        {{"events", partition_id{3}}, offset_id{17}, 1, false},
        {{"events", partition_id{3}}, offset_id{40}, 2, true}};
    CHECK(left.front().contents.entries == expected);
    // Another that starts meanwhile leaves it to us.
    CHECK(take_over_journals(dir.path()).empty());
  }
  // We ended before the group was told: the next one finds it again.
  const auto again = take_over_journals(dir.path());
  REQUIRE(again.size() == 1);
  again.front().remove();
  CHECK(files_in(dir.path()) == 0);
}

TEST_CASE("The journals of several processes that ended are all found") {
  const temporary_directory dir;
  die_in_calls(dir.path(), SIGKILL);
  die_in_calls(dir.path(), SIGABRT);
  CHECK(take_over_journals(dir.path()).size() == 2);
}

TEST_CASE("A living process's journal is left alone, a clean end leaves none") {
  const temporary_directory dir;
  const auto alive = created(dir.path() / "state");
  CHECK(take_over_journals(dir.path() / "state").empty());
  struct stat status {};
  REQUIRE(::stat((dir.path() / "state").c_str(), &status) == 0);
  CHECK((status.st_mode & 0777U) == 0700);
  REQUIRE(::stat(alive->path().c_str(), &status) == 0);
  CHECK((status.st_mode & 0777U) == 0600);
  // Its space is there, whatever becomes of the disk.
  CHECK(static_cast<std::size_t>(status.st_blocks) * 512 >= crash_journal::bytes_for(slots));
  alive->remove();
  CHECK(files_in(dir.path() / "state") == 0);
}

TEST_CASE("A journal that cannot be made is told with its place and leaves nothing") {
  const temporary_directory dir;
  const auto line_of = [](const std::filesystem::path& where) {
    const auto made = journal_file::create(where, slots);
    REQUIRE(std::holds_alternative<std::string>(made));
    return std::get<std::string>(made);
  };
  SECTION("the folder is a file") {
    std::ofstream{dir / "taken"} << "x";
    CHECK(line_of(dir / "taken" / "state").find("taken") != std::string::npos);
  }
  SECTION("the disk is full") {
    // A limit of file size stands for it: the allocation fails in the same way.
    std::signal(SIGXFSZ, SIG_IGN);
    rlimit before{};
    REQUIRE(::getrlimit(RLIMIT_FSIZE, &before) == 0);
    const rlimit small{4'096, before.rlim_max};
    REQUIRE(::setrlimit(RLIMIT_FSIZE, &small) == 0);
    const auto line = line_of(dir.path());
    REQUIRE(::setrlimit(RLIMIT_FSIZE, &before) == 0);
    CHECK(line.starts_with("no space for"));
    CHECK(files_in(dir.path()) == 0);
  }
}

TEST_CASE("What is no journal stays where it is") {
  const temporary_directory dir;
  std::ofstream{dir / "calls-1-2.journal"} << "not a journal";
  std::ofstream{dir / "other"} << "x";
  CHECK(take_over_journals(dir.path()).empty());
  CHECK(files_in(dir.path()) == 2);
  CHECK(take_over_journals(dir / "missing").empty());
}

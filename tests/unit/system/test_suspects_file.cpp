#include "runtime/system/suspects_file.hpp"

#include "tests/support/common.hpp"

#include <catch2/catch_test_macros.hpp>

#include <fstream>
#include <thread>
#include <vector>

using namespace streamer;
using streamer::test::temporary_directory;

namespace {

record_place at(std::int64_t offset) { return {{"events", partition_id{1}}, offset_id{offset}}; }

} // namespace

TEST_CASE("Marks are found by the next process, changes in their order") {
  const temporary_directory dir;
  const suspects_file file{dir.path()};
  suspect_board empty;
  file.read(empty);
  CHECK(empty.size() == 0);
  const std::vector<mark_change> changes{{at(1), suspect_mark{}},
                                         {at(2), suspect_mark{1, true, "p"}},
                                         {at(1), std::nullopt},
                                         {at(3), suspect_mark{2, false, {}}}};
  CHECK_FALSE(file.write(changes));
  suspect_board board;
  suspects_file{dir.path()}.read(board);
  CHECK(board.size() == 2);
  CHECK(board.find(at(2)) == suspect_mark{1, true, "p"});
  CHECK(board.find(at(3)) == suspect_mark{2, false, {}});
}

TEST_CASE("A damaged file loses its damaged lines only") {
  const temporary_directory dir;
  std::ofstream{dir / "suspects"} << "events/1/2\tv1 1 suspect\nnonsense\nevents/1/3\tv1 x\n"
                                  << "events/1/4\tv1 0 suspect\nevents/1/5\tv1 0 sus";
  suspect_board board;
  suspects_file{dir.path()}.read(board);
  CHECK(board.size() == 2);
}

TEST_CASE("Workers that share a folder do not lose each other's marks") {
  const temporary_directory dir;
  std::vector<std::thread> workers;
  for (int w = 0; w < 4; ++w) {
    workers.emplace_back([&, w] {
      const suspects_file file{dir.path()};
      for (int i = 0; i < 25; ++i) {
        const std::vector<mark_change> one{{at(w * 100 + i), suspect_mark{}}};
        if (file.write(one)) {
          return;
        }
      }
    });
  }
  for (auto& w : workers) {
    w.join();
  }
  suspect_board board;
  suspects_file{dir.path()}.read(board);
  CHECK(board.size() == 100);
}

TEST_CASE("A file that cannot be written is told with its place") {
  const suspects_file file{"/proc/no/such/folder"};
  const std::vector<mark_change> one{{at(1), suspect_mark{}}};
  const auto line = file.write(one);
  REQUIRE(line);
  CHECK(line->find("/proc/no/such/folder") != std::string::npos);
}

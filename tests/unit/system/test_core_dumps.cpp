#include "runtime/system/core_dumps.hpp"

#include <catch2/catch_test_macros.hpp>

#include <sys/prctl.h>

namespace streamer {
namespace {

TEST_CASE("Core dumps are forbidden and permitted for the whole process") {
  permit_core_dumps(false);
  CHECK(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0);
  permit_core_dumps(true);
  CHECK(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 1);
}

} // namespace
} // namespace streamer

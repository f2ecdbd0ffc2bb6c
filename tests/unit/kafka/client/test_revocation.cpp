#include "runtime/kafka/revocation.hpp"

#include <catch2/catch_test_macros.hpp>

namespace streamer {
namespace {

using step = revocation::step;
using std::chrono::seconds;

constexpr assignment_epoch first{1};
constexpr assignment_epoch second{2};
const revocation::time_point start{};

revocation two_leave() { return {{first, second}, start + seconds{7}, start + seconds{10}}; }

} // namespace

TEST_CASE("a revocation drains until every partition is released, then commits, then ends") {
  auto leaves = two_leave();
  CHECK(leaves.next(start, false, true) == step::drain);
  CHECK(leaves.due() == start + seconds{7});
  leaves.released(first);
  leaves.released(first);
  CHECK(leaves.next(start, false, true) == step::drain);
  CHECK(leaves.waits_for(second));
  leaves.released(second);
  CHECK(leaves.next(start, false, false) == step::commit);
  CHECK(leaves.due() == start + seconds{10});
  CHECK(leaves.next(start, false, true) == step::finish);
  CHECK(leaves.late().empty());
}

TEST_CASE("a drain that takes too long ends with its late partitions named") {
  auto leaves = two_leave();
  leaves.released(first);
  CHECK(leaves.next(start + seconds{6}, false, true) == step::drain);
  CHECK(leaves.next(start + seconds{7}, false, false) == step::commit);
  CHECK(leaves.next(start + seconds{7}, false, true) == step::finish);
  CHECK(leaves.late() == std::vector{second});
}

TEST_CASE("a commit that is not answered does not hold up the group for ever") {
  auto leaves = two_leave();
  leaves.released(first);
  leaves.released(second);
  CHECK(leaves.next(start + seconds{9}, false, false) == step::commit);
  CHECK(leaves.next(start + seconds{10}, false, false) == step::finish);
}

TEST_CASE("what is lost while it drains is not waited for") {
  auto leaves = two_leave();
  CHECK(leaves.next(start, true, true) == step::lose);
  CHECK(leaves.next(start, true, false) == step::lose);
  CHECK(leaves.leaving() == std::vector{first, second});
}

TEST_CASE("a partition released in time is not late when the others are") {
  auto leaves = two_leave();
  leaves.released(second);
  CHECK(leaves.late() == std::vector{first});
}

} // namespace streamer

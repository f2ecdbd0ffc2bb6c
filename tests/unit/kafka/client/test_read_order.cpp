#include <catch2/catch_test_macros.hpp>

#include "runtime/kafka/read_order.hpp"

using streamer::read_order;
using verdict = streamer::read_order::verdict;

TEST_CASE("records in order, with gaps between them, are the next ones") {
  read_order order{10};
  CHECK(order.note(10) == verdict::next);
  CHECK(order.note(11) == verdict::next);
  CHECK(order.note(20) == verdict::next);
  CHECK(order.next() == 21);
}

TEST_CASE("a record that was read is not one that was passed over") {
  read_order order{10};
  CHECK(order.note(10) == verdict::next);
  CHECK(order.note(15) == verdict::next);
  CHECK(order.note(15) == verdict::again);
  CHECK(order.note(10) == verdict::again);
  CHECK(order.note(9) == verdict::again);
  CHECK(order.next() == 16);
}

TEST_CASE("a record that comes after later ones was passed over") {
  SECTION("between two that came") {
    read_order order{10};
    CHECK(order.note(10) == verdict::next);
    CHECK(order.note(15) == verdict::next);
    CHECK(order.note(16) == verdict::next);
    CHECK(order.note(11) == verdict::passed_over);
    CHECK(order.note(14) == verdict::passed_over);
    CHECK(order.gap_begin() == 11);
  }
  SECTION("before the first that came") {
    read_order order{10};
    CHECK(order.note(510) == verdict::next);
    CHECK(order.note(10) == verdict::passed_over);
    CHECK(order.gap_begin() == 10);
  }
  SECTION("where nobody knew what would be the first") {
    read_order order;
    CHECK(order.note(510) == verdict::next);
    CHECK(order.note(0) == verdict::passed_over);
    CHECK(order.gap_begin() == 0);
  }
  SECTION("after the partition's end was told") {
    read_order order{10};
    order.go_on_at(20);
    CHECK(order.next() == 20);
    CHECK(order.note(12) == verdict::passed_over);
    CHECK(order.gap_begin() == 10);
  }
}

TEST_CASE("the end of a partition, told again, opens no gap") {
  read_order order{10};
  CHECK(order.note(10) == verdict::next);
  order.go_on_at(11);
  CHECK(order.note(10) == verdict::again);
  CHECK(order.note(11) == verdict::next);
}

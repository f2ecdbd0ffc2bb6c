#include <catch2/catch_test_macros.hpp>
#include <ostream>
#include <type_traits>
#include <utility>

#include "config/secret.hpp"

namespace streamer {
namespace {

template <class T>
concept printable = requires(std::ostream& out, const T& value) {
  out << value;
};

TEST_CASE("a secret cannot be printed or turned into text by accident") {
  STATIC_REQUIRE_FALSE(printable<secret>);
  STATIC_REQUIRE_FALSE(std::is_convertible_v<secret, std::string_view>);
  STATIC_REQUIRE_FALSE(std::is_convertible_v<std::string_view, secret>);
}

TEST_CASE("a secret reveals what it was given, with a NUL behind it") {
  secret password{"hunter2"};
  REQUIRE(password.reveal() == "hunter2");
  REQUIRE(password.reveal().data()[7] == '\0');
}

TEST_CASE("an empty secret reveals an empty C string") {
  secret none;
  REQUIRE(none.empty());
  REQUIRE(none.reveal().empty());
  REQUIRE(none.reveal().data()[0] == '\0');
}

TEST_CASE("a secret that was moved from is empty") {
  secret first{"hunter2"};
  secret second{std::move(first)};
  REQUIRE(second.reveal() == "hunter2");
  REQUIRE(first.empty()); // NOLINT(bugprone-use-after-move): that is the question

  secret third{"old"};
  third = std::move(second);
  REQUIRE(third.reveal() == "hunter2");
  REQUIRE(second.empty()); // NOLINT(bugprone-use-after-move): that is the question
}

TEST_CASE("a copied secret is equal and independent") {
  secret first{"hunter2"};
  secret second;
  second = first;
  first = secret{"other"};
  REQUIRE(second == secret{"hunter2"});
  REQUIRE_FALSE(first == second);
}

} // namespace
} // namespace streamer

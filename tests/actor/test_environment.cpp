#include <caf/actor_registry.hpp>
#include <catch2/catch_test_macros.hpp>

#include "runtime/system/actor_environment.hpp"

using namespace streamer;

TEST_CASE("CAF's network is not there unless it is asked for") {
  actor_environment environment{2};
  CHECK_FALSE(environment.system().has_middleman());
  CHECK_FALSE(environment.system().has_openssl_manager());
}

TEST_CASE("with CAF's network, no actor can be reached by name") {
  actor_environment environment{2, true};
  CHECK(environment.system().has_middleman());
  CHECK(environment.system().registry().named_actors().empty());
}

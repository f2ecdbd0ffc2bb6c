#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include "tests/unit/config/config_fixture.hpp"

namespace streamer::test {
namespace {

using Catch::Matchers::ContainsSubstring;

TEST_CASE("the argument of --set is taken apart at its first equals sign") {
  auto flag = set_flag("kafka.properties.debug=a=b");
  REQUIRE(flag.key == "kafka.properties.debug");
  REQUIRE(flag.value == "a=b");
  REQUIRE(flag.flag == "--set");
}

TEST_CASE("a flag sets its key, and the last one wins") {
  auto result = load_flags({{"consumer.group_id", "a", "--group-id"},
                            set_flag("consumer.group_id=b"),
                            set_flag("handlers.unmatched=discard"),
                            set_flag("kafka.properties.fetch.min.bytes=9")});
  INFO(report(result));
  REQUIRE(result);
  REQUIRE(result.loaded->values.consumer.group_id == "b");
  REQUIRE(result.loaded->values.unmatched == unmatched_policy::discard);
  REQUIRE(result.loaded->values.kafka.properties.at("fetch.min.bytes") == "9");
}

TEST_CASE("the flag --set is refused for secrets, without showing them") {
  auto result = load_flags({set_flag("kafka.sasl_password=hunter2"),
                            set_flag("kafka.properties.ssl.keystore.password=hunter2")});
  REQUIRE(result.problems.size() == 2);
  REQUIRE_THAT(report(result), ContainsSubstring("process list") && !ContainsSubstring("hunter2"));
}

TEST_CASE("the flag --set without a value is refused") {
  REQUIRE(report(load_flags({set_flag("consumer.batch_size")})) ==
          "flag --set: \"consumer.batch_size\" has no value; write --set section.key=value\n");
}

TEST_CASE("an unknown key in a flag names the nearest and hides the value") {
  auto text = report(load_flags({set_flag("kafka.sasl_pasword=hunter2")}));
  REQUIRE(text ==
          "flag --set: kafka.sasl_pasword is not a key; did you mean kafka.sasl_password?\n");
  REQUIRE_THAT(report(load_flags({set_flag("unmatched=discard")})),
               ContainsSubstring("did you mean handlers.unmatched?"));
  REQUIRE_FALSE(load_flags({set_flag("=x")}));
  REQUIRE_FALSE(load_flags({set_flag("...=x")}));
}

TEST_CASE("handlers and limits do not come from flags") {
  REQUIRE_FALSE(load_flags({set_flag("handlers.kind=log")}));
  REQUIRE_FALSE(load_flags({set_flag("tenants.limits.a.rate=1")}));
}

} // namespace
} // namespace streamer::test

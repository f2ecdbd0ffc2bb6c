#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include "tests/unit/config/config_fixture.hpp"

namespace streamer::test {
namespace {

using Catch::Matchers::ContainsSubstring;

TEST_CASE("without any source the built-in defaults hold") {
  auto result = load({});
  REQUIRE(result);
  REQUIRE(result.loaded->values == settings{});
  REQUIRE(result.warnings.empty());
}

TEST_CASE("each layer overrules the ones before it") {
  scratch_folder folder;
  sources from;
  from.default_file = folder.write("default.toml", "[consumer]\nbatch_size = 1\n");
  auto batch_size = [&] { return load(from).loaded.value().values.consumer.batch_size; };
  REQUIRE(batch_size() == 1);
  from.local_file = folder.write("local.toml", "[consumer]\nbatch_size = 2\n");
  REQUIRE(batch_size() == 2);
  from.config_file = folder.write("other.toml", "[consumer]\nbatch_size = 3\n");
  REQUIRE(batch_size() == 3);
  from.environment = {{"KAFKA_CONSUMER__BATCH_SIZE", "4"}};
  REQUIRE(batch_size() == 4);
  from.flags = {set_flag("consumer.batch_size=5")};
  REQUIRE(batch_size() == 5);
}

TEST_CASE("a layer leaves keys alone that it does not name") {
  sources from;
  from.flags = {set_flag("consumer.batch_size=7")};
  auto result = load_text("[consumer]\ngroup_id = \"g\"\n", from);
  REQUIRE(result.loaded->values.consumer.group_id == "g");
  REQUIRE(result.loaded->values.consumer.batch_size == 7);
  REQUIRE(result.loaded->values.consumer.max_in_flight == 10'000);
}

TEST_CASE("every type of key is read from a file") {
  auto result = load_text(R"(
unmatched = "discard"
[kafka]
bootstrap_servers = "a:9092, [::1]:9093"
security_protocol = "SASL_SSL"
sasl_username = "u"
sasl_password = "p"
[topics]
replication_factor = 3
create_missing = true
[consumer]
topics = ["a", "^b.*"]
commit_interval_ms = 250
[tenants]
from = "key_prefix:/"
share = 1
[retry]
jitter = 0.0
[runtime]
state_dir = "/var/lib/streamer"
)");
  INFO(report(result));
  REQUIRE(result);
  const auto& values = result.loaded->values;
  REQUIRE(values.unmatched == unmatched_policy::discard);
  REQUIRE(values.kafka.bootstrap_servers == "a:9092, [::1]:9093");
  REQUIRE(values.kafka.security_protocol == security_protocol_kind::sasl_ssl);
  REQUIRE(values.kafka.sasl_password.reveal() == "p");
  REQUIRE(values.topics.replication_factor == 3);
  REQUIRE(values.topics.create_missing);
  REQUIRE(values.consumer.topics == std::vector<std::string>{"a", "^b.*"});
  REQUIRE(values.consumer.commit_interval == milliseconds{250});
  REQUIRE(values.tenants.from == tenant_source{tenant_source::kind::key_prefix, "/"});
  REQUIRE(values.tenants.share == 1.0);
  REQUIRE(values.retry.jitter == 0.0);
  REQUIRE(values.runtime.state_dir == "/var/lib/streamer");
}

TEST_CASE("all problems are reported at once, with position, value, remedy and nearest key") {
  auto result = load_text(R"([consumer]
batchsize = 10
max_in_flight = 0
ordering = "keys"
commit_interval_ms = "1s"
[retry]
jitter = 1.0
[consumr]
x = 1
)");
  REQUIRE_FALSE(result);
  REQUIRE(
      report(result) ==
      "local.toml:2:1: consumer.batchsize is not a key; did you mean consumer.batch_size?\n"
      "local.toml:3:1: consumer.max_in_flight = 0 is not allowed; use a whole number, 1 to "
      "100000000\n"
      "local.toml:4:1: consumer.ordering = \"keys\" is not one of its values; use one of key, "
      "partition, unordered; did you mean key?\n"
      "local.toml:5:1: consumer.commit_interval_ms = \"1s\" is not a whole number of "
      "milliseconds; use a whole number of milliseconds, 10 to 86400000\n"
      "local.toml:7:1: retry.jitter = 1.0 is not allowed; use a number, at least 0, less "
      "than 1\n"
      "local.toml:8:2: consumr is not a section of the configuration; did you mean consumer?\n");
}

TEST_CASE("a key in the wrong section is found in the right one") {
  auto result = load_text("[producer]\nmetrics_addr = \"127.0.0.1:1\"\n");
  REQUIRE(result.problems.at(0).nearest == "observability.metrics_addr");
  result = load_text("batch_size = 5\n");
  REQUIRE(result.problems.at(0).nearest == "consumer.batch_size");
}

TEST_CASE("a number in quotes is not a number in a file") {
  REQUIRE_THAT(report(load_text("[consumer]\nbatch_size = \"5\"\n")),
               ContainsSubstring("\"5\" is not a whole number"));
}

TEST_CASE("numbers beyond the type's range are refused, not wrapped") {
  REQUIRE_FALSE(load_text("[consumer]\nbatch_size = -1\n"));
  REQUIRE_FALSE(load_text("[topics]\npartitions = 4294967297\n"));
  REQUIRE_FALSE(load_text("[tenants]\nshare = nan\n"));
  REQUIRE_FALSE(load_text("[retry]\nmultiplier = inf\n"));
}

TEST_CASE("zero replicas are refused, the broker's default is not") {
  REQUIRE_FALSE(load_text("[topics]\nreplication_factor = 0\n"));
  REQUIRE(load_text("[topics]\nreplication_factor = -1\n"));
}

TEST_CASE("text with control characters is refused and shown escaped") {
  REQUIRE_THAT(report(load_text("[consumer]\ngroup_id = \"a\\u001Bb\"\n")),
               ContainsSubstring("\"a\\u001Bb\" has control characters"));
}

TEST_CASE("a problem is one line whatever is in the names and the syntax that it quotes") {
  for (const char* text : {"[consumer]\n\"a\\nb\" = 1\n", "[topics]\ncreate_missing = fal\x01\n"}) {
    auto line = to_string(load_text(text).problems.at(0));
    INFO(line);
    REQUIRE(std::ranges::none_of(line, [](char c) { return c >= 0 && c < ' '; }));
  }
}

TEST_CASE("a section that is a value, and a value that is a table, are refused") {
  REQUIRE_THAT(report(load_text("consumer = 1\n")), ContainsSubstring("is a section, not a value"));
  REQUIRE_THAT(report(load_text("[consumer.batch_size]\nx = 1\n")),
               ContainsSubstring("is not a whole number"));
  REQUIRE_THAT(report(load_text("[kafka]\nproperties = 1\n")),
               ContainsSubstring("is a table, not a value"));
}

TEST_CASE("the file given by --config must be readable") {
  scratch_folder folder;
  sources from;
  from.config_file = folder.path() / "absent.toml";
  REQUIRE_THAT(report(load(from)), ContainsSubstring("absent.toml: cannot be read: No such file"));
  from.config_file = folder.path();
  REQUIRE_THAT(report(load(from)), ContainsSubstring("is a directory"));
}

TEST_CASE("absent default and local files are no problem") {
  sources from;
  from.default_file = "/nonexistent/default.toml";
  from.local_file = "/nonexistent/local.toml";
  REQUIRE(load(from));
}

TEST_CASE("broken TOML is one problem with its position, and other sources are still checked") {
  sources from;
  from.flags = {set_flag("consumer.batch_size=0")};
  auto result = load_text("[consumer]\nbatch_size = [1\n", from);
  REQUIRE(result.problems.size() == 2);
  REQUIRE(result.problems[0].where.line >= 2);
  REQUIRE(result.problems[1].key == "consumer.batch_size");
}

TEST_CASE("a secret never appears in a problem, whatever is wrong with it") {
  for (const char* text : {
           "[kafka]\nsasl_password = hunter2\n",
           "[kafka]\nsasl_password = truhunter2\n",
           "[kafka]\nsasl_password = 99999999999999999999\n",
           "[kafka]\nsasl_password = \"hunter2\n",
           "[kafka]\nsasl_password = \"\"\"\nhunter2 \\q\n\"\"\"\n",
           "[kafka]\nsasl_password = [\"hunter2\", 1]\n",
           "[kafka]\nsasl_password = [\"hunter2\"]\n",
           "[kafka]\nsasl_pasword = \"hunter2\"\n",
           "[kafka]\nsasl_password = \"hunter2\\u0007\"\n",
           "[kafka.properties]\n\"sasl.password\" = \"hunter2\"\n",
           "[kafka.properties]\nsasl.oauthbearer.client.secret = \"hunter2\"\n",
           "kafka = { sasl_password = hunter2 }\n",
       }) {
    auto result = load_text(text);
    INFO(text);
    REQUIRE_FALSE(result);
    REQUIRE_THAT(report(result), !ContainsSubstring("hunter2") && !ContainsSubstring("999999"));
  }
}

TEST_CASE("a value is set by a person unless a default file or nobody set it") {
  scratch_folder folder;
  sources from;
  from.default_file = folder.write("default.toml", "[consumer]\nbatch_size = 1\n");
  from.environment = {{"KAFKA_CONSUMER__GROUP_ID", "g"}};
  auto result = load(from);
  const auto& where = result.loaded.value().where;
  REQUIRE_FALSE(where.is_explicit("consumer.batch_size"));
  REQUIRE_FALSE(where.is_explicit("consumer.ordering"));
  REQUIRE(where.is_explicit("consumer.group_id"));
}

TEST_CASE("the usual sources are the folder's own files, and the installed default without them") {
  scratch_folder folder;
  REQUIRE(standard_sources(folder.path()).default_file.is_absolute());
  REQUIRE(standard_sources(folder.path()).default_file.parent_path() != folder.path() / "config");
  std::filesystem::create_directory(folder.path() / "config");
  auto mine = folder.write("config/default.toml", "");
  REQUIRE(standard_sources(folder.path()).default_file == mine);
  REQUIRE(standard_sources(folder.path()).local_file == folder.path() / "config/local.toml");
}

} // namespace
} // namespace streamer::test

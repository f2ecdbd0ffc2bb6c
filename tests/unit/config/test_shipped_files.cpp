#include <catch2/catch_test_macros.hpp>
#include <set>
#include <sstream>

#include "config/document.hpp"
#include "config/keys.hpp"
#include "tests/unit/config/config_fixture.hpp"

namespace streamer::test {
namespace {

const std::filesystem::path source_folder{STREAMER_SOURCE_DIR};

std::string content(const std::filesystem::path& file) {
  std::ifstream in{file};
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

TEST_CASE("config/default.toml loads and equals the built-in defaults") {
  sources from;
  from.default_file = source_folder / "config/default.toml";
  auto result = load(from);
  INFO(report(result));
  REQUIRE(result);
  REQUIRE(result.warnings.empty());
  REQUIRE(result.loaded->values == settings{});
}

TEST_CASE("config/default.toml sets every key of a section") {
  sources from;
  from.default_file = source_folder / "config/default.toml";
  const auto where = load(from).loaded.value().where;
  for (const auto& entry : config_impl::setting_keys()) {
    INFO(entry.name);
    REQUIRE(where.of(entry.name).from == origin::layer::default_file);
  }
}

TEST_CASE("config/default.toml names every key of a handler and of a tenant's limits") {
  auto text = content(source_folder / "config/default.toml");
  std::set<std::string> names{"header."};
  for (const auto& entry : config_impl::handler_keys())
    names.insert(entry.name + " = ");
  for (const auto& entry : config_impl::limit_keys())
    names.insert("# " + entry.name + " = ");
  for (const auto& entry : config_impl::kind_options())
    names.insert(entry.name + " = ");
  for (const auto& name : names) {
    INFO(name);
    REQUIRE(text.find(name) != std::string::npos);
  }
}

TEST_CASE("docs/configuration.md is up to date: else run config_docs > docs/configuration.md") {
  REQUIRE(content(source_folder / "docs/configuration.md") == configuration_document());
}

} // namespace
} // namespace streamer::test

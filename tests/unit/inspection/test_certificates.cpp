// The files of [inspect]: those that are made, and what is wrong with those that are given.
#include <openssl/pem.h>
#include <sys/stat.h>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <array>
#include <filesystem>
#include <thread>
#include <vector>

#include "runtime/inspection/certificate_maker.hpp"
#include "tests/support/certificates.hpp"

namespace streamer::test {
namespace {

using Catch::Matchers::ContainsSubstring;
namespace fs = std::filesystem;

constexpr std::array sides{inspection_side::worker, inspection_side::client};

mode_t mode_of(const fs::path& path) {
  struct stat found {};
  REQUIRE(::stat(path.c_str(), &found) == 0);
  return found.st_mode & 0777U;
}

settings with_state(const fs::path& state) {
  settings config;
  config.runtime.state_dir = state;
  return config;
}

std::string problem_of(const tls_files& files, inspection_side side = inspection_side::worker) {
  return check_tls_files(files, side).value_or("");
}

TEST_CASE("certificates that are made can be used by both ends, and by nobody else") {
  const temporary_directory directory;
  const auto state = directory / "state";
  REQUIRE_FALSE(make_certificates(state));
  const auto config = with_state(state);
  for (const auto side : sides) {
    CHECK(problem_of(tls_files_for(config, side), side).empty());
  }
  CHECK(mode_of(state) == 0700);
  CHECK(mode_of(own_certificates(state)) == 0700);
  std::size_t keys = 0;
  for (const auto& entry : fs::directory_iterator{own_certificates(state)}) {
    INFO(entry.path());
    CHECK(mode_of(entry.path()) == 0600);
    keys += entry.path().extension() == ".key" ? 1U : 0U;
  }
  CHECK(keys == 2); // the authority's is gone
  CHECK(std::distance(fs::directory_iterator{state}, {}) == 1);
  // A client's certificate does not make a worker, nor the other way round.
  CHECK_THAT(problem_of(tls_files_for(config, inspection_side::client), inspection_side::worker),
             ContainsSubstring("purpose"));
  CHECK_THAT(problem_of(tls_files_for(config, inspection_side::worker), inspection_side::client),
             ContainsSubstring("purpose"));
}

TEST_CASE("certificates are made once, whoever asks and however often") {
  const temporary_directory directory;
  const auto state = directory / "state";
  std::vector<std::thread> askers;
  std::array<std::optional<std::string>, 6> problems;
  for (auto& problem : problems) {
    askers.emplace_back([&state, &problem] { problem = make_certificates(state); });
  }
  for (auto& asker : askers) {
    asker.join();
  }
  for (const auto& problem : problems) {
    CHECK(problem.value_or("") == "");
  }
  const auto first = read_file(own_certificates(state) / "ca.pem");
  REQUIRE_FALSE(make_certificates(state));
  CHECK(read_file(own_certificates(state) / "ca.pem") == first);
  CHECK(std::distance(fs::directory_iterator{state}, {}) == 1);
  for (const auto side : sides) {
    CHECK(problem_of(tls_files_for(with_state(state), side), side).empty());
  }
}

TEST_CASE("certificates that are incomplete or about to end are made anew, all of them") {
  const temporary_directory directory;
  const auto state = directory / "state";
  const auto folder = own_certificates(state);
  REQUIRE_FALSE(make_certificates(state));
  SECTION("a file is missing") { fs::remove(folder / "client.key"); }
  SECTION("one is no certificate") { write_file(folder / "worker.pem", "nothing\n"); }
  SECTION("one ends tomorrow") {
    certificate_authority ca{directory.path(), "soon", {.until = std::chrono::hours{24}}};
    fs::copy_file(ca.file(), folder / "ca.pem", fs::copy_options::overwrite_existing);
  }
  const auto before = read_file(folder / "ca.pem");
  REQUIRE_FALSE(make_certificates(state));
  CHECK(read_file(folder / "ca.pem") != before);
  CHECK(std::distance(fs::directory_iterator{state}, {}) == 1);
  for (const auto side : sides) {
    CHECK(problem_of(tls_files_for(with_state(state), side), side).empty());
  }
}

TEST_CASE("a state_dir that cannot be written is named, with the remedy") {
  const temporary_directory directory;
  write_file(directory / "state", "a file\n");
  const auto problem = make_certificates(directory / "state").value_or("");
  CHECK_THAT(problem, ContainsSubstring("runtime.state_dir"));
  CHECK_THAT(problem, ContainsSubstring((directory / "state").string()));
  CHECK_THAT(problem, ContainsSubstring("inspect.certificate"));
  CHECK(problem.find('\n') == std::string::npos);
}

TEST_CASE("configured files are taken as they are") {
  settings config;
  config.inspect.certificate = "a.pem";
  config.inspect.key = "a.key";
  config.inspect.ca = "ca.pem";
  const auto files = tls_files_for(config, inspection_side::client);
  CHECK(files.certificate == "a.pem");
  CHECK(files.key == "a.key");
  CHECK(files.ca == "ca.pem");
  CHECK_FALSE(files.own);
}

TEST_CASE("what is wrong with a file is one line that names its key and its path") {
  const temporary_directory directory;
  certificate_authority ca{directory.path(), "ca"};
  certificate_authority other{directory.path(), "other"};
  const std::vector<std::string> names{"DNS:localhost"};
  const auto good = ca.issue("good", names);
  const auto second = ca.issue("second", names);
  const auto foreign = other.issue("foreign", names);
  const auto expired = ca.issue("expired", names, {.until = std::chrono::seconds{-60}});
  const auto early = ca.issue("early", names, {.from = std::chrono::hours{1}});
  const auto locked = ca.issue("locked", names, {}, "password");
  write_file(directory / "text.pem", "no PEM\n");
  const auto missing = directory / "missing.pem";
  const tls_files fine{good.certificate, good.key, ca.file()};
  REQUIRE(problem_of(fine).empty());

  const auto expect = [&](tls_files files, const std::string& key, const fs::path& file,
                          const std::string& why) {
    const auto problem = problem_of(files);
    INFO(problem);
    CHECK_THAT(problem, ContainsSubstring("inspect." + key + " = \"" + file.string() + "\""));
    CHECK_THAT(problem, ContainsSubstring(why));
    CHECK(problem.find('\n') == std::string::npos);
  };
  expect({missing, good.key, ca.file()}, "certificate", missing, "no certificate in PEM");
  expect({directory / "text.pem", good.key, ca.file()}, "certificate", directory / "text.pem",
         "no certificate in PEM");
  expect({good.certificate, missing, ca.file()}, "key", missing, "no key in PEM");
  expect({good.certificate, good.certificate, ca.file()}, "key", good.certificate, "no key in PEM");
  expect({locked.certificate, locked.key, ca.file()}, "key", locked.key, "without a password");
  expect({good.certificate, second.key, ca.file()}, "key", second.key, "is not the key of");
  expect({good.certificate, good.key, missing}, "ca", missing, "no certificate in PEM");
  expect({foreign.certificate, foreign.key, ca.file()}, "certificate", foreign.certificate,
         "unable to get local issuer");
  expect({expired.certificate, expired.key, ca.file()}, "certificate", expired.certificate,
         "expired");
  expect({early.certificate, early.key, ca.file()}, "certificate", early.certificate,
         "not yet valid");
}

} // namespace
} // namespace streamer::test

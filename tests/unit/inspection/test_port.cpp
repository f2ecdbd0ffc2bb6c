// The inspection port with CAF's network behind it, and a client: two actor systems.
#include <caf/actor_registry.hpp>
#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/io/middleman.hpp>
#include <caf/openssl/manager.hpp>
#include <caf/openssl/remote_actor.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <algorithm>
#include <thread>

#include "runtime/inspection/inspection_client.hpp"
#include "runtime/inspection/inspection_port.hpp"
#include "runtime/inspection/message_types.hpp"
#include "runtime/inspection/tls_files.hpp"
#include "tests/support/certificates.hpp"
#include "tests/unit/http/raw_client.hpp"

namespace streamer::test {
namespace {

using Catch::Matchers::ContainsSubstring;

inspector_actor::behavior_type answering(inspector_actor::pointer /*self*/, std::string version) {
  return {[version](const snapshot_request&) {
    tree_snapshot tree;
    tree.version = version;
    tree.actors.resize(3);
    return tree;
  }};
}

settings inspected(const std::filesystem::path& state) {
  settings config;
  config.inspect.enabled = true;
  config.inspect.addr = "127.0.0.1:0";
  config.runtime.state_dir = state;
  return config;
}

/// A process that lets itself be inspected.
class inspected_process {
 public:
  explicit inspected_process(const settings& config) {
    auto opened = inspection_port::open(config, {});
    if (const auto* failure = std::get_if<inspection_failure>(&opened)) {
      FAIL(failure->what);
    }
    port = std::get<std::unique_ptr<inspection_port>>(std::move(opened));
    caf_config.load<caf::io::middleman>();
    system = std::make_unique<caf::actor_system>(caf_config);
    hide_named_actors(*system);
    publish("first");
  }
  inspected_process(const inspected_process&) = delete;
  inspected_process& operator=(const inspected_process&) = delete;
  ~inspected_process() {
    port->close(*system);
    caf::anon_send_exit(inspector, caf::exit_reason::kill);
  }

  void publish(const std::string& version) {
    caf::anon_send_exit(inspector, caf::exit_reason::kill);
    inspector = system->spawn(answering, version);
    port->publish(*system, inspector);
  }

  std::unique_ptr<inspection_port> port;
  bool types_known = (register_message_types(), true);
  caf::actor_system_config caf_config;
  std::unique_ptr<caf::actor_system> system;
  inspector_actor inspector;
};

std::string refusal(const settings& config, const endpoint& where) {
  const auto opened = inspection_client::connect(config, where);
  const auto* failure = std::get_if<inspecting_failure>(&opened);
  return failure == nullptr ? "" : failure->what;
}

std::string version_seen(inspection_client& client) {
  auto answer = client.snapshot(std::chrono::seconds{20});
  const auto* tree = std::get_if<tree_snapshot>(&answer);
  return tree == nullptr ? "nobody" : tree->version;
}

} // namespace

TEST_CASE("a client with the same state_dir is let in, and sees a successor at the same port") {
  const temporary_directory directory;
  const auto config = inspected(directory / "state");
  inspected_process served{config};
  const auto where = served.port->bound();
  {
    auto opened = inspection_client::connect(config, where);
    if (const auto* failure = std::get_if<inspecting_failure>(&opened)) {
      FAIL(failure->what);
    }
    auto& client = *std::get<std::unique_ptr<inspection_client>>(opened);
    CHECK(version_seen(client) == "first");
    served.publish("second");
    CHECK(version_seen(client) == "nobody");
  }
  CHECK(wait_until([&] { return served.port->admitted() >= 2; }, std::chrono::seconds{20}));
  CHECK(served.port->refused() == 0);
  std::string seen;
  CHECK(wait_until(
      [&] {
        auto opened = inspection_client::connect(config, where);
        auto* client = std::get_if<std::unique_ptr<inspection_client>>(&opened);
        seen = client == nullptr ? "" : version_seen(**client);
        return seen == "second";
      },
      std::chrono::seconds{20}));
}

TEST_CASE("who has another authority's certificate, or none, is told so in one line") {
  const temporary_directory directory;
  const auto config = inspected(directory / "state");
  inspected_process served{config};
  const auto where = served.port->bound();

  const auto elsewhere = inspected(directory / "elsewhere");
  CHECK_THAT(refusal(elsewhere, where), ContainsSubstring("no certificate in"));
  CHECK_THAT(refusal(elsewhere, where), ContainsSubstring("runtime.state_dir"));
  inspected_process other{elsewhere};
  CHECK_THAT(refusal(elsewhere, where), ContainsSubstring("does not accept"));

  // One that trusts the worker, and whom the worker does not trust.
  certificate_authority ca{directory.path(), "ca"};
  const auto stranger = ca.issue("stranger");
  auto partly = config;
  partly.inspect.certificate = stranger.certificate;
  partly.inspect.key = stranger.key;
  partly.inspect.ca = ca.file();
  CHECK_THAT(refusal(partly, where), ContainsSubstring("does not accept"));
  CHECK(served.port->admitted() == 0);
  CHECK(wait_until([&] { return served.port->refused() > 0; }, std::chrono::seconds{20}));

  CHECK_THAT(refusal(config, {"127.0.0.1", 1}), ContainsSubstring("127.0.0.1:1"));
  CHECK_THAT(refusal(config, {"127.0.0.1", 1}), ContainsSubstring("inspect.enabled"));
}

TEST_CASE("strangers hold no place that somebody with a certificate wants") {
  const temporary_directory directory;
  const auto config = inspected(directory / "state");
  inspected_process served{config};
  const auto port = served.port->bound().port;
  std::vector<raw_client> strangers;
  for (int i = 0; i < 400; ++i) {
    strangers.emplace_back(port);
    strangers.back().send("\x16\x03\x01");
  }
  // A flood may be over a handshake before it is done; the next try finds a place.
  CHECK(wait_until([&] { return refusal(config, served.port->bound()).empty(); },
                   std::chrono::seconds{20}));
  CHECK(wait_until([&] { return std::ranges::count_if(strangers, &raw_client::closed) >= 250; },
                   std::chrono::seconds{20}));
}

TEST_CASE("with a certificate, nothing is reachable but the inspector") {
  const temporary_directory directory;
  const auto config = inspected(directory / "state");
  inspected_process served{config};
  const auto files = tls_files_for(config, inspection_side::client);
  caf::actor_system_config peer_config;
  peer_config.load<caf::io::middleman>();
  peer_config.load<caf::openssl::manager>();
  peer_config.openssl_certificate = files.certificate;
  peer_config.openssl_key = files.key;
  peer_config.openssl_cafile = files.ca;
  caf::actor_system peer{peer_config};
  const auto reached =
      caf::openssl::remote_actor<inspector_actor>(peer, "127.0.0.1", served.port->bound().port);
  REQUIRE(reached);
  const auto node = reached->node();
  // CAF's own servers: neither one for spawning nor one for looking up.
  const auto spawned = peer.middleman().remote_spawn<caf::actor>(
      node, "anything", caf::make_message(), std::chrono::seconds{10});
  REQUIRE_FALSE(spawned);
  INFO(caf::to_string(spawned.error()));
  CHECK(spawned.error() != caf::sec::unknown_type); // which the server would have said
  CHECK(served.system->registry().named_actors().empty());
  CHECK(refusal(config, served.port->bound()).empty());
}

TEST_CASE("files that disappear while it runs change nothing for those who come") {
  const temporary_directory directory;
  const auto config = inspected(directory / "state");
  inspected_process served{config};
  const auto mine = directory / "mine";
  std::filesystem::copy(directory / "state", mine, std::filesystem::copy_options::recursive);
  std::filesystem::remove_all(directory / "state");
  CHECK(refusal(inspected(mine), served.port->bound()).empty());
}

TEST_CASE("an address that is taken, and files that are wrong, are failures with their keys") {
  const temporary_directory directory;
  auto config = inspected(directory / "state");
  inspected_process served{config};
  config.inspect.addr = to_string(served.port->bound());
  auto taken = inspection_port::open(config, {});
  REQUIRE(std::holds_alternative<inspection_failure>(taken));
  CHECK_FALSE(std::get<inspection_failure>(taken).configuration);
  CHECK_THAT(std::get<inspection_failure>(taken).what, ContainsSubstring("inspect.addr = "));
  config.inspect = {true, "127.0.0.1:0", "missing.pem", "missing.key", "missing.ca"};
  auto wrong = inspection_port::open(config, {});
  REQUIRE(std::holds_alternative<inspection_failure>(wrong));
  CHECK(std::get<inspection_failure>(wrong).configuration);
  CHECK_THAT(std::get<inspection_failure>(wrong).what, ContainsSubstring("inspect.certificate"));
}

} // namespace streamer::test

// Brokers: the one that scripts/test shares between tests, or a cluster of a test's own.
#pragma once

#include "tests/support/common.hpp"

#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>
#include <vector>

namespace streamer::test {

/// Address of a broker that tests share: topics and groups with unique names only. It is
/// STREAMER_TEST_BOOTSTRAP, or else a private broker of this test binary, started when first asked
/// for. Skips the test (CI=true: fails it) where neither can be had.
[[nodiscard]] std::string shared_broker();

/// A cluster that one test may break. Stopped and deleted by the destructor, and also when the
/// test's process is killed.
class private_cluster {
 public:
  /// Starts `brokers` brokers with these broker properties (`key=value`) on free ports. Skips the
  /// test (CI=true: fails it) without STREAMER_SCRIPTS_KAFKA.
  explicit private_cluster(int brokers, const std::vector<std::string>& overrides = {});
  private_cluster(const private_cluster&) = delete;
  private_cluster& operator=(const private_cluster&) = delete;
  ~private_cluster();

  [[nodiscard]] const std::string& bootstrap() const { return bootstrap_; }
  /// Stops one broker in order, or by SIGKILL. Ids count from 1.
  void stop_broker(int id, bool hard = false);
  /// Starts a stopped broker with its data, at its old address; returns when it serves.
  void start_broker(int id);
  /// All brokers at once: none of several serves alone. The data stay.
  void stop_all(bool hard = false);
  void start_all();
  /// Limits what clients with this id may produce, in bytes a second; absent: no limit.
  void limit_producers(const std::string& client_id, std::optional<std::uint64_t> bytes_a_second);

 private:
  void script(const std::vector<std::string>& arguments, milliseconds timeout);

  temporary_directory directory_;
  std::string script_;
  std::string bootstrap_;
  std::FILE* guard_ = nullptr;
};

} // namespace streamer::test

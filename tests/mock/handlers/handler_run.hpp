// A worker of the real binary with one handler, on a cluster in the test's process.
#pragma once

#include "tests/mock/mock_cluster.hpp"
#include "tests/support/kafka_access.hpp"
#include "tests/support/worker.hpp"

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace streamer::test {

/// A record to be sent.
struct sent {
  std::string key;
  std::string value;
  std::vector<header> headers = {};
};

/// Path below the source tree.
[[nodiscard]] std::filesystem::path source_path(const std::string& relative);

/// Skips the running test (CI=true: fails it) if there is no such program in PATH.
void require_program(const std::string& name);

/// The cluster, its topics and the worker's files. Topics: `events` with one partition, its DLQ,
/// and `out`.
class handler_run {
 public:
  handler_run();

  /// A configuration with one handler of these keys (TOML), besides what a test sets further.
  [[nodiscard]] worker_config config(std::map<std::string, std::string> handler) const;
  worker& start(const worker_config& config,
                const std::map<std::string, std::string>& environment = {});
  void send(const std::vector<sent>& records) const;
  /// Waits until the group has committed all records of `events`. Fails the test otherwise.
  void wait_until_done(milliseconds timeout = 60s) const;

  [[nodiscard]] std::vector<stored_record> read(const std::string& topic) const;
  /// Dead letters by their keys.
  [[nodiscard]] std::map<std::string, stored_record> dead_letters() const;
  [[nodiscard]] const temporary_directory& directory() const { return directory_; }
  [[nodiscard]] const mock_cluster& cluster() const { return cluster_; }
  [[nodiscard]] worker& running() { return *worker_; }

 private:
  mock_cluster cluster_;
  temporary_directory directory_;
  std::unique_ptr<worker> worker_;
};

/// A TOML list of texts.
[[nodiscard]] std::string toml_list(const std::vector<std::string>& texts);

} // namespace streamer::test

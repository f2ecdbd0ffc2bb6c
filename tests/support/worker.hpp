// A worker under test: the real binary, or the test worker with its scripted handlers.
#pragma once

#include "tests/support/http_probe.hpp"
#include "tests/support/process.hpp"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace streamer::test {

/// Which program runs.
enum class worker_binary {
  product,  ///< STREAMER_BINARY
  scripted, ///< streamer_test_worker beside it: the same with the kinds of scripted_handlers.hpp
};

/// Path of a binary under test. Skips the test (CI=true: fails it) if it is not there.
[[nodiscard]] std::filesystem::path binary_path(worker_binary which);

/// A worker's configuration as it is written to its file. Keys are `section.key`, values TOML.
class worker_config {
 public:
  /// A configuration for fast tests: brisk commits, a short session, ports of its own.
  worker_config(const std::string& bootstrap, const std::string& group, const std::string& topic);

  /// Sets a key to text, or to a TOML value as it stands.
  worker_config& text(const std::string& key, const std::string& value);
  worker_config& value(const std::string& key, const std::string& toml);
  /// Sets the group protocol: `classic` or `consumer`, under which the session is the broker's.
  worker_config& protocol(const std::string& name);
  /// Adds a [[handlers]] entry; values are TOML.
  worker_config& handler(std::map<std::string, std::string> keys);
  /// Adds the usual entry: forward everything to `topic`.
  worker_config& forward_to(const std::string& topic);

  [[nodiscard]] bool has(const std::string& key) const;
  /// The port of an address that was set; absent: none was.
  [[nodiscard]] std::optional<std::uint16_t> port(const std::string& key) const;

  [[nodiscard]] std::string toml() const;

 private:
  std::map<std::string, std::map<std::string, std::string>> sections_;
  std::vector<std::map<std::string, std::string>> handlers_;
};

/// A TOML string.
[[nodiscard]] std::string toml_text(std::string_view text);

/// Reads log lines (JSON) of a file as they come.
class log_reader {
 public:
  explicit log_reader(std::filesystem::path path) : path_{std::move(path)} {}
  /// All entries so far with this event id.
  [[nodiscard]] std::vector<nlohmann::json> entries(std::string_view event) const;
  /// Waits until there are `count` entries of an event.
  [[nodiscard]] bool wait_for(std::string_view event, milliseconds timeout,
                              std::size_t count = 1) const;

 private:
  std::filesystem::path path_;
};

/// When a log line was written, in ms since 1970; fails the test if it does not say so.
[[nodiscard]] std::int64_t log_time_ms(const nlohmann::json& entry);

/// A running worker. Killed by the destructor.
class worker {
 public:
  /// Starts `--role consumer --config FILE --json-logs` with files named `name` in `directory` and
  /// these variables besides the test's own. Takes free ports, but for an admin.addr that is set. A
  /// configuration that says itself how to log gets its way, without the flag.
  worker(const temporary_directory& directory, const std::string& name, const worker_config& config,
         worker_binary which = worker_binary::product,
         const std::map<std::string, std::string>& environment = {});

  [[nodiscard]] process& program() { return process_; }
  [[nodiscard]] const log_reader& log() const { return log_; }
  [[nodiscard]] const std::filesystem::path& config_file() const { return config_file_; }
  [[nodiscard]] std::uint16_t metrics_port() const { return metrics_port_; }
  [[nodiscard]] std::uint16_t admin_port() const { return admin_port_; }

  /// Status of /healthz and /readyz; 0: no answer.
  [[nodiscard]] int health() const { return http_get(metrics_port_, "/healthz").status; }
  [[nodiscard]] int readiness() const { return http_get(metrics_port_, "/readyz").status; }
  /// One scrape; empty if nobody answered.
  [[nodiscard]] std::vector<sample> metrics() const;
  /// Waits for /readyz to answer 200. Fails the test, with the end of the log, if it does not.
  void wait_until_ready(milliseconds timeout = 30s);

  /// SIGTERM, and how it ended. Fails the test if it still runs after `timeout`.
  exit_status stop(milliseconds timeout = 30s);
  /// The end of its log, for messages of failed assertions.
  [[nodiscard]] std::string log_tail() const;

 private:
  std::uint16_t metrics_port_;
  std::uint16_t admin_port_;
  std::filesystem::path config_file_;
  process process_;
  log_reader log_;
};

} // namespace streamer::test

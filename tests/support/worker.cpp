#include "tests/support/worker.hpp"

#include <signal.h>

#include <catch2/catch_test_macros.hpp>
#include <cstdlib>
#include <ctime>
#include <sstream>

namespace streamer::test {
namespace {

worker_config with_own_place(worker_config config, const std::filesystem::path& state,
                             std::uint16_t metrics_port, std::uint16_t admin_port) {
  if (!config.has("runtime.state_dir")) {
    config.text("runtime.state_dir", state.string());
  }
  config.text("observability.metrics_addr", "127.0.0.1:" + std::to_string(metrics_port));
  config.text("admin.addr", "127.0.0.1:" + std::to_string(admin_port));
  return config;
}

std::filesystem::path written(const std::filesystem::path& file, const worker_config& config) {
  write_file(file, config.toml());
  return file;
}

process_options options_for(const temporary_directory& directory, const std::string& name,
                            const std::filesystem::path& config, worker_binary which,
                            bool text_logs, const std::map<std::string, std::string>& environment) {
  process_options options;
  options.environment = environment;
  options.binary = binary_path(which);
  options.arguments = {"--role", "consumer", "--config", config.string()};
  if (!text_logs) {
    options.arguments.emplace_back("--json-logs");
  }
  options.directory = directory.path();
  options.output = directory / name;
  return options;
}

} // namespace

std::filesystem::path binary_path(worker_binary which) {
  const auto product = environment("STREAMER_BINARY");
  if (!product) {
    skip_or_fail("STREAMER_BINARY does not name the binary to test");
  }
  std::filesystem::path path{*product};
  if (which == worker_binary::scripted) {
    path.replace_filename("streamer_test_worker");
  }
  if (!std::filesystem::exists(path)) {
    skip_or_fail(path.string() + " is not built");
  }
  return std::filesystem::absolute(path);
}

worker_config::worker_config(const std::string& bootstrap, const std::string& group,
                             const std::string& topic) {
  text("kafka.bootstrap_servers", bootstrap);
  text("consumer.group_id", group);
  value("consumer.topics", "[" + toml_text(topic) + "]");
  value("consumer.commit_interval_ms", "200");
  value("consumer.session_timeout_ms", "6000");
  value("retry.initial_backoff_ms", "100");
  value("retry.max_backoff_ms", "1000");
}

worker_config& worker_config::text(const std::string& key, const std::string& value) {
  return this->value(key, toml_text(value));
}

worker_config& worker_config::value(const std::string& key, const std::string& toml) {
  const auto dot = key.find('.');
  sections_[key.substr(0, dot)][key.substr(dot + 1)] = toml;
  return *this;
}

bool worker_config::has(const std::string& key) const {
  const auto dot = key.find('.');
  const auto section = sections_.find(key.substr(0, dot));
  return section != sections_.end() && section->second.contains(key.substr(dot + 1));
}

worker_config& worker_config::protocol(const std::string& name) {
  if (name == "consumer") {
    sections_["consumer"].erase("session_timeout_ms");
    sections_["consumer"].erase("properties");
  }
  return text("consumer.group_protocol", name);
}

worker_config& worker_config::handler(std::map<std::string, std::string> keys) {
  handlers_.push_back(std::move(keys));
  return *this;
}

worker_config& worker_config::forward_to(const std::string& topic) {
  return handler({{"kind", toml_text("forward")}, {"to", toml_text(topic)}});
}

std::optional<std::uint16_t> worker_config::port(const std::string& key) const {
  if (!has(key)) {
    return std::nullopt;
  }
  const auto dot = key.find('.');
  const auto& address = sections_.at(key.substr(0, dot)).at(key.substr(dot + 1));
  return static_cast<std::uint16_t>(std::stoi(address.substr(address.rfind(':') + 1)));
}

std::string worker_config::toml() const {
  std::ostringstream out;
  for (const auto& [section, keys] : sections_) {
    out << "[" << section << "]\n";
    for (const auto& [key, value] : keys) {
      out << key << " = " << value << "\n";
    }
  }
  for (const auto& keys : handlers_) {
    out << "[[handlers]]\n";
    for (const auto& [key, value] : keys) {
      out << key << " = " << value << "\n";
    }
  }
  return out.str();
}

std::string toml_text(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    result += c == '"' || c == '\\' ? std::string{'\\', c} : std::string{c};
  }
  return result + "\"";
}

std::vector<nlohmann::json> log_reader::entries(std::string_view event) const {
  std::vector<nlohmann::json> found;
  std::istringstream lines{read_file(path_)};
  for (std::string line; std::getline(lines, line);) {
    auto entry = nlohmann::json::parse(line, nullptr, false);
    if (entry.is_object() && entry.value("event", "") == event) {
      found.push_back(std::move(entry));
    }
  }
  return found;
}

bool log_reader::wait_for(std::string_view event, milliseconds timeout, std::size_t count) const {
  return wait_until([&] { return entries(event).size() >= count; }, timeout, 100ms);
}

std::int64_t log_time_ms(const nlohmann::json& entry) {
  const auto text = entry.value("time", "");
  std::tm day{};
  const char* rest = strptime(text.c_str(), "%Y-%m-%dT%H:%M:%S", &day);
  if (rest == nullptr || *rest != '.') {
    FAIL("a log line without a time: " << entry.dump());
  }
  return static_cast<std::int64_t>(timegm(&day)) * 1'000 + std::atoi(rest + 1);
}

worker::worker(const temporary_directory& directory, const std::string& name,
               const worker_config& config, worker_binary which,
               const std::map<std::string, std::string>& environment)
    : metrics_port_{free_port()},
      admin_port_{config.port("admin.addr").value_or(free_port())},
      config_file_{written(
          directory / (name + ".toml"),
          with_own_place(config, directory / (name + ".state"), metrics_port_, admin_port_))},
      process_{options_for(directory, name, config_file_, which,
                           config.has("observability.json_logs"), environment)},
      log_{process_.err_path()} {}

std::vector<sample> worker::metrics() const {
  const auto page = http_get(metrics_port_, "/metrics");
  return page.status == 200 ? parse_metrics(page.body) : std::vector<sample>{};
}

void worker::wait_until_ready(milliseconds timeout) {
  const bool ready = wait_until(
      [this] {
        if (!process_.running()) {
          FAIL("the worker ended before it was ready; its log ends with\n" << log_tail());
        }
        return readiness() == 200;
      },
      timeout);
  if (!ready) {
    FAIL("the worker is not ready: " << http_get(metrics_port_, "/readyz").body
                                     << "\nits log ends with\n"
                                     << log_tail());
  }
}

exit_status worker::stop(milliseconds timeout) {
  process_.signal(SIGTERM);
  const auto status = process_.wait(timeout);
  if (!status) {
    FAIL("the worker still runs " << timeout.count() << " ms after SIGTERM; its log ends with\n"
                                  << log_tail());
  }
  return *status;
}

std::string worker::log_tail() const {
  const auto text = process_.stderr_text();
  return text.size() > 4000 ? text.substr(text.size() - 4000) : text;
}

} // namespace streamer::test

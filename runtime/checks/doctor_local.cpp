#include "runtime/checks/doctor.hpp"

namespace streamer {
namespace {

// Connections to brokers, HTTP clients, and room for both to come and go.
constexpr std::uint64_t comfortable_open_files = 2'048;

} // namespace

void judge_local(findings& all, const settings& config, const local_facts& local) {
  finding_list machine{all, "this machine"};
  const auto state_dir = "runtime.state_dir \"" + config.runtime.state_dir.string() + "\"";
  if (local.state_dir_error.empty()) {
    machine.ok("state_dir", state_dir + " can be written");
  } else {
    machine.problem("state_dir", state_dir + ": " + local.state_dir_error,
                    "make it writable for this user, or set another");
  }
  const auto token_file = "admin.token_file \"" + config.admin.token_file + "\"";
  if (!local.token_file_error.empty()) {
    machine.problem("token_file", token_file + ": " + local.token_file_error,
                    "put a token into its first line, or leave the key empty");
  } else if (!config.admin.token_file.empty()) {
    machine.ok("token_file", token_file + " holds a token");
  }
  const auto limit = "open files are limited to " + std::to_string(local.open_files);
  if (local.open_files < comfortable_open_files) {
    machine.warn("open_files", limit,
                 "raise it (ulimit -n) to " + std::to_string(comfortable_open_files) + " or more");
  } else {
    machine.ok("open_files", limit);
  }
}

} // namespace streamer

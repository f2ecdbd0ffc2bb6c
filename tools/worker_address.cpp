#include "tools/worker_address.hpp"

namespace streamer::tools {

std::variant<http_answer, asking_failure> ask_worker(const command_context& context,
                                                     const std::optional<std::string>& addr,
                                                     const std::string& path) {
  const auto& configured = context.values().observability.metrics_addr;
  const auto where = parse_endpoint(addr.value_or(configured));
  if (!where) {
    return asking_failure{
        exit_usage, "--addr '" + addr.value_or(configured) + "' is no address; use host:port"};
  }
  if (where->port == 0) {
    return asking_failure{
        exit_usage,
        "observability.metrics_addr '" + configured +
            "' has port 0, which the worker chose when it started; give its address with --addr"};
  }
  auto answer = http_get(*where, path);
  if (const auto* error = std::get_if<http_get_error>(&answer)) {
    return asking_failure{exit_failed, "no worker answers: " + error->text +
                                           "; is it running, or at another --addr?"};
  }
  return std::get<http_answer>(std::move(answer));
}

} // namespace streamer::tools

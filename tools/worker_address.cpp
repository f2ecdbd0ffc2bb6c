#include "tools/worker_address.hpp"

#include "runtime/http/bearer.hpp"

namespace streamer::tools {
namespace {

using asked = std::variant<http_answer, asking_failure>;

/// A GET, or with a body a POST.
asked ask(const std::optional<std::string>& addr, const std::string& configured,
          const std::string& key, const std::string& path, const http_get_options& options,
          const std::string* body = nullptr) {
  const auto where = parse_endpoint(addr.value_or(configured));
  if (!where) {
    return asking_failure{
        exit_usage, "--addr '" + addr.value_or(configured) + "' is no address; use host:port"};
  }
  if (where->port == 0) {
    return asking_failure{
        exit_usage, key + " '" + configured +
                        "' has port 0, which the worker chose when it started; give its address "
                        "with --addr"};
  }
  auto answer =
      body == nullptr ? http_get(*where, path, options) : http_post(*where, path, *body, options);
  if (const auto* error = std::get_if<http_get_error>(&answer)) {
    return asking_failure{exit_failed, "no worker answers: " + error->text +
                                           "; is it running, or at another --addr?"};
  }
  return std::get<http_answer>(std::move(answer));
}

} // namespace

asked ask_worker(const command_context& context, const std::optional<std::string>& addr,
                 const std::string& path) {
  return ask(addr, context.values().observability.metrics_addr, "observability.metrics_addr", path,
             {});
}

namespace {

asked ask_with_token(const command_context& context, const std::optional<std::string>& addr,
                     const std::string& path, const std::string* body) {
  const auto& admin = context.values().admin;
  http_get_options options;
  if (!admin.token_file.empty()) {
    const auto token = read_bearer_token(admin.token_file);
    if (!token) {
      return asking_failure{exit_usage,
                            "admin.token_file = '" + admin.token_file +
                                "' cannot be read, or holds no token in its first line"};
    }
    options.authorization = "Bearer " + *token;
  }
  auto answer = ask(addr, admin.addr, "admin.addr", path, options, body);
  constexpr unsigned unauthorized = 401;
  if (const auto* got = std::get_if<http_answer>(&answer); got && got->status == unauthorized) {
    return asking_failure{exit_failed,
                          admin.token_file.empty()
                              ? "the worker wants a token; set admin.token_file to the file that "
                                "holds it"
                              : "the worker refuses the token of admin.token_file = '" +
                                    admin.token_file + "'; is it that of this worker?"};
  }
  return answer;
}

} // namespace

asked ask_admin(const command_context& context, const std::optional<std::string>& addr,
                const std::string& path) {
  return ask_with_token(context, addr, path, nullptr);
}

asked tell_admin(const command_context& context, const std::optional<std::string>& addr,
                 const std::string& path, const std::string& body) {
  auto answer = ask_with_token(context, addr, path, &body);
  constexpr unsigned first_refusal = 300;
  if (const auto* got = std::get_if<http_answer>(&answer); got && got->status >= first_refusal) {
    const auto line = got->body.substr(0, got->body.find('\n'));
    return asking_failure{
        exit_failed,
        line.empty() ? path + " answered with status " + std::to_string(got->status) : line};
  }
  return answer;
}

} // namespace streamer::tools

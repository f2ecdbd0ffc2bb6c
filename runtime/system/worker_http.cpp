#include "runtime/system/worker_http.hpp"

#include "runtime/dashboard/page.hpp"
#include "runtime/http/bearer.hpp"

#include <utility>

namespace streamer {

bool worker_http::start(const settings& config, const worker_answers& answers,
                        start_failure& failure) {
  metrics_ = listen("observability.metrics_addr", config.observability.metrics_addr,
                    {{"/metrics", once_serving([text = answers.metrics](const http_request&) {
                        return http_response{200, std::string{metrics_content_type}, text(), {}};
                      })},
                     {"/healthz",
                      [this, judge = answers.liveness](const http_request&) {
                        return serving() ? health_response(judge()) : health_response({});
                      }},
                     {"/readyz", once_serving([judge = answers.readiness](const http_request&) {
                        return health_response(judge());
                      })}},
                    failure);
  if (!metrics_) {
    return false;
  }
  std::shared_ptr<token_file> token;
  if (const auto& file = config.admin.token_file; !file.empty()) {
    auto found = read_bearer_token(file);
    if (!found) {
      failure = {2, "admin.token_file = \"" + file + "\" holds no token in its first line"};
      return false;
    }
    token = std::make_shared<token_file>(file, std::move(*found));
  }
  const auto may_see = [token](const http_request& request) {
    return token == nullptr || carries_bearer_token(request, token->current());
  };
  const auto seen = [this, may_see](answer given) -> answer {
    return [may_see, serve = once_serving(std::move(given))](const http_request& request) {
      return may_see(request) ? serve(request) : bearer_token_missing();
    };
  };
  const auto listening = [](const http_request&) { return http_response{}; };
  admin_ = listen("admin.addr", config.admin.addr,
                  {{"/",
                    [may_see](const http_request& request) {
                      return may_see(request) ? dashboard_response(200)
                                              : dashboard_response(bearer_token_missing().status);
                    }},
                   {"/events", seen(listening), event_source{answers.dashboard_event}},
                   {"/status", seen([json = answers.status](const http_request&) {
                      return http_response{200, "application/json", json(), {}};
                    })},
                   {"/explain", seen(answers.explain)},
                   changing("/control/pause", &worker_control::pause, token),
                   changing("/control/resume", &worker_control::resume, token),
                   changing("/control/seek", &worker_control::seek, token),
                   changing("/control/log-level", &worker_control::set_log_level, token)},
                  failure);
  return admin_.has_value();
}

void worker_http::serve(worker_control& control) {
  control_.store(&control, std::memory_order_release);
}

void worker_http::close() {
  metrics_.reset();
  admin_.reset();
}

worker_http::answer worker_http::once_serving(answer given) const {
  return [this, given = std::move(given)](const http_request& request) -> http_response {
    if (!serving()) {
      return {503, "text/plain; charset=utf-8", "starting\n", {}};
    }
    return given(request);
  };
}

http_route worker_http::changing(const char* path, change ask,
                                 const std::shared_ptr<token_file>& token) {
  auto serve = once_serving([this, ask](const http_request& request) {
    return (control_.load(std::memory_order_acquire)->*ask)(request);
  });
  return {path,
          [this, token, serve = std::move(serve)](const http_request& request) {
            if (token == nullptr) {
              return unauthorized(request, bearer_token_unconfigured());
            }
            return carries_bearer_token(request, token->current())
                       ? serve(request)
                       : unauthorized(request, bearer_token_missing());
          },
          std::nullopt, true};
}

http_response worker_http::unauthorized(const http_request& request, http_response refusal) {
  if (const auto suppressed = unauthorized_line_.pass(every::clock::now())) {
    log_.with("control").warn(
        "change_refused", "a change without the token of admin.token_file was refused",
        {{"by", request.peer}, {"path", request.path}, {"suppressed", *suppressed}});
  }
  return refusal;
}

std::optional<http_server> worker_http::listen(const char* key, const std::string& address,
                                               std::vector<http_route> routes,
                                               start_failure& failure) const {
  const auto where = parse_endpoint(address);
  if (!where) {
    failure = {2, std::string{key} + " = \"" + address + "\" is not host:port"};
    return std::nullopt;
  }
  http_server_options options;
  options.log = log_.with("http");
  auto started = http_server::start(*where, std::move(routes), options);
  if (auto* error = std::get_if<http_server_error>(&started)) {
    const bool taken = error->reason == http_server_error::kind::address_taken;
    failure = {1, std::string{key} + " = \"" + address + "\": " + error->text +
                      (taken ? "; free it or set " + std::string{key} + " (port 0 takes a free one)"
                             : "; set " + std::string{key} + " to an address of this machine")};
    return std::nullopt;
  }
  auto server = std::move(std::get<http_server>(started));
  log_.with("http").info("listening", "an address is served",
                         {{"key", key}, {"address", to_string(server.bound())}});
  return server;
}

} // namespace streamer

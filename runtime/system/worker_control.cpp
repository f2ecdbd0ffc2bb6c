#include "runtime/system/worker_control.hpp"

#include "runtime/system/control_order.hpp"
#include "runtime/system/explain_page.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <string>
#include <utility>
#include <variant>

namespace streamer {
namespace {

using json = nlohmann::ordered_json;

// More than the consumer's thread takes for its two questions.
constexpr std::chrono::milliseconds seek_patience{3'000};

http_response answer(const json& body) {
  // Topics and tenants are a stranger's: bytes that are not UTF-8 are replaced.
  return {200,
          "application/json",
          body.dump(-1, ' ', false, json::error_handler_t::replace) + "\n",
          {}};
}

const partition_status* status_of(const consumer_status& source, const topic_partition& tp) {
  const auto found =
      std::ranges::find_if(source.partitions, [&](const auto& p) { return p.tp == tp; });
  return found == source.partitions.end() ? nullptr : &*found;
}

constexpr std::string_view action_of(bool on) { return on ? "pause" : "resume"; }

} // namespace

void worker_control::count(std::string_view action, bool done) {
  parts_.metrics
      ->counter(metric::control_requests,
                {{"action", action}, {"result", done ? "done" : "refused"}})
      .add();
}

http_response worker_control::refuse(std::string_view action, unsigned status, std::string line) {
  count(action, false);
  return {status, "text/plain; charset=utf-8", std::move(line) + "\n", {}};
}

http_response worker_control::pause(const http_request& request) {
  return switch_pause(request, true);
}

http_response worker_control::resume(const http_request& request) {
  return switch_pause(request, false);
}

http_response worker_control::switch_pause(const http_request& request, bool on) {
  const auto order = read_pause_order(request.body);
  if (const auto* const problem = std::get_if<std::string>(&order)) {
    return refuse(action_of(on), 400, *problem);
  }
  const auto& wanted = std::get<pause_order>(order);
  return wanted.partition ? switch_partition(*wanted.partition, request, on)
                          : switch_tenant(wanted.tenant, request, on);
}

http_response worker_control::switch_partition(const topic_partition& tp,
                                               const http_request& request, bool on) {
  const auto source = parts_.source->status();
  const auto* const p = status_of(source, tp);
  if (p == nullptr) {
    count(action_of(on), false);
    return not_assigned({tp}, source);
  }
  if (p->leaving) {
    return refuse(action_of(on), 409, to_string(tp) + " is being given up by this worker");
  }
  const bool changed = p->stopped.has_value() != on;
  if (changed && on) {
    parts_.source->pause_partition(tp, {std::chrono::system_clock::now(), request.peer});
    parts_.log.warn(
        "partition_paused", "an operator has paused a partition",
        {{"topic", tp.topic}, {"partition", tp.partition.value()}, {"by", request.peer}});
  } else if (changed) {
    parts_.source->resume_partition(tp);
    parts_.log.info(
        "partition_resumed", "an operator has resumed a partition",
        {{"topic", tp.topic}, {"partition", tp.partition.value()}, {"by", request.peer}});
  }
  count(action_of(on), true);
  return answer({{"topic", tp.topic},
                 {"partition", tp.partition.value()},
                 {"paused", on},
                 {"changed", changed}});
}

http_response worker_control::switch_tenant(const std::string& tenant, const http_request& request,
                                            bool on) {
  const auto done =
      on ? parts_.tenants->pause(tenant, {std::chrono::system_clock::now(), request.peer})
         : parts_.tenants->resume(tenant);
  if (done == tenant_pauses::answer::full) {
    return refuse("pause", 409, "too many tenants are paused already; resume some of them");
  }
  const bool changed = done == tenant_pauses::answer::done;
  if (changed && on) {
    parts_.log.warn("tenant_paused", "an operator has paused a tenant",
                    {{"tenant", tenant}, {"by", request.peer}});
  } else if (changed) {
    parts_.log.info("tenant_resumed", "an operator has resumed a tenant",
                    {{"tenant", tenant}, {"by", request.peer}});
  }
  count(action_of(on), true);
  return answer({{"tenant", tenant}, {"paused", on}, {"changed", changed}});
}

http_response worker_control::seek(const http_request& request) {
  const auto order = read_seek_order(request.body);
  if (const auto* const problem = std::get_if<std::string>(&order)) {
    return refuse("seek", 400, *problem);
  }
  const auto& [tp, to] = std::get<seek_order>(order);
  const auto name = to_string(tp);
  auto answered = parts_.source->seek(tp, to);
  if (answered.wait_for(seek_patience) != std::future_status::ready) {
    return refuse("seek", 504,
                  "the consumer has not answered in time; it can still move " + name +
                      ": the log says partition_sought when it has");
  }
  const auto found = answered.get();
  switch (found.what) {
    case seek_answer::state::moving: break;
    case seek_answer::state::not_assigned:
      count("seek", false);
      return not_assigned({tp}, parts_.source->status());
    case seek_answer::state::busy:
      return refuse("seek", 409,
                    name + " is being paused, moved or begun anew; ask again in some seconds");
    case seek_answer::state::no_answer:
      return refuse("seek", 503,
                    "the brokers do not tell which offsets " + name + " has; nothing was moved");
    case seek_answer::state::out_of_range: return refuse("seek", 409, found.text);
  }
  parts_.log.warn("partition_seeking",
                  "an operator moves a partition: what runs of it may end, the rest is left",
                  {{"topic", tp.topic},
                   {"partition", tp.partition.value()},
                   {"to_offset", found.to.value()},
                   {"by", request.peer}});
  count("seek", true);
  auto reply = answer({{"topic", tp.topic},
                       {"partition", tp.partition.value()},
                       {"to", found.to.value()},
                       {"remark", found.text}});
  reply.status = 202;
  return reply;
}

http_response worker_control::set_log_level(const http_request& request) {
  const auto order = read_log_level_order(request.body);
  if (const auto* const problem = std::get_if<std::string>(&order)) {
    return refuse("log_level", 400, *problem);
  }
  if (!parts_.set_level) {
    return refuse("log_level", 501, "this program does not let its log level be changed");
  }
  const auto level = std::get<log_level_order>(order).level;
  parts_.set_level(level);
  parts_.log.write(std::max(level, log_level::info), "log_level_changed",
                   "an operator has changed the log level",
                   std::array<log_field, 2>{{{"level", to_string(level)}, {"by", request.peer}}});
  count("log_level", true);
  return answer({{"level", to_string(level)}});
}

} // namespace streamer

#include "actors/dlq/dead_letter_record.hpp"
#include "config/output_topic.hpp"
#include "runtime/embedded/embedded_cluster.hpp"
#include "runtime/kafka/admin.hpp"
#include "runtime/system/core_dumps.hpp"
#include "runtime/system/descriptor_limit.hpp"
#include "runtime/system/start_checks.hpp"
#include "runtime/system/worker.hpp"

#include <caf/actor_addr.hpp>
#include <caf/actor_cast.hpp>
#include <caf/actor_control_block.hpp>

#include <unistd.h>

#include <atomic>
#include <csignal>
#include <iostream>
#include <optional>
#include <set>
#include <thread>

namespace streamer {
namespace {

// Signal handlers reach nothing else.
std::atomic<int> stop_signals{0};
std::atomic<bool> reload_signal{false};

extern "C" void count_stop_signal(int) { stop_signals.fetch_add(1); }
extern "C" void note_reload_signal(int) { reload_signal.store(true); }

// SIGTERM and SIGINT count, SIGHUP is noted if it means something; a closed pipe is an error code
// and no end. Restored when it goes.
class signal_scope {
 public:
  explicit signal_scope(bool reloads) : reloads_{reloads} {
    stop_signals.store(0);
    reload_signal.store(false);
    struct sigaction action {};
    action.sa_handler = count_stop_signal;
    sigaction(SIGTERM, &action, &term_);
    sigaction(SIGINT, &action, &interrupt_);
    if (reloads_) {
      struct sigaction reload {};
      reload.sa_handler = note_reload_signal;
      reload.sa_flags = SA_RESTART;
      sigaction(SIGHUP, &reload, &hangup_);
    }
    struct sigaction ignore {};
    ignore.sa_handler = SIG_IGN;
    sigaction(SIGPIPE, &ignore, &pipe_);
  }
  signal_scope(const signal_scope&) = delete;
  signal_scope& operator=(const signal_scope&) = delete;
  ~signal_scope() {
    sigaction(SIGTERM, &term_, nullptr);
    sigaction(SIGINT, &interrupt_, nullptr);
    sigaction(SIGPIPE, &pipe_, nullptr);
    if (reloads_) {
      sigaction(SIGHUP, &hangup_, nullptr);
    }
  }

 private:
  bool reloads_;
  struct sigaction hangup_ {};
  struct sigaction term_ {};
  struct sigaction interrupt_ {};
  struct sigaction pipe_ {};
};

constexpr std::chrono::milliseconds turn{50};
constexpr std::chrono::seconds longest_wind_down{5};

int complain(int code, const std::string& what) {
  if (!what.empty()) {
    std::cerr << "streamer: " << what << std::endl;
  }
  return code;
}

std::set<std::string> topics_of(const settings& config) {
  std::set<std::string> topics;
  for (const auto& topic : config.consumer.topics) {
    if (!topic.starts_with('^')) {
      topics.insert(topic);
      topics.insert(dlq_topic_for(config.dlq.topic, topic));
    }
  }
  for (const auto& h : config.handlers) {
    if (const auto to = output_topic(h)) {
      topics.insert(*to);
    }
  }
  return topics;
}

// topics.create_missing. A cluster that does not answer is waited for by the clients; its
// topics are then somebody else's to create.
void create_missing_topics(const settings& config, const log_handle& log) {
  auto admin = admin_client::open(config, log);
  if (!admin) {
    return;
  }
  std::vector<new_topic> wanted;
  for (const auto& name : topics_of(config)) {
    wanted.push_back({name, config.topics.partitions, config.topics.replication_factor});
  }
  const auto created = admin.value()->create_topics(wanted);
  if (!created) {
    log.warn("topics_not_created", "topics.create_missing: the topics could not be created",
             {{"why", created.error()}});
    return;
  }
  for (const auto& c : created.value()) {
    if (c.ended == creation_result::state::refused) {
      log.warn("topic_not_created", "topics.create_missing: a topic could not be created",
               {{"topic", c.name}, {"why", c.error}});
    }
  }
}

std::optional<worker_end> wait_for_end(worker& running, const worker_options& options,
                                       const std::string& bootstrap, const log_handle& log) {
  bool asked = false;
  for (;;) {
    if (auto end = running.wait_for(turn)) {
      return end;
    }
    if (reload_signal.exchange(false)) {
      auto found = options.reload();
      if (found && options.embedded) {
        found.loaded->values.kafka.bootstrap_servers = bootstrap; // as at the start
      }
      running.reload(found);
    }
    const auto signals = stop_signals.load();
    if (signals >= 2) {
      return std::nullopt;
    }
    if (signals == 1 && !std::exchange(asked, true)) {
      log.info("stop_requested",
               "a signal asks for the orderly stop; a second one ends it at once");
      running.request_stop();
    }
  }
}

} // namespace

int run_worker(const settings& given, const handler_registry& registry,
               const worker_options& options, const log_handle& log) {
  permit_core_dumps(given.runtime.core_dumps);
  log.debug("descriptor_limit", "the most files that the process may have open",
            {{"soft_limit", raise_descriptor_limit()}});
  auto config = given;
  std::unique_ptr<embedded_cluster> cluster;
  if (options.embedded) {
    auto started = embedded_cluster::start({}, log);
    if (!started) {
      return complain(1, started.error());
    }
    cluster = std::move(started).value();
    config.kafka.bootstrap_servers = cluster->bootstrap_servers();
    for (const auto& topic : topics_of(config)) {
      if (auto refused = cluster->create_topic(topic, config.topics.partitions)) {
        return complain(1, *refused);
      }
    }
  }
  const signal_scope signals{static_cast<bool>(options.reload)};
  if (config.topics.create_missing && !options.embedded) {
    create_missing_topics(config, log);
  }
  start_failure failure;
  auto running = worker::start(config, registry, log, failure, options);
  if (!running) {
    return complain(failure.exit_code, failure.what);
  }
  std::optional<start_checks> checks;
  if (!options.embedded) {
    checks.emplace(
        config, [&running] { return running->connected(); }, log.with("doctor"));
  }
  auto end = wait_for_end(*running, options, config.kafka.bootstrap_servers, log);
  if (!end) {
    log.warn("stopped_at_once",
             "a second signal ended the process: unfinished records are read again");
    ::_exit(5);
  }
  complain(end->exit_code, end->what);
  // Something that never returns (a handler, a library) must not keep a process alive that
  // has left its group.
  std::thread watchdog{[code = end->exit_code, log, board = running->board().rows()] {
    std::this_thread::sleep_for(longest_wind_down);
    for (const auto& survivor : board) {
      if (!caf::actor_cast<caf::strong_actor_ptr>(survivor.address)) {
        continue;
      }
      log.warn("survivor", "the process ends although an actor was still there",
               {{"actor", survivor.name}});
    }
    ::_exit(code);
  }};
  watchdog.detach();
  checks.reset();
  running.reset();
  log.info("stopped", "the worker has stopped", {{"exit_code", end->exit_code}});
  return end->exit_code;
}

} // namespace streamer

#include "runtime/system/worker.hpp"

#include "actors/consumer/credit.hpp"
#include "actors/consumer/lag_split.hpp"
#include "actors/supervision/watched_actor.hpp"
#include "config/reload_plan.hpp"
#include "runtime/http/health.hpp"
#include "runtime/inspection/inspection_port.hpp"
#include "runtime/kafka/admin.hpp"
#include "runtime/kafka/consumer_client.hpp"
#include "runtime/kafka/memory_split.hpp"
#include "runtime/kafka/producer_client.hpp"
#include "runtime/system/actor_environment.hpp"
#include "runtime/system/client_metrics.hpp"
#include "runtime/system/dashboard_event.hpp"
#include "runtime/system/event_bridge.hpp"
#include "runtime/system/explain_page.hpp"
#include "runtime/system/explain_request.hpp"
#include "runtime/system/key_marker.hpp"
#include "runtime/system/log_level_of.hpp"
#include "runtime/system/status_page.hpp"
#include "runtime/system/version.hpp"
#include "runtime/system/worker_control.hpp"
#include "runtime/system/worker_http.hpp"
#include "runtime/system/worker_quarantine.hpp"
#include "runtime/system/worker_setup.hpp"
#include "runtime/system/worker_stalls.hpp"
#include "runtime/system/worker_tracing.hpp"
#include "runtime/telemetry/accounts.hpp"
#include "runtime/telemetry/telemetry.hpp"

#include <caf/send.hpp>

#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <random>
#include <utility>

namespace streamer {
namespace {

constexpr std::chrono::milliseconds producer_close_budget{2'000};

std::chrono::steady_clock::time_point steady_at(std::int64_t ns) {
  return std::chrono::steady_clock::time_point{std::chrono::nanoseconds{ns}};
}

std::uint64_t random_seed() {
  std::random_device device;
  return static_cast<std::uint64_t>(device()) << 32U | device();
}

std::string joined(const std::vector<std::string>& parts) {
  std::string text;
  for (const auto& part : parts) {
    text += (text.empty() ? "" : ", ") + part;
  }
  return text.empty() ? "nothing" : text;
}

// Tells this process from its predecessor and successor at the same address.
std::string process_mark() { return std::to_string(random_seed()); }

tenant_label_options label_options(const tenant_settings& tenants) {
  tenant_label_options options;
  for (const auto& [id, limit] : tenants.limits) {
    options.configured.push_back(id);
  }
  options.max_labels = tenants.max_labels;
  return options;
}

} // namespace

// Members are destroyed in reverse order: HTTP first, then the clients' threads, then the
// actors, and last what all of them refer to.
class worker::impl {
 public:
  impl(settings config, const log_handle& log, const worker_options& options)
      : config_{std::move(config)},
        log_{log},
        metrics_{std::make_shared<telemetry>(label_options(config_.tenants))},
        quarantine_{config_, options.embedded, metrics_, log},
        accounts_{std::make_shared<account_board>()},
        router_{std::make_shared<record_router>()},
        entries_{std::make_shared<entry_points>()},
        board_{std::make_shared<actor_board>()},
        credit_{std::make_shared<credit_pool>(
            credit_limits{static_cast<std::int64_t>(config_.consumer.max_in_flight),
                          split_memory(config_.consumer.memory_budget_mib).credit_bytes})},
        bridge_{router_, entries_, credit_},
        set_log_level_{options.set_log_level},
        log_level_{level_of(config_.observability.log_level)} {}

  ~impl() {
    http_.close();
    end_actors();
    source_.reset();
    if (sink_) {
      sink_->close(std::chrono::milliseconds{0});
    }
    if (!http_.serving()) {
      quarantine_.ended_cleanly(); // it has not called a handler
    }
  }

  bool start(const handler_registry& registry, start_failure& failure) {
    auto handlers = make_handlers(config_, registry);
    if (auto* problem = std::get_if<std::string>(&handlers)) {
      failure = {2, std::move(*problem)};
      return false;
    }
    if (auto problem = tracing_.start(config_.observability, config_.consumer.group_id,
                                      config_.kafka.client_id, random_seed())) {
      failure = {2, std::move(*problem)};
      return false;
    }
    return http_.start(config_, answers(), failure) && open_inspection(failure) &&
           start_clients(failure) &&
           start_actors(std::move(std::get<std::vector<handler_entry>>(handlers)), failure);
  }

  void request_stop() {
    draining_.store(true);
    caf::anon_send<caf::message_priority::high>(root_, shutdown_request{});
  }

  void reload(const load_result& found) {
    const auto log = log_.with("config");
    metrics_->counter(metric::config_reloads, {{"result", found ? "ok" : "failed"}}).add();
    if (!found) {
      log.error("reload_refused",
                "SIGHUP: the configuration does not hold together; the old settings stay",
                {{"problem", found.problems.empty() ? "" : to_string(found.problems.front())},
                 {"problems", found.problems.size()}});
      return;
    }
    const auto plan = plan_reload(held_settings_, found.loaded->values);
    apply(held_settings_, plan.result);
    held_settings_ = plan.result;
    log.write(std::max(log_level::info, log_level_.load()), "reloaded",
              "SIGHUP: the configuration was read again",
              std::array<log_field, 2>{{{"changed", joined(plan.changed)},
                                        {"needs_restart", joined(plan.needs_restart)}}});
  }

  std::optional<worker_end> wait_for(std::chrono::milliseconds time) {
    watch_stalls();
    tracing_.watch(std::chrono::steady_clock::now());
    std::unique_lock lock{mutex_};
    if (!ended_.wait_for(lock, time, [this] { return end_.has_value(); })) {
      return std::nullopt;
    }
    return end_;
  }

  // The group has been left; what is still outbound gets a moment.
  void wind_down() {
    end_actors();
    if (sink_) {
      sink_->close(producer_close_budget);
    }
    tracing_.close();
    quarantine_.ended_cleanly();
  }

  health_verdict liveness() const {
    const auto source = source_->status();
    liveness_input input;
    input.now = std::chrono::steady_clock::now();
    input.last_poll = steady_at(source.last_poll_ns);
    input.last_schedule = progress_->last_tick();
    if (progress_->runnable()) {
      input.runnable_work_stands_since = progress_->last_moved();
    }
    input.max_stall = config_.consumer.max_stall;
    return judge_liveness(input);
  }

  health_verdict readiness() const {
    const auto source = source_->status();
    const auto sink = sink_->status();
    readiness_input input;
    input.connected = source.connected;
    input.authentication_failed = !source.authenticated || !sink.authenticated;
    input.joined = source.joined;
    input.assignment_known = source.joined;
    input.draining = draining_.load();
    input.dlq_waiting_partitions =
        static_cast<std::uint64_t>(dlq_gauge_->waiting_partitions.load());
    input.dlq_guard_holds = dlq_gauge_->guard_holds.load();
    return judge_readiness(input);
  }

  bool connected() const { return source_->status().connected; }

  bool reading() const {
    const auto partitions = source_->status().partitions;
    return !partitions.empty() && std::ranges::all_of(partitions, [](const auto& p) {
      return p.started && p.position >= 0;
    });
  }

  std::string status_json() const {
    return make_status_page({config_, source_->status(), sink_->status(), accounts_->snapshot(),
                             board_->rows(), *credit_, to_string(metrics_address()),
                             to_string(admin_address()),
                             inspection_ ? to_string(inspection_->bound()) : std::string{},
                             draining_.load(), pauses_->all(), to_string(log_level_.load())});
  }

  http_response explain(const http_request& request) {
    const auto query = read_explain_query(request);
    if (const auto* refused = std::get_if<http_response>(&query)) {
      return *refused;
    }
    const auto& wanted = std::get<explain_query>(query);
    explain_facts facts;
    facts.source = source_->status();
    // Partitions that come while others are asked are asked too, once.
    for (int round = 0; round < 2; ++round) {
      const auto epochs = epochs_of(wanted, facts.source, facts.asked);
      if (!epochs.empty()) {
        facts.asked.insert(epochs.begin(), epochs.end());
        facts.answers.merge(ask_why(environment_->system(), *router_, epochs));
        facts.source = source_->status();
      }
    }
    if (wanted.only && facts.asked.empty()) {
      return not_assigned(wanted, facts.source);
    }
    facts.group_id = config_.consumer.group_id;
    facts.reset_to_end = reset_to_end();
    facts.accounts = accounts_->snapshot();
    facts.paused_tenants = pauses_->all();
    facts.process = {work_around(facts.source), dlq_gauge_->waiting_partitions.load() > 0,
                     config_.consumer.max_stall};
    facts.draining = draining_.load();
    facts.now = std::chrono::system_clock::now();
    facts.still = stalls_.still();
    return {200, "application/json", make_explain_page(wanted, facts), {}};
  }

  std::string dashboard_event() const {
    return make_dashboard_event({process_, config_.consumer.group_id, source_->status(),
                                 accounts_with_lag(), board_->rows(), readiness(), *credit_,
                                 *metrics_, std::chrono::system_clock::now()});
  }

  std::string metrics_text() const {
    refresh_metrics();
    return metrics_->serialize();
  }

  endpoint metrics_address() const { return http_.metrics_address(); }
  endpoint admin_address() const { return http_.admin_address(); }
  const actor_board& board() const { return *board_; }

 private:
  worker_answers answers() {
    return {[this] { return metrics_text(); },
            [this] { return liveness(); },
            [this] { return readiness(); },
            [this] { return status_json(); },
            [this] { return dashboard_event(); },
            [this](const http_request& request) { return explain(request); }};
  }

  // Before the actor system: what is wrong with its certificates must not be found by CAF.
  bool open_inspection(start_failure& failure) {
    if (!config_.inspect.enabled) {
      return true;
    }
    auto opened = inspection_port::open(config_, log_.with("inspection"));
    if (auto* problem = std::get_if<inspection_failure>(&opened)) {
      failure = {problem->configuration ? 2 : 1, std::move(problem->what)};
      return false;
    }
    inspection_ = std::get<std::unique_ptr<inspection_port>>(std::move(opened));
    log_.with("inspection")
        .info("listening", "an address is served",
              {{"key", "inspect.addr"}, {"address", to_string(inspection_->bound())}});
    return true;
  }

  bool start_clients(start_failure& failure) {
    auto sink =
        producer_client::create(config_, producer_mode::worker, {}, bridge_, log_.with("producer"));
    if (!sink) {
      failure = {2, sink.error()};
      return false;
    }
    auto source = consumer_client::create(config_, bridge_, *credit_, log_.with("consumer"));
    if (!source) {
      failure = {2, source.error()};
      return false;
    }
    sink_ = std::move(sink).value();
    source_ = std::move(source).value();
    control_.emplace(control_parts{source_, pauses_, metrics_,
                                   set_log_level_ ? [this](log_level l) { change_log_level(l); }
                                                  : std::function<void(log_level)>{},
                                   log_.with("control")});
    return true;
  }

  bool start_actors(std::vector<handler_entry> handlers, start_failure& failure) {
    auto consumer = std::make_shared<consumer_context>();
    consumer->consumer = config_.consumer;
    consumer->tenants = config_.tenants;
    consumer->lane_seed = random_seed();
    consumer->source = source_;
    consumer->credit = credit_;
    consumer->progress = progress_;
    consumer->limiters = limiters_;
    consumer->pauses = pauses_;
    consumer->longest_attempt = longest_attempt(config_);
    consumer->accounts = accounts_;
    consumer->metrics = metrics_;
    consumer->suspects = quarantine_.board();
    consumer->suspect_marks = quarantine_.store();
    consumer->calls = quarantine_.calls();
    consumer->mark_key = key_marker{};
    consumer->log = log_;
    for (const auto& h : handlers) {
      policies_.push_back(h.policy);
    }
    auto tenant =
        std::make_shared<tenant_context>(tenant_context{handler_router{config_.handlers},
                                                        std::move(handlers),
                                                        config_.unmatched,
                                                        batch_size_,
                                                        {},
                                                        fallback_policy_,
                                                        progress_,
                                                        std::make_shared<fence_counters>(),
                                                        metrics_,
                                                        log_,
                                                        consumer->totals,
                                                        quarantine_.calls(),
                                                        tracing_.tracing()});
    root_context root;
    root.consumer = consumer;
    root.tenant = tenant;
    root.producer = {sink_, metrics_, log_.with("producer")};
    root.dlq = {config_.dlq, config_.consumer.group_id, dlq_gauge_, metrics_,
                log_,        tracing_.tracing()};
    root.quarantine = quarantine_.context();
    root.router = router_;
    root.entries = entries_;
    root.board = board_;
    root.vitals = std::make_shared<actor_vitals>();
    if (inspection_) {
      root.inspection = inspection_context{board_,
                                           std::string{streamer_version()},
                                           config_.consumer.group_id,
                                           static_cast<std::uint64_t>(::getpid()),
                                           std::chrono::steady_clock::now(),
                                           log_.with("inspector")};
      root.publish = [this](const inspector_actor& inspector) {
        inspection_->publish(environment_->system(), inspector);
      };
    }
    root.seed = random_seed();
    root.log = log_;
    root.on_end = [this](worker_end end) {
      const std::lock_guard lock{mutex_};
      end_ = std::move(end);
      ended_.notify_all();
    };
    metrics_->set_account_source([this] { return accounts_with_lag(); });
    metrics_
        ->gauge(metric::build_info, {{"version", streamer_version()},
                                     {"caf", caf_version()},
                                     {"librdkafka", kafka_client_version()}})
        .set(1);
    environment_.emplace(config_.runtime.threads, inspection_ != nullptr);
    progress_->ticked(std::chrono::steady_clock::now());
    const auto vitals = root.vitals;
    root_ =
        environment_->system().spawn<watched_actor<root_supervisor_actor, root_supervisor_state>>(
            vitals, std::move(root));
    bridge_.set_root(root_);
    // The tree is complete once the way into it is.
    for (int i = 0; i < 5000 && !entries_->consumers(); ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds{1});
    }
    if (!entries_->consumers()) {
      failure = {1, "the actors did not start within 5 s; is the machine out of CPU time?"};
      return false;
    }
    quarantine_.publish_suspects();
    source_->run();
    http_.serve(*control_);
    return true;
  }

  // What only the client knows of the lag is laid beside what the actors know.
  std::vector<partition_account> accounts_with_lag() const {
    auto accounts = accounts_->snapshot();
    const auto source = source_->status();
    for (auto& account : accounts) {
      if (!account.state) {
        continue;
      }
      const auto p = std::ranges::find_if(source.partitions, [&](const auto& candidate) {
        return candidate.tp.topic == account.topic &&
               candidate.tp.partition.value() == account.partition;
      });
      if (p != source.partitions.end()) {
        auto& state = *account.state;
        const auto whole =
            complete({state.lag, state.span}, {p->low, p->position, p->end, reset_to_end()});
        state.lag = whole.parts;
        state.span = whole.span;
      }
    }
    return accounts;
  }

  bool reset_to_end() const {
    return config_.consumer.auto_offset_reset == offset_reset_kind::latest;
  }

  process_work work_around(const consumer_status& source) const {
    // With less than this the consumer does not fetch.
    const auto least = std::clamp<std::int64_t>(credit_->limits().records / 20, 1, 500);
    return {source.connected, dlq_gauge_->guard_holds.load(), credit_->available() < least,
            sink_->status().waiting_events > 0};
  }

  void refresh_metrics() const {
    refresh_client_metrics(*metrics_, source_->status(), sink_->status());
    quarantine_.refresh_metrics();
    tracing_.refresh_metrics();
    metrics_->gauge(metric::ready).set(readiness().ok ? 1 : 0);
    metrics_->gauge(metric::paused_tenants).set(static_cast<double>(pauses_->all().size()));
    for (const auto& [kind, depth] : board_->mailbox_depths()) {
      metrics_->gauge(metric::mailbox_depth, {{"kind", kind}}).set(static_cast<double>(depth));
    }
    if (inspection_) {
      const auto by = [this](const char* result) {
        return metrics_->counter(metric::inspection_connections, {{"result", result}});
      };
      raise_to(by("admitted"), inspection_->admitted());
      raise_to(by("refused"), inspection_->refused());
    }
  }

  // By whoever waits for the end: its thread has nothing else to do.
  void watch_stalls() {
    const auto now = std::chrono::steady_clock::now();
    if (stalls_.due(now)) {
      stalls_.look(now, *source_, accounts_with_lag(), work_around(source_->status()));
    }
  }

  void change_log_level(log_level level) {
    log_level_.store(level);
    set_log_level_(level);
  }

  void apply(const settings& before, const settings& now) {
    if (set_log_level_ && before.observability.log_level != now.observability.log_level) {
      change_log_level(level_of(now.observability.log_level));
    }
    batch_size_.set(now.consumer.batch_size);
    limiters_->change(now.tenants.limits);
    fallback_policy_.set(fallback_policy_of(now));
    for (std::size_t i = 0; i < policies_.size(); ++i) {
      policies_[i].set(policy_of(now.handlers[i]));
    }
  }

  void end_actors() {
    if (!environment_) {
      return;
    }
    if (inspection_) {
      inspection_->close(environment_->system());
    }
    caf::anon_send_exit(root_, caf::exit_reason::user_shutdown);
    root_ = nullptr;
    bridge_.set_root({});
    entries_->set({}, {});
  }

  settings config_;
  log_handle log_;
  const std::string process_ = process_mark();
  std::shared_ptr<telemetry> metrics_;
  worker_stalls stalls_{config_.consumer.max_stall, metrics_, log_};
  worker_quarantine quarantine_;
  worker_tracing tracing_{metrics_, log_};
  std::shared_ptr<account_board> accounts_;
  std::shared_ptr<progress_gauge> progress_ = std::make_shared<progress_gauge>();
  std::shared_ptr<dlq_gauge> dlq_gauge_ = std::make_shared<dlq_gauge>();
  std::shared_ptr<record_router> router_;
  std::shared_ptr<entry_points> entries_;
  std::shared_ptr<actor_board> board_;
  std::shared_ptr<credit_pool> credit_;
  event_bridge bridge_;
  // What changes while it runs.
  std::function<void(log_level)> set_log_level_;
  std::atomic<log_level> log_level_;
  settings held_settings_ = config_; // of the thread that waits for the end
  std::shared_ptr<tenant_pauses> pauses_ = std::make_shared<tenant_pauses>();
  std::shared_ptr<tenant_limiters> limiters_ = std::make_shared<tenant_limiters>(config_.tenants);
  live_value<std::size_t> batch_size_{config_.consumer.batch_size};
  live_value<std::shared_ptr<const failure_policy>> fallback_policy_{fallback_policy_of(config_)};
  std::vector<live_value<std::shared_ptr<const failure_policy>>> policies_; // by handler
  std::optional<worker_control> control_;
  std::shared_ptr<producer_client> sink_;
  std::shared_ptr<consumer_client> source_;
  std::unique_ptr<inspection_port> inspection_;
  std::optional<actor_environment> environment_;
  root_supervisor_actor root_;
  std::atomic<bool> draining_{false};
  std::mutex mutex_; // of what follows
  std::condition_variable ended_;
  std::optional<worker_end> end_;
  worker_http http_{log_};
};

worker::worker(std::unique_ptr<impl> running) : impl_{std::move(running)} {}
worker::~worker() = default;

std::unique_ptr<worker> worker::start(const settings& config, const handler_registry& registry,
                                      const log_handle& log, start_failure& failure,
                                      const worker_options& options) {
  auto running = std::make_unique<impl>(config, log, options);
  if (!running->start(registry, failure)) {
    return nullptr;
  }
  return std::unique_ptr<worker>{new worker{std::move(running)}};
}

void worker::request_stop() { impl_->request_stop(); }

void worker::reload(const load_result& found) { impl_->reload(found); }

std::optional<worker_end> worker::wait_for(std::chrono::milliseconds time) {
  auto end = impl_->wait_for(time);
  if (end) {
    impl_->wind_down();
  }
  return end;
}

endpoint worker::metrics_address() const { return impl_->metrics_address(); }
endpoint worker::admin_address() const { return impl_->admin_address(); }
bool worker::ready() const { return impl_->readiness().ok; }
bool worker::connected() const { return impl_->connected(); }
bool worker::reading() const { return impl_->reading(); }
const actor_board& worker::board() const { return impl_->board(); }
std::string worker::status_json() const { return impl_->status_json(); }
std::string worker::metrics_text() const { return impl_->metrics_text(); }

} // namespace streamer

#include "tests/actor/worker_tree.hpp"

#include "actors/dlq/dead_letter_record.hpp"
#include "actors/supervision/watched_actor.hpp"
#include "runtime/inspection/message_types.hpp"
#include "runtime/system/actor_environment.hpp"

#include <caf/actor_registry.hpp>
#include <caf/init_global_meta_objects.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>

#include <algorithm>

namespace streamer::test {
namespace {

constexpr const char* dlq_topic = "events.dlq";
constexpr const char* selector = "handler";

handler_router router_for(const worker_plan& plan) {
  std::vector<handler_settings> entries;
  for (const auto& h : plan.handlers) {
    handler_settings s;
    if (!h.selects.empty()) {
      s.header[selector] = h.selects;
    }
    entries.push_back(std::move(s));
  }
  return handler_router{entries};
}

std::vector<handler_entry> entries_for(const worker_plan& plan) {
  std::vector<handler_entry> entries;
  for (const auto& h : plan.handlers) {
    handler_entry e;
    e.name = h.selects.empty() ? "any" : h.selects;
    e.run = h.run;
    e.policy = std::make_shared<const failure_policy>(
        failure_policy{e.name, plan.retry, h.retry_on, h.reject_on});
    e.timeout = h.timeout;
    e.conflates = h.conflates;
    if (std::holds_alternative<blocking_handler>(h.run)) {
      e.pool = std::make_shared<blocking_pool>("test-pool", pool_share{h.threads});
    }
    entries.push_back(std::move(e));
  }
  return entries;
}

} // namespace

worker_plan::worker_plan() {
  tenants.from = {tenant_source::kind::header, "tenant"};
  retry.jitter = 0;
}

record_spec record_of(std::optional<std::string> key, std::string value, std::string tenant,
                      std::string handler) {
  record_spec spec{std::move(key), std::move(value)};
  spec.headers.push_back({"tenant", std::move(tenant), false});
  if (!handler.empty()) {
    spec.headers.push_back({selector, std::move(handler), false});
  }
  return spec;
}

void register_message_types() { streamer::register_message_types(); }

worker_tree::worker_tree(caf::actor_system& system, const worker_plan& plan,
                         std::shared_ptr<journal> journal_of_handlers)
    : credit{std::make_shared<credit_pool>(
          credit_limits{static_cast<std::int64_t>(plan.consumer.max_in_flight), plan.max_bytes})},
      source{std::make_shared<memory_source>(credit)},
      limiters{std::make_shared<tenant_limiters>(plan.tenants)},
      notes{std::move(journal_of_handlers)},
      system_{system},
      plan_{plan},
      bridge_{std::make_unique<event_bridge>(router, entries, credit)} {
  source->connect(*bridge_);
  sink->connect(*bridge_);
  source->on_commit = [this](const seen_commit& c) { check_commit(c); };
}

void worker_tree::start() {
  auto consumer = std::make_shared<consumer_context>();
  consumer->consumer = plan_.consumer;
  consumer->tenants = plan_.tenants;
  consumer->lane_seed = 42;
  consumer->source = source;
  consumer->credit = credit;
  consumer->progress = progress;
  consumer->limiters = limiters;
  consumer->pauses = pauses;
  consumer->longest_attempt = plan_.longest_attempt;
  consumer->accounts = accounts;
  consumer->metrics = metrics;
  consumer->suspects = suspects;
  consumer->suspect_marks = marks;
  consumer->calls = calls;
  consumer->mark_key = [](std::string_view key) { return "mark of " + std::string{key}; };
  root_context root;
  root.consumer = consumer;
  root.tenant = std::make_shared<tenant_context>(tenant_context{
      router_for(plan_),
      entries_for(plan_),
      plan_.unmatched,
      plan_.consumer.batch_size,
      plan_.handler_restarts,
      std::make_shared<const failure_policy>(failure_policy{"default", plan_.retry, {}, {}}),
      progress,
      fences_,
      metrics,
      {},
      consumer->totals,
      calls});
  root.producer.sink = sink;
  root.producer.metrics = metrics;
  root.dlq = {plan_.dlq, plan_.consumer.group_id, dlq_waiting, metrics, {}};
  root.quarantine = {"me", suspects, marks, calls, {}, metrics, {}};
  root.router = router;
  root.entries = entries;
  root.board = board;
  root.inspection = inspection_context{board, "test", "group", 1, {}, {}};
  root.publish = [this](const inspector_actor& made) {
    const std::lock_guard lock{mutex_};
    inspector_ = made;
  };
  root.vitals = std::make_shared<actor_vitals>();
  root.restarts = plan_.restarts;
  root.seed = 7;
  root.on_end = [this](worker_end end) {
    const std::lock_guard lock{mutex_};
    end_ = std::move(end);
  };
  const auto vitals = root.vitals;
  root_ = system_.spawn<watched_actor<root_supervisor_actor, root_supervisor_state>>(
      vitals, std::move(root));
  bridge_->set_root(root_);
}

void worker_tree::end_tree() {
  bridge_->set_root({});
  caf::anon_send_exit(root_, caf::exit_reason::user_shutdown);
  root_ = nullptr;
  entries->set({}, {});
}

void worker_tree::append_keys(const topic_partition& tp, int count, const std::string& prefix,
                              const std::string& tenant) {
  for (int i = 0; i < count; ++i) {
    source->append(tp, record_of(prefix + std::to_string(i), {}, tenant));
  }
}

void worker_tree::kill(const std::string& kind) {
  const auto row = board->any_of(kind);
  const auto victim = row ? caf::actor_cast<caf::strong_actor_ptr>(row->address) : nullptr;
  if (!victim) {
    violations.push_back("there is no " + kind + " to kill");
    return;
  }
  caf::exit_msg exit{caf::actor_addr{}, caf::make_error(caf::exit_reason::kill)};
  victim->enqueue(nullptr, caf::make_message_id(caf::message_priority::high),
                  caf::make_message(std::move(exit)), nullptr);
}

void worker_tree::request_stop() {
  caf::anon_send<caf::message_priority::high>(root_, shutdown_request{});
}

std::optional<worker_end> worker_tree::end() const {
  const std::lock_guard lock{mutex_};
  return end_;
}

bool worker_tree::finished(const topic_partition& tp, offset_id offset) {
  if (notes->handled(tp, offset)) {
    const auto events = notes->events_of(tp, offset);
    std::size_t found = 0;
    for (std::size_t i = 0; i < events; ++i) {
      const auto name = emission_name(tp, offset, i);
      found += static_cast<std::size_t>(
          std::any_of(sink->written.begin(), sink->written.end(),
                      [&](const auto& e) { return e.header(emitted_from) == name; }));
    }
    if (found == events) {
      return true;
    }
  }
  const auto dead = dead_letters(tp);
  return std::find(dead.begin(), dead.end(), offset.value()) != dead.end();
}

bool worker_tree::drained(const std::vector<topic_partition>& partitions) {
  return std::all_of(partitions.begin(), partitions.end(),
                     [&](const auto& tp) { return committed(tp) == source->end_of(tp).value(); });
}

std::int64_t worker_tree::committed(const topic_partition& tp) {
  const auto& c = source->committed(tp);
  return c.offset ? c.offset->value() : -1;
}

commit_metadata worker_tree::committed_metadata(const topic_partition& tp) {
  const auto& c = source->committed(tp);
  if (!c.offset) {
    return {};
  }
  return decode(c.metadata, {source->cluster_id, tp.topic, tp.partition, *c.offset}).data;
}

void worker_tree::check_commit(const seen_commit& c) {
  const auto said = decode(c.metadata, {source->cluster_id, c.tp.topic, c.tp.partition, c.offset});
  if (!c.metadata.empty() && said.verdict != metadata_verdict::usable) {
    violations.push_back("metadata beside " + std::to_string(c.offset.value()) + " is " +
                         std::string{to_string(said.verdict)});
  }
  for (const auto& r : source->log_of(c.tp)) {
    const bool beyond = std::any_of(
        said.data.finished.begin(), said.data.finished.end(),
        [&](const auto& range) { return range.first <= r.offset && r.offset <= range.last; });
    if ((r.offset < c.offset || beyond) && !finished(c.tp, r.offset)) {
      violations.push_back("a commit of " + to_string(c.tp) + " at " +
                           std::to_string(c.offset.value()) + " covers the unfinished " +
                           std::to_string(r.offset.value()));
    }
  }
}

std::uint64_t worker_tree::restarts_of(const std::string& kind) {
  return metrics->counter(metric::actor_restarts, {{"kind", kind}}).value();
}

std::uint64_t worker_tree::dropped(const std::string& cause) {
  return metrics->counter(metric::acknowledgements_dropped, {{"cause", cause}}).value();
}

record_counts worker_tree::counts_of(const topic_partition& tp) const {
  for (const auto& account : accounts->snapshot()) {
    if (account.topic == tp.topic && account.partition == tp.partition.value()) {
      return account.records;
    }
  }
  return {};
}

lag_counts worker_tree::lag_of(const topic_partition& tp) const {
  for (const auto& account : accounts->snapshot()) {
    if (account.topic == tp.topic && account.partition == tp.partition.value() && account.state) {
      return account.state->lag;
    }
  }
  return {};
}

std::vector<std::int64_t> worker_tree::dead_letters(const topic_partition& tp) const {
  std::vector<std::int64_t> offsets;
  for (const auto& e : sink->written) {
    if (e.topic == dlq_topic &&
        e.header(dlq_header::partition) == std::to_string(tp.partition.value())) {
      offsets.push_back(std::stoll(e.header(dlq_header::offset)));
    }
  }
  return offsets;
}

owned_system::owned_system(bool virtual_time) {
  test::register_message_types();
  count_mailboxes(config);
  config.set("caf.scheduler.policy", virtual_time ? "testing" : "sharing");
  if (!virtual_time) {
    config.set("caf.scheduler.max-threads", std::size_t{4});
    config.set("caf.scheduler.max-throughput", std::size_t{3});
  }
  system = std::make_unique<caf::actor_system>(config);
  // A survivor is to be a failed assertion, not a hang.
  system->await_actors_before_shutdown(!virtual_time);
}

virtual_worker::virtual_worker(const worker_plan& plan, std::shared_ptr<journal> handlers_notes)
    : owned_system{true},
      worker_tree{*system, plan, std::move(handlers_notes)},
      scheduler_{dynamic_cast<caf::scheduler::test_coordinator&>(system->scheduler())} {
  start();
  settle();
}

virtual_worker::~virtual_worker() {
  end_and_count_survivors();
  scheduler_.clock().schedule.clear();
}

bool virtual_worker::take_step() {
  auto& jobs = scheduler_.jobs;
  const auto choices = jobs.size() + 2;
  const auto choice = random_ ? (*random_)() % choices : 0;
  if (choice < jobs.size()) {
    std::swap(jobs.front(), jobs[choice]);
    return scheduler_.try_run_once();
  }
  const bool sink_first = choice == jobs.size();
  if (sink_first ? sink->poll() || source->poll() : source->poll() || sink->poll()) {
    return true;
  }
  return scheduler_.try_run_once();
}

void virtual_worker::settle() {
  while (take_step()) {
  }
}

void virtual_worker::pass(milliseconds time) {
  constexpr milliseconds longest{10};
  settle();
  while (time > milliseconds{0}) {
    const auto part_of_it = std::min(time, longest);
    scheduler_.advance_time(part_of_it);
    time -= part_of_it;
    settle();
  }
}

std::optional<partition_explained> virtual_worker::explain(const topic_partition& tp) {
  std::optional<partition_explained> said;
  const auto epoch = source->epoch_of(tp);
  const auto whom = epoch ? router->find(*epoch) : partition_consumer_actor{};
  if (!whom) {
    return said;
  }
  caf::scoped_actor self{system_};
  auto answer = self->request<caf::message_priority::high>(whom, caf::infinite, explain_wanted{});
  settle();
  answer.receive([&](partition_explained& all) { said = std::move(all); },
                 [](const caf::error&) {});
  return said;
}

lag_split virtual_worker::whole_lag(const topic_partition& tp) {
  const auto said = explain(tp);
  return complete(said ? said->lag : lag_split{}, source->facts_of(tp));
}

void virtual_worker::assign(const std::vector<topic_partition>& partitions) {
  source->assign(partitions);
  settle();
}

std::size_t virtual_worker::end_and_count_survivors() {
  end_tree();
  scheduler_.run();
  return system_.registry().running();
}

threaded_worker::threaded_worker(const worker_plan& plan, std::shared_ptr<journal> handlers_notes)
    : owned_system{false}, worker_tree{*system, plan, std::move(handlers_notes)} {
  start();
  while (!entries->consumers()) {
    std::this_thread::yield();
  }
}

threaded_worker::~threaded_worker() { end_tree(); }

} // namespace streamer::test

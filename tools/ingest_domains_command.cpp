#include <memory>

#include "tools/command_tree.hpp"
#include "tools/ingest/cloud_event.hpp"
#include "tools/ingest/domain_events.hpp"
#include "tools/ingest_run.hpp"

namespace streamer::tools {
namespace {

struct domain_options {
  std::int64_t count = 100;
  double rate = 0;
  std::optional<std::string> tenant;
};

int run(const command_context& context, domain about, const domain_options& options) {
  if (!(options.rate >= 0)) return fail(exit_usage, "--rate must be 0 or more");
  if (const auto problem = problem_of_count(options.count)) return fail(exit_usage, *problem);
  const stop_signal stop;
  auto session = event_session::open(context);
  if (!session) return fail(exit_failed, session.error());
  const auto& config = session.value()->config();
  const auto tenant = options.tenant.value_or(config.tenants.default_tenant);
  const auto seed = fresh_seed();
  domain_story story{about, seed};
  event_ids ids{seed};
  event_placer placer{config.producer};
  std::uint64_t number = 0;
  const auto source = [&] {
    auto told = story.next(number++);
    outbound_event event;
    event.topic = config.producer.events_topic;
    event.headers = cloud_event_headers({ids.next(), told.type, tenant, now_ms(), true});
    event.key = std::move(told.key);
    event.value = std::move(told.value);
    placer.place(event, tenant);
    return source_turn{std::move(event)};
  };
  return run_ingest(*session.value(), stop,
                    {static_cast<std::uint64_t>(options.count), options.rate}, source);
}

void add(command_tree& tree, CLI::App& ingest, domain about, const char* name,
         const char* description) {
  const auto options = std::make_shared<domain_options>();
  command what;
  what.takes_embedded = true;
  what.run = [options, about](const command_context& context) {
    return run(context, about, *options);
  };
  auto& app = tree.add(ingest, name, description, what);
  app.add_option("--count", options->count, "How many (100)")->type_name("N");
  app.add_option("--rate", options->rate, "A second; 0: as fast as it goes (0)")->type_name("N");
  app.add_option("--tenant-id", options->tenant, "Instead of tenants.default_tenant")
      ->type_name("T");
}

} // namespace

void add_ingest_domains(command_tree& tree, CLI::App& ingest) {
  add(tree, ingest, domain::users, "users", "Synthetic events of users, no personal data");
  add(tree, ingest, domain::orders, "orders", "Synthetic events of orders");
}

} // namespace streamer::tools

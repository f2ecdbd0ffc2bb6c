#include <memory>

#include "tools/command_tree.hpp"
#include "tools/ingest/cloud_event.hpp"
#include "tools/ingest/json_text.hpp"
#include "tools/ingest_run.hpp"
#include "tools/load_test/random.hpp"

namespace streamer::tools {
namespace {

struct custom_options {
  std::string event_type;
  std::string payload;
  std::optional<std::string> key;
  std::int64_t count = 1;
  std::optional<std::string> tenant;
};

int run(const command_context& context, const custom_options& options) {
  if (options.event_type.empty()) return fail(exit_usage, "--event-type must not be empty");
  if (const auto problem = json_problem(options.payload)) {
    return fail(exit_usage, "--payload is not JSON " + *problem);
  }
  if (const auto problem = problem_of_count(options.count)) return fail(exit_usage, *problem);
  const stop_signal stop;
  auto session = event_session::open(context);
  if (!session) return fail(exit_failed, session.error());
  const auto& config = session.value()->config();
  const auto tenant = options.tenant.value_or(config.tenants.default_tenant);
  event_ids ids{fresh_seed()};
  event_placer placer{config.producer};
  const auto source = [&] {
    outbound_event event;
    event.topic = config.producer.events_topic;
    event.headers = cloud_event_headers({ids.next(), options.event_type, tenant, now_ms(), true});
    event.key = options.key;
    event.value = options.payload;
    placer.place(event, tenant);
    return source_turn{std::move(event)};
  };
  return run_ingest(*session.value(), stop, {static_cast<std::uint64_t>(options.count), 0}, source);
}

} // namespace

void add_ingest_custom(command_tree& tree, CLI::App& ingest) {
  const auto options = std::make_shared<custom_options>();
  command what;
  what.takes_embedded = true;
  what.run = [options](const command_context& context) { return run(context, *options); };
  auto& app = tree.add(ingest, "custom", "Events of your own", what);
  app.add_option("--event-type", options->event_type, "ce_type")->type_name("T")->required();
  app.add_option("--payload", options->payload, "The value, which must be JSON")
      ->type_name("JSON")
      ->required();
  app.add_option("--key", options->key, "Without it the events have no key, and no order")
      ->type_name("K");
  app.add_option("--count", options->count, "How many (1)")->type_name("N");
  app.add_option("--tenant-id", options->tenant, "Instead of tenants.default_tenant")
      ->type_name("T");
}

} // namespace streamer::tools

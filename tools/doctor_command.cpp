#include <cstdio>
#include <memory>

#include "runtime/checks/doctor.hpp"
#include "runtime/kafka/surroundings.hpp"
#include "runtime/system/local_facts.hpp"
#include "tools/command_tree.hpp"
#include "tools/doctor/report.hpp"

namespace streamer::tools {
namespace {

int run_doctor(const command_context& context, bool json) {
  const auto& config = context.values();
  auto admin = admin_client::open(config, context.quiet_log);
  if (!admin) return fail(exit_usage, admin.error());
  const auto cluster = ask_cluster(config, *admin.value(), coordinator::asked);
  const auto all = judge_surroundings(config, cluster, look_around(config), sizes_for(config));
  std::fputs((json ? findings_json(all) : findings_text(all, context.out)).c_str(), stdout);
  return worst_of(all) == severity::problem ? exit_failed : exit_done;
}

} // namespace

void add_doctor(command_tree& tree) {
  const auto json = std::make_shared<bool>(false);
  command what;
  what.run = [json](const command_context& context) { return run_doctor(context, *json); };
  tree.add(tree.root(), "doctor", "Check brokers, rights, topics and sizes", what)
      .add_flag("--json", *json, "One JSON object");
}

} // namespace streamer::tools

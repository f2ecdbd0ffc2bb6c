#include "tools/demo/demo_summary.hpp"

#include "tools/text/numbers.hpp"
#include "tools/text/table.hpp"

namespace streamer::tools {
namespace {

std::string demo_number(std::uint64_t count) { return grouped(static_cast<std::int64_t>(count)); }

const char* meaning_of(std::string_view reason) {
  if (reason == to_string(dead_letter_reason::handler_rejected)) return "the handler said: never";
  if (reason == to_string(dead_letter_reason::retries_exhausted)) return "every attempt failed";
  if (reason == to_string(dead_letter_reason::unmatched)) return "no handler takes its type";
  if (reason == to_string(dead_letter_reason::undecodable)) return "not a readable CloudEvent";
  return "";
}

std::vector<std::string> tenant_row(const std::string& name, const demo_counts& counts) {
  return {name, demo_number(counts.input), demo_number(counts.output), demo_number(counts.healed),
          demo_number(counts.dead)};
}

} // namespace

std::string demo_summary(const demo_verdict& verdict, const demo_topics& topics) {
  table tenants{{{"tenant", false, true},
                 {"events", true},
                 {"processed", true},
                 {"by a retry", true},
                 {"dead letters", true}}};
  for (const auto& [tenant, counts] : verdict.tenants)
    tenants.add(tenant_row(tenant, counts));
  const auto total = verdict.total();
  tenants.add(tenant_row("all", total));
  table reasons{{{"dead letters", false, true}, {"count", true}, {"meaning", false, true}}};
  for (const auto& [reason, count] : verdict.reasons)
    reasons.add({reason.empty() ? "(no reason)" : reason, demo_number(count), meaning_of(reason)});
  std::string text = "Read back from " + topics.input + ", " + topics.output + " and " +
                     topics.dlq + ":\n\n" + tenants.render();
  if (!reasons.empty()) text += "\n" + reasons.render();
  return text;
}

std::string demo_verdict_line(const demo_verdict& verdict) {
  std::string wrong;
  const auto name = [&wrong](std::uint64_t count, const char* what) {
    if (count > 0) wrong += (wrong.empty() ? "" : ", ") + (what + (" " + demo_number(count)));
  };
  name(verdict.unwritten, "never written");
  name(verdict.lost, "lost");
  name(verdict.duplicated, "duplicated");
  name(verdict.miswritten, "written out of order");
  name(verdict.out_of_order, "out of order");
  name(verdict.misplaced, "in the wrong topic");
  name(verdict.altered, "altered");
  name(verdict.invented, "never sent");
  if (!wrong.empty()) return "NOT RIGHT: " + wrong;
  return "right: lost 0, duplicated 0, out of order 0 over " + demo_number(verdict.keys) + " keys";
}

} // namespace streamer::tools

#include "tools/demo/demo_ledger.hpp"

#include <algorithm>

#include "actors/dlq/dead_letter_record.hpp"
#include "tools/text/numbers.hpp"

namespace streamer::tools {
namespace {

std::string header_text(const record_ref& record, std::string_view header) {
  return std::string{record.header(std::string{header}.c_str()).view()};
}

} // namespace

demo_counts demo_verdict::total() const {
  demo_counts sum;
  for (const auto& [tenant, counts] : tenants) {
    sum.input += counts.input;
    sum.output += counts.output;
    sum.healed += counts.healed;
    sum.dead += counts.dead;
  }
  return sum;
}

bool demo_verdict::clean() const {
  return unwritten + lost + duplicated + out_of_order + misplaced + altered + invented == 0;
}

bool demo_ledger::order::follows(const place& at) {
  auto& next = next_[at.of];
  const bool later = at.step >= next;
  next = std::max(next, at.step + 1);
  return later;
}

demo_ledger::place demo_ledger::place_of(const record_ref& record) {
  const auto step = parse_number(header_text(record, demo_header::step)).value_or(0);
  return {{header_text(record, "ce_tenantid"), std::string{record.get().key.view()}},
          static_cast<std::uint64_t>(step)};
}

void demo_ledger::input(const record_ref& record) {
  const auto at = place_of(record);
  ++found_.tenants[at.of.first].input;
  lanes_.insert(at.of);
  const auto [known, fresh] = events_.try_emplace(
      at, entry{header_text(record, demo_header::fate), std::string{record.get().value.view()}, 0});
  if (!fresh) {
    ++found_.duplicated;
  } else if (!input_order_.follows(at)) {
    ++found_.out_of_order;
  }
}

demo_ledger::entry* demo_ledger::arrival(const record_ref& record, const place& at, order& among) {
  const auto known = events_.find(at);
  if (known == events_.end()) {
    ++found_.invented;
    return nullptr;
  }
  auto& event = known->second;
  if (event.seen++ > 0) {
    ++found_.duplicated;
  } else if (!among.follows(at)) {
    ++found_.out_of_order;
  }
  if (record.get().value.view() != event.value) ++found_.altered;
  return &event;
}

void demo_ledger::output(const record_ref& record) {
  const auto at = place_of(record);
  auto& counts = found_.tenants[at.of.first];
  ++counts.output;
  if (parse_number(header_text(record, demo_header::attempt)).value_or(1) > 1) ++counts.healed;
  const auto* event = arrival(record, at, output_order_);
  if (event == nullptr) return;
  const auto fate = parse_demo_fate(event->fate);
  if (!fate || expected_reason(*fate)) ++found_.misplaced;
}

void demo_ledger::dead_letter(const record_ref& record) {
  const auto at = place_of(record);
  ++found_.tenants[at.of.first].dead;
  const auto reason = header_text(record, dlq_header::reason);
  ++found_.reasons[reason];
  const auto* event = arrival(record, at, dlq_order_);
  if (event == nullptr) return;
  const auto fate = parse_demo_fate(event->fate);
  const auto expected = fate ? expected_reason(*fate) : std::nullopt;
  if (!expected || to_string(*expected) != reason) ++found_.misplaced;
}

demo_verdict demo_ledger::judge(std::uint64_t acknowledged) const {
  auto verdict = found_;
  verdict.keys = lanes_.size();
  for (const auto& [at, event] : events_) {
    if (event.seen == 0) ++verdict.lost;
  }
  if (events_.size() < acknowledged) verdict.unwritten = acknowledged - events_.size();
  return verdict;
}

} // namespace streamer::tools

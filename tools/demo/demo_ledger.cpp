#include "tools/demo/demo_ledger.hpp"

#include <algorithm>

#include "actors/dlq/dead_letter_record.hpp"
#include "tools/text/numbers.hpp"

namespace streamer::tools {
namespace {

constexpr std::size_t most_examples = 5;

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
  return unwritten + lost + duplicated + miswritten + out_of_order + misplaced + altered +
             invented ==
         0;
}

bool demo_ledger::order::follows(const lane& of, std::uint64_t number) {
  auto& next = next_[of];
  const bool later = number >= next;
  next = std::max(next, number + 1);
  return later;
}

demo_ledger::place demo_ledger::place_of(const record_ref& record) {
  const auto step = parse_number(header_text(record, demo_header::step)).value_or(0);
  return {{header_text(record, "ce_tenantid"), std::string{record.get().key.view()}},
          static_cast<std::uint64_t>(step)};
}

void demo_ledger::fault(std::uint64_t& count, const char* what, const record_ref& record,
                        const place& at) {
  ++count;
  if (found_.examples.size() == most_examples) return;
  const topic_partition tp{record.batch->topic(), record.batch->partition()};
  found_.examples.push_back(std::string{what} + ": " + at.of.first + " " + at.of.second + " step " +
                            std::to_string(at.step) + " at " + to_string(tp) + "@" +
                            std::to_string(record.get().offset.value()));
}

void demo_ledger::input(const record_ref& record) {
  const auto at = place_of(record);
  ++found_.tenants[at.of.first].input;
  const auto [known, fresh] =
      events_.try_emplace(at, entry{header_text(record, demo_header::fate),
                                    std::string{record.get().value.view()}, lanes_[at.of], 0});
  if (!fresh) {
    fault(found_.duplicated, "duplicated", record, at);
    return;
  }
  ++lanes_[at.of];
  if (!input_order_.follows(at.of, at.step)) {
    fault(found_.miswritten, "written out of order", record, at);
  }
}

demo_ledger::entry* demo_ledger::arrival(const record_ref& record, const place& at, order& among) {
  const auto known = events_.find(at);
  if (known == events_.end()) {
    fault(found_.invented, "never sent", record, at);
    return nullptr;
  }
  auto& event = known->second;
  if (event.seen++ > 0) {
    fault(found_.duplicated, "duplicated", record, at);
  } else if (!among.follows(at.of, event.written)) {
    fault(found_.out_of_order, "out of order", record, at);
  }
  if (record.get().value.view() != event.value) fault(found_.altered, "altered", record, at);
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
  if (!fate || expected_reason(*fate)) fault(found_.misplaced, "misplaced", record, at);
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
  if (!expected || to_string(*expected) != reason) {
    fault(found_.misplaced, "misplaced", record, at);
  }
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

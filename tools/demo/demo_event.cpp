#include "tools/demo/demo_event.hpp"

#include <array>
#include <nlohmann/json.hpp>

namespace streamer::tools {
namespace {

constexpr std::array<std::string_view, 4> demo_tenants{"alpha", "bravo", "charlie", "delta"};
constexpr std::string_view troubled_tenant = "delta";

constexpr std::array<std::pair<demo_fate, std::string_view>, 6> fate_names{{
    {demo_fate::processed, "processed"},
    {demo_fate::healed, "healed"},
    {demo_fate::rejected, "rejected"},
    {demo_fate::exhausted, "exhausted"},
    {demo_fate::unmatched, "unmatched"},
    {demo_fate::undecodable, "undecodable"},
}};

/// How the payment went, in words of the domain: what the handler judges.
std::string_view payment_of(demo_fate fate) {
  switch (fate) {
    case demo_fate::healed: return "gateway busy";
    case demo_fate::rejected: return "declined";
    case demo_fate::exhausted: return "gateway gone";
    default: return "accepted";
  }
}

std::string order_id(std::uint64_t number) {
  return (number < 10 ? "order-0" : "order-") + std::to_string(number);
}

} // namespace

std::string_view to_string(demo_fate fate) {
  for (const auto& [known, name] : fate_names)
    if (known == fate) return name;
  return "processed";
}

std::optional<demo_fate> parse_demo_fate(std::string_view name) {
  for (const auto& [fate, known] : fate_names)
    if (known == name) return fate;
  return std::nullopt;
}

std::optional<dead_letter_reason> expected_reason(demo_fate fate) {
  switch (fate) {
    case demo_fate::processed:
    case demo_fate::healed: return std::nullopt;
    case demo_fate::rejected: return dead_letter_reason::handler_rejected;
    case demo_fate::exhausted: return dead_letter_reason::retries_exhausted;
    case demo_fate::unmatched: return dead_letter_reason::unmatched;
    case demo_fate::undecodable: return dead_letter_reason::undecodable;
  }
  return std::nullopt;
}

demo_story::demo_story(const producer_settings& config, std::uint64_t seed)
    : topic_{config.events_topic}, random_{seed}, ids_{random_.next()}, placer_{config} {}

demo_fate demo_story::draw_fate(bool troubled) {
  // Thousandths, one after the other.
  const auto lot = random_.below(1000);
  if (lot < 60) return demo_fate::healed;
  if (lot < (troubled ? 360U : 70U)) return demo_fate::rejected;
  if (lot < (troubled ? 460U : 75U)) return demo_fate::exhausted;
  if (lot < (troubled ? 530U : 80U)) return demo_fate::unmatched;
  if (lot < (troubled ? 580U : 85U)) return demo_fate::undecodable;
  return demo_fate::processed;
}

outbound_event demo_story::next() {
  const std::string tenant{demo_tenants[random_.below(demo_tenants.size())]};
  const auto key = order_id(random_.below(demo_keys_per_tenant));
  const auto fate = draw_fate(tenant == troubled_tenant);
  const auto step = steps_[{tenant, key}]++;
  outbound_event event;
  event.topic = topic_;
  event.key = key;
  if (fate == demo_fate::undecodable) {
    event.headers = {{"content-type", "application/cloudevents+json"}, {"ce_tenantid", tenant}};
    event.value = R"({"specversion":"1.0","type":"order.paid","data":{"order":")";
  } else {
    const auto* type = fate == demo_fate::unmatched ? "newsletter.opened" : "order.paid";
    event.headers = cloud_event_headers({ids_.next(), type, tenant, now_ms(), true});
    event.value =
        nlohmann::json{{"order", key}, {"step", step}, {"payment", payment_of(fate)}}.dump();
  }
  event.headers.push_back({demo_header::fate, std::string{to_string(fate)}});
  event.headers.push_back({demo_header::step, std::to_string(step)});
  placer_.place(event, tenant);
  return event;
}

} // namespace streamer::tools

#include "tools/ingest/domain_events.hpp"

#include <array>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <string_view>

namespace streamer::tools {
namespace {

// Ten entities are under way at a time, so that consecutive events have different keys.
constexpr std::uint64_t side_by_side = 10;
constexpr std::uint64_t steps = 3;

std::string entity_id(const char* prefix, std::uint64_t number) {
  std::array<char, 40> text{};
  std::snprintf(text.data(), text.size(), "%s-%06llu", prefix,
                static_cast<unsigned long long>(number));
  return text.data();
}

} // namespace

domain_story::domain_story(domain about, std::uint64_t seed) : about_{about}, random_{seed} {}

domain_event domain_story::next(std::uint64_t number) {
  const auto block = number / (side_by_side * steps);
  const auto within = number % (side_by_side * steps);
  const auto entity = block * side_by_side + within % side_by_side;
  const auto step = within / side_by_side;
  return about_ == domain::users ? user(entity, step) : order(entity, step);
}

domain_event domain_story::user(std::uint64_t entity, std::uint64_t step) {
  constexpr std::array<std::string_view, steps> types{"user.registered", "user.activated",
                                                      "user.upgraded"};
  constexpr std::array<std::string_view, 4> locales{"de-DE", "en-GB", "fr-FR", "pt-BR"};
  constexpr std::array<std::string_view, 3> plans{"free", "team", "enterprise"};
  const auto id = entity_id("user", entity);
  const nlohmann::json data{{"user_id", id},
                            {"locale", locales[entity % locales.size()]},
                            {"plan", plans[step == 2 ? 1 + random_.below(2) : 0]}};
  return {std::string{types[step]}, id, data.dump()};
}

domain_event domain_story::order(std::uint64_t entity, std::uint64_t step) {
  constexpr std::array<std::string_view, steps> types{"order.placed", "order.paid",
                                                      "order.shipped"};
  const auto id = entity_id("order", entity);
  nlohmann::json data{{"order_id", id}, {"currency", "EUR"}};
  if (step == 0) {
    const auto items = 1 + random_.below(5);
    data["items"] = items;
    data["amount_cents"] = items * (100 + random_.below(10'000));
  }
  return {std::string{types[step]}, id, data.dump()};
}

} // namespace streamer::tools

#include "actors/consumer/tenant_groups.hpp"
#include "messages/work.hpp"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <atomic>
#include <memory>
#include <random>
#include <set>
#include <thread>
#include <vector>

namespace streamer {
namespace {

using list = std::vector<std::uint32_t>;

std::vector<work_item> items_of(const list& tenants) {
  std::vector<work_item> items;
  for (std::uint32_t i = 0; i < tenants.size(); ++i) {
    items.push_back({slot_id{i}, {}, i, 0, tenants[i]});
  }
  return items;
}

constexpr auto none_skipped = [](const work_item&) { return false; };

list group_at(const tenant_groups& groups, const list& order, std::size_t at) {
  const auto& g = groups.groups()[at];
  const auto first = order.begin() + static_cast<std::ptrdiff_t>(g.from);
  return {first, first + static_cast<std::ptrdiff_t>(g.count)};
}

TEST_CASE("Items are grouped by tenant, tenants as they first appear, items in their order") {
  tenant_groups groups;
  const auto order = groups.sort(items_of({7, 2, 7, 0, 2, 7}), 8, none_skipped);
  REQUIRE(groups.groups().size() == 3);
  CHECK(groups.groups()[0].tenant == 7);
  CHECK(group_at(groups, order, 0) == list{0, 2, 5});
  CHECK(groups.groups()[1].tenant == 2);
  CHECK(group_at(groups, order, 1) == list{1, 4});
  CHECK(groups.groups()[2].tenant == 0);
  CHECK(group_at(groups, order, 2) == list{3});
}

TEST_CASE("A skipped item is in no group, and a tenant of which all are skipped has none") {
  tenant_groups groups;
  const auto order = groups.sort(items_of({1, 0, 1}), 2, [](const work_item& item) {
    return item.tenant == 0 || item.slot == slot_id{2};
  });
  REQUIRE(groups.groups().size() == 1);
  CHECK(group_at(groups, order, 0) == list{0});
  CHECK(order.size() == 1);
  CHECK(groups.sort(items_of({}), 2, none_skipped).empty());
  CHECK(groups.groups().empty());
}

TEST_CASE("Grouping one batch says nothing of the next, however tenants grow and repeat") {
  std::mt19937 random{20'261'130};
  tenant_groups groups;
  for (std::uint32_t round = 1; round <= 200; ++round) {
    const auto tenants = 1 + random() % (3 * round);
    list of(random() % 100);
    std::ranges::generate(of, [&] { return static_cast<std::uint32_t>(random() % tenants); });
    const auto items = items_of(of);
    const auto order = groups.sort(items, tenants, none_skipped);
    CAPTURE(round);
    REQUIRE(order.size() == items.size());
    std::set<std::uint32_t> met;
    std::size_t grouped = 0;
    for (std::size_t g = 0; g < groups.groups().size(); ++g) {
      const auto group = group_at(groups, order, g);
      CHECK(met.insert(groups.groups()[g].tenant).second);
      CHECK(std::ranges::is_sorted(group));
      CHECK(std::ranges::all_of(
          group, [&](std::uint32_t i) { return of[i] == groups.groups()[g].tenant; }));
      grouped += group.size();
    }
    CHECK(grouped == items.size());
  }
}

TEST_CASE("A part of a slice points into the same list, which its batch keeps") {
  auto batch = std::make_shared<work_batch>();
  batch->items = items_of({0, 0, 0, 0});
  const auto order = batch->keep_order({0, 1, 3});
  for (std::uint32_t more = 0; more < 100; ++more) {
    batch->keep_order({more});
  }
  const work_slice slice{batch, order};
  const auto rest = slice.part(1, 2);
  CHECK(std::ranges::equal(rest.items, list{1, 3}));
  CHECK(rest.front().slot == slot_id{1});
  CHECK(rest.batch == batch);
}

TEST_CASE("Finished work wakes for the first slice alone, until it is taken") {
  const auto batch = std::make_shared<work_batch>();
  batch->items = items_of({0, 0});
  const work_slice slice{batch, batch->keep_order({0, 1})};
  finished_work finished;
  CHECK(finished.add(slice.part(0, 1)));
  CHECK_FALSE(finished.add(slice.part(1, 1)));
  const auto taken = finished.take();
  REQUIRE(taken.size() == 2);
  CHECK(taken[1].front().slot == slot_id{1});
  CHECK(finished.take().empty());
  CHECK(finished.add(slice));
}

TEST_CASE("Whoever adds to finished work, each slice is taken once and somebody is woken for it") {
  const auto batch = std::make_shared<work_batch>();
  batch->items = items_of(list(3'000));
  finished_work finished;
  std::atomic<int> woken{0};
  std::vector<std::uint32_t> taken;
  {
    std::vector<std::jthread> adding;
    for (std::uint32_t t = 0; t < 3; ++t) {
      adding.emplace_back([&, items = batch->keep_order({t})] {
        for (int i = 0; i < 1'000; ++i) {
          woken += finished.add({batch, items}) ? 1 : 0;
        }
      });
    }
    // What a wake-up is for: whoever is woken finds at least the slice it was woken for.
    while (taken.size() < 3'000) {
      for (const auto& s : finished.take()) {
        taken.push_back(s.items.front());
      }
    }
  }
  CHECK(woken > 0);
  for (std::uint32_t t = 0; t < 3; ++t) {
    CHECK(std::ranges::count(taken, t) == 1'000);
  }
  CHECK(finished.take().empty());
}

TEST_CASE("Closed, finished work keeps no batch alive and wakes nobody") {
  auto finished = std::make_shared<finished_work>();
  auto batch = std::make_shared<work_batch>();
  batch->items = items_of({0});
  batch->finished = finished;
  const std::weak_ptr<work_batch> watched = batch;
  const auto items = batch->keep_order({0});
  CHECK(finished->add({batch, items}));
  finished->close();
  CHECK_FALSE(finished->add({std::move(batch), items}));
  CHECK(watched.expired());
}

} // namespace
} // namespace streamer

#include "tools/inspect/tree_view.hpp"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <ranges>
#include <tuple>
#include <utility>

#include "config/text.hpp"
#include "runtime/logging/format.hpp"
#include "runtime/logging/utf8.hpp"
#include "tools/text/numbers.hpp"
#include "tools/text/table.hpp"

namespace streamer::tools {
namespace {

using nlohmann::json;

constexpr std::size_t names_offered = 3;

bool digit(char c) { return c >= '0' && c <= '9'; }

// Numbers in names count as numbers: partition 10 comes after partition 2.
std::vector<std::pair<std::string, std::size_t>> name_order(std::string_view name) {
  std::vector<std::pair<std::string, std::size_t>> parts(1);
  for (const char c : name) {
    if (!digit(c)) {
      if (parts.back().second != 0) parts.emplace_back();
      parts.back().first += c;
    } else {
      // One more than the number: a name that ends here comes first.
      auto& number = parts.back().second;
      number = (number == 0 ? 0 : number - 1) % 1'000'000'000'000 * 10 +
               static_cast<std::size_t>(c - '0') + 1;
    }
  }
  return parts;
}

std::string message_age(const actor_snapshot& actor) {
  return actor.message_us == 0 ? "-" : shown_duration(std::chrono::microseconds{actor.message_us});
}

// `2/8`: used by it, and left in its supervisor's window.
std::string restarts_of(const actor_snapshot& actor) {
  auto text = std::to_string(actor.restarts);
  if (actor.restarts_left >= 0) text += "/" + std::to_string(actor.restarts_left);
  return text;
}

std::string error_of(const actor_snapshot& actor) {
  if (actor.last_error.empty()) return "-";
  if (actor.last_error_ms < 0) return actor.last_error;
  return shown_duration(std::chrono::milliseconds{actor.last_error_ms}) +
         " ago: " + actor.last_error;
}

std::vector<std::string> cells_of(const actor_snapshot& actor, std::string name) {
  return {std::move(name),    actor.state,        grouped(actor.mailbox),
          message_age(actor), restarts_of(actor), error_of(actor)};
}

bool continues(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

// Cut in the middle: which partition or tenant it is stands at the end.
std::string ends_of(const std::string& name, std::size_t width) {
  auto text = escape_text(name);
  if (shown_width(text) <= width) return text;
  auto head = width - width / 2 - 1;
  auto tail = text.size() - std::min(text.size(), width / 2);
  while (head > 0 && continues(text[head])) // no character is taken apart
    --head;
  while (tail < text.size() && continues(text[tail]))
    ++tail;
  return text.substr(0, head) + "\xe2\x80\xa6" + text.substr(tail);
}

// What the other columns take, with their gaps and a short error.
constexpr std::size_t beside_names = 46;

std::size_t name_width(std::size_t width) {
  return std::max<std::size_t>(width, beside_names + 20) - beside_names;
}

using children = std::multimap<std::string, const actor_snapshot*>;

void add_below(table& rows, const children& all, const std::string& parent, std::size_t depth,
               std::size_t width) {
  std::vector<const actor_snapshot*> own;
  for (auto [at, end] = all.equal_range(parent); at != end; ++at)
    own.push_back(at->second);
  std::ranges::stable_sort(own, {}, [](const auto* actor) { return name_order(actor->name); });
  for (const auto* actor : own) {
    const std::string indent(2 * depth, ' ');
    rows.add(cells_of(*actor, indent + ends_of(actor->name, width - indent.size())));
    // A worker that answers nonsense must not be followed for ever.
    if (depth < 8 && !actor->name.empty()) add_below(rows, all, actor->name, depth + 1, width);
  }
}

std::string omitted_line(const tree_snapshot& tree) {
  return tree.omitted == 0
             ? ""
             : "and " + grouped(static_cast<std::int64_t>(tree.omitted)) + " more actors\n";
}

json json_of(const actor_snapshot& actor) {
  const bool failed = !actor.last_error.empty();
  return {{"name", replace_invalid_utf8(actor.name)},
          {"kind", replace_invalid_utf8(actor.kind)},
          {"parent", actor.parent.empty() ? json() : json(replace_invalid_utf8(actor.parent))},
          {"state", replace_invalid_utf8(actor.state)},
          {"mailbox", actor.mailbox},
          {"message_age_us", actor.message_us == 0 ? json() : json(actor.message_us)},
          {"messages_handled", actor.handled},
          {"restarts", actor.restarts},
          {"restarts_left", actor.restarts_left < 0 ? json() : json(actor.restarts_left)},
          {"last_error", failed ? json(replace_invalid_utf8(actor.last_error)) : json()},
          {"last_error_age_ms", failed ? json(actor.last_error_ms) : json()}};
}

} // namespace

std::string worker_line(const tree_snapshot& tree) {
  return "group " + escape_text(tree.group_id) + ", streamer " + escape_text(tree.version) +
         ", pid " + std::to_string(tree.process) + ", up " +
         shown_duration(std::chrono::milliseconds{tree.uptime_ms}) + ", " +
         grouped(static_cast<std::int64_t>(tree.actors.size() + tree.omitted)) + " actors";
}

std::string tree_text(const tree_snapshot& tree, std::size_t width) {
  table rows{{{"actor"},
              {"state"},
              {"mailbox", true},
              {"message", true},
              {"restarts", true},
              {"error", false, true}}};
  children all;
  for (const auto& actor : tree.actors) {
    // Whose supervisor is between two lives stands beside the root.
    const bool known = find_actor(tree, actor.parent) != nullptr && actor.parent != actor.name;
    all.emplace(known ? actor.parent : "", &actor);
  }
  add_below(rows, all, "", 0, name_width(width));
  return shortened(worker_line(tree), width) + "\n" + rows.render(width) + omitted_line(tree);
}

std::string actor_text(const tree_snapshot& tree, const actor_snapshot& actor, std::size_t width) {
  const auto below = std::ranges::count(tree.actors, actor.name, &actor_snapshot::parent);
  std::string text;
  const auto line = [&](const std::string& title, const std::string& value) {
    auto head = title + ":";
    head.resize(20, ' ');
    text += wrapped(head + escape_text(value), width, 20);
  };
  line("actor", actor.name);
  line("kind", actor.kind);
  line("supervisor", actor.parent.empty() ? "none" : actor.parent);
  line("children", grouped(below));
  line("state", actor.state);
  line("mailbox", grouped(actor.mailbox));
  line("message for", message_age(actor));
  line("messages handled", grouped(static_cast<std::int64_t>(actor.handled)));
  line("restarts", grouped(static_cast<std::int64_t>(actor.restarts)));
  line("restarts left", actor.restarts_left < 0 ? "-" : grouped(actor.restarts_left));
  line("last error", error_of(actor));
  return text;
}

std::string busiest_text(const tree_snapshot& now, const tree_snapshot& before,
                         std::chrono::milliseconds since, std::size_t width, std::size_t most) {
  std::map<std::string, std::uint64_t> handled;
  for (const auto& actor : before.actors)
    handled[actor.name] = actor.handled;
  const auto rate = [&](const actor_snapshot& actor) {
    const auto then = handled.find(actor.name);
    // A successor of the same name has begun to count anew.
    if (then == handled.end() || then->second > actor.handled || since.count() <= 0)
      return std::uint64_t{0};
    return (actor.handled - then->second) * 1000 / static_cast<std::uint64_t>(since.count());
  };
  std::vector<std::pair<const actor_snapshot*, std::uint64_t>> order;
  for (const auto& actor : now.actors)
    order.emplace_back(&actor, rate(actor));
  // What has been at one message for long stands out of what is merely at work.
  const auto key = [](const auto& entry) {
    const auto& actor = *entry.first;
    return std::tuple{actor.message_us / 100'000, actor.mailbox, entry.second};
  };
  std::ranges::stable_sort(order, std::ranges::greater{}, key);
  table rows{{{"actor"},
              {"state"},
              {"mailbox", true},
              {"message", true},
              {"msg/s", true},
              {"restarts", true},
              {"error", false, true}}};
  order.resize(std::min(order.size(), most));
  for (const auto& [actor, per_second] : order) {
    auto cells = cells_of(*actor, ends_of(actor->name, name_width(width) - 8));
    cells.insert(cells.begin() + 4, grouped(static_cast<std::int64_t>(per_second)));
    rows.add(std::move(cells));
  }
  return rows.render(width);
}

std::string tree_json(const tree_snapshot& tree) {
  auto actors = json::array();
  for (const auto& actor : tree.actors)
    actors.push_back(json_of(actor));
  const json page{{"version", replace_invalid_utf8(tree.version)},
                  {"group_id", replace_invalid_utf8(tree.group_id)},
                  {"process", tree.process},
                  {"uptime_ms", tree.uptime_ms},
                  {"actors", std::move(actors)},
                  {"omitted", tree.omitted}};
  return page.dump(-1, ' ', true);
}

std::string actor_json(const actor_snapshot& actor) { return json_of(actor).dump(-1, ' ', true); }

const actor_snapshot* find_actor(const tree_snapshot& tree, const std::string& name) {
  const auto found = std::ranges::find(tree.actors, name, &actor_snapshot::name);
  return found == tree.actors.end() ? nullptr : &*found;
}

std::vector<std::string> names_like(const tree_snapshot& tree, const std::string& name) {
  std::vector<std::pair<std::size_t, std::string>> near;
  const auto wanted = config_impl::lowered(name);
  for (const auto& actor : tree.actors) {
    const auto lowered = config_impl::lowered(actor.name);
    const auto distance = config_impl::edit_distance(wanted, lowered);
    if (!wanted.empty() && lowered.find(wanted) != std::string::npos) {
      near.emplace_back(0, actor.name);
    } else if (distance <= std::max<std::size_t>(2, name.size() / 3)) {
      near.emplace_back(distance, actor.name);
    }
  }
  std::ranges::sort(near, {}, [](const auto& entry) {
    return std::pair{entry.first, name_order(entry.second)};
  });
  std::vector<std::string> names;
  near.resize(std::min<std::size_t>(near.size(), names_offered));
  for (auto& [distance, candidate] : near)
    names.push_back(std::move(candidate));
  return names;
}

} // namespace streamer::tools

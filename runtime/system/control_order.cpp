#include "runtime/system/control_order.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <limits>

namespace streamer {
namespace {

using json = nlohmann::ordered_json;

// The object, or what is wrong: it is none, or has a key that none of the known ones is.
std::variant<json, std::string> read_object(std::string_view body,
                                            std::initializer_list<std::string_view> known) {
  auto object = json::parse(body, nullptr, false);
  if (!object.is_object()) {
    return std::string{"the body is no JSON object"};
  }
  for (const auto& [key, value] : object.items()) {
    if (std::ranges::find(known, key) == known.end()) {
      std::string names;
      for (const auto name : known) {
        names += (names.empty() ? "" : ", ") + std::string{name};
      }
      return "a key is not known here; there are: " + names;
    }
  }
  return object;
}

std::optional<std::int64_t> number_of(const json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_number_integer() ||
      (found->is_number_unsigned() &&
       found->get<std::uint64_t>() > std::uint64_t{std::numeric_limits<std::int64_t>::max()})) {
    return std::nullopt;
  }
  const auto value = found->get<std::int64_t>();
  return value < 0 ? std::nullopt : std::optional{value};
}

std::string text_of(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string{};
}

std::variant<topic_partition, std::string> partition_of(const json& object) {
  const auto topic = text_of(object, "topic");
  const auto partition = number_of(object, "partition");
  if (topic.empty() || !partition || *partition > std::numeric_limits<std::int32_t>::max()) {
    return std::string{"topic (a text) and partition (a number from 0) are needed"};
  }
  return topic_partition{topic, partition_id{static_cast<std::int32_t>(*partition)}};
}

} // namespace

std::variant<pause_order, std::string> read_pause_order(std::string_view body) {
  auto read = read_object(body, {"topic", "partition", "tenant"});
  if (auto* const problem = std::get_if<std::string>(&read)) {
    return std::move(*problem);
  }
  const auto& object = std::get<json>(read);
  if (!object.contains("tenant")) {
    auto tp = partition_of(object);
    if (auto* const problem = std::get_if<std::string>(&tp)) {
      return *problem + ", or tenant alone";
    }
    return pause_order{std::get<topic_partition>(std::move(tp)), {}};
  }
  auto tenant = text_of(object, "tenant");
  if (object.size() > 1 || tenant.empty()) {
    return std::string{"tenant (a text) stands alone: without topic and partition"};
  }
  return pause_order{std::nullopt, std::move(tenant)};
}

std::variant<seek_order, std::string> read_seek_order(std::string_view body) {
  auto read = read_object(body, {"topic", "partition", "to", "offset", "timestamp_ms"});
  if (auto* const problem = std::get_if<std::string>(&read)) {
    return std::move(*problem);
  }
  const auto& object = std::get<json>(read);
  auto tp = partition_of(object);
  if (auto* const problem = std::get_if<std::string>(&tp)) {
    return std::move(*problem);
  }
  seek_order order{std::get<topic_partition>(std::move(tp)), {}};
  const auto to = text_of(object, "to");
  const auto offset = number_of(object, "offset");
  const auto timestamp = number_of(object, "timestamp_ms");
  if (object.size() == 3 && to == "earliest") {
    order.to = {seek_target::kind::earliest, 0};
  } else if (object.size() == 3 && to == "latest") {
    order.to = {seek_target::kind::latest, 0};
  } else if (object.size() == 3 && offset) {
    order.to = {seek_target::kind::offset, *offset};
  } else if (object.size() == 3 && timestamp) {
    order.to = {seek_target::kind::timestamp, *timestamp};
  } else {
    return std::string{
        "one of to (\"earliest\" or \"latest\"), offset (a number from 0) and timestamp_ms (ms "
        "since 1970) is needed"};
  }
  return order;
}

std::variant<log_level_order, std::string> read_log_level_order(std::string_view body) {
  auto read = read_object(body, {"level"});
  if (auto* const problem = std::get_if<std::string>(&read)) {
    return std::move(*problem);
  }
  const auto level = parse_log_level(text_of(std::get<json>(read), "level"));
  if (!level || *level > log_level::error) {
    return std::string{"level is one of trace, debug, info, warn and error"};
  }
  return log_level_order{*level};
}

} // namespace streamer

#include "tests/chaos/support/cluster_view.hpp"

#include "tests/support/kafka_client.hpp"

#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <memory>

namespace streamer::test {

std::map<std::int32_t, partition_view> view_of(const std::string& bootstrap,
                                               const std::string& topic) {
  // A client of its own each time: one that has lost its brokers waits before it asks again.
  const auto client = make_client(RD_KAFKA_PRODUCER, bootstrap);
  const topic_ptr handle{rd_kafka_topic_new(client.get(), topic.c_str(), nullptr)};
  const rd_kafka_metadata_t* raw = nullptr;
  if (rd_kafka_metadata(client.get(), 0, handle.get(), &raw, 3000) != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return {};
  }
  const std::unique_ptr<const rd_kafka_metadata_t, destroy_with<rd_kafka_metadata_destroy>>
      metadata{raw};
  std::map<std::int32_t, partition_view> view;
  for (int t = 0; t < metadata->topic_cnt; ++t) {
    for (int p = 0; p < metadata->topics[t].partition_cnt; ++p) {
      const auto& partition = metadata->topics[t].partitions[p];
      view[partition.id] = {partition.leader, static_cast<std::size_t>(partition.isr_cnt)};
    }
  }
  return view;
}

namespace {

bool led_by_others(const std::string& bootstrap, const std::string& topic, std::int32_t not_this) {
  const auto view = view_of(bootstrap, topic);
  return !view.empty() && std::all_of(view.begin(), view.end(), [&](const auto& p) {
    return p.second.leader >= 0 && p.second.leader != not_this;
  });
}

} // namespace

bool wait_for_leaders(const std::string& bootstrap, const std::string& topic, std::int32_t not_this,
                      milliseconds timeout) {
  return wait_until([&] { return led_by_others(bootstrap, topic, not_this); }, timeout, 100ms);
}

std::optional<std::int64_t> led_without(const std::string& bootstrap,
                                        const std::vector<std::string>& topics,
                                        std::int32_t not_this, milliseconds timeout) {
  auto before = wall_ms();
  const bool elected = wait_until(
      [&] {
        const auto asked = wall_ms();
        const bool all = std::all_of(topics.begin(), topics.end(), [&](const std::string& topic) {
          return led_by_others(bootstrap, topic, not_this);
        });
        before = all ? before : asked;
        return all;
      },
      timeout, 50ms);
  return elected ? std::optional{before} : std::nullopt;
}

bool wait_for_in_sync(const std::string& bootstrap, const std::string& topic, std::size_t replicas,
                      milliseconds timeout) {
  return wait_until(
      [&] {
        const auto view = view_of(bootstrap, topic);
        return !view.empty() && std::all_of(view.begin(), view.end(), [&](const auto& p) {
          return p.second.leader >= 0 && p.second.in_sync >= replicas;
        });
      },
      timeout, 200ms);
}

} // namespace streamer::test

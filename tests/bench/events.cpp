#include "tests/bench/events.hpp"

#include "tests/bench/run_result.hpp"

#include <algorithm>
#include <cmath>

namespace streamer::bench {
namespace {

// The same topic at every run.
constexpr std::uint64_t seed = 42;
constexpr std::size_t compressed_part = 10;
constexpr double smallest_mixed = 200;
constexpr double largest_mixed = 990'000; // with key and headers within Kafka's limit of 1 MiB

class key_source {
 public:
  explicit key_source(const event_plan& plan) : up_to_(plan.keys) {
    double total = 0;
    for (std::size_t i = 0; i < up_to_.size(); ++i) {
      total += std::pow(static_cast<double>(i + 1), -plan.skew);
      up_to_[i] = total;
    }
    draw_ = std::uniform_real_distribution<double>{0, total};
  }

  std::size_t operator()(std::mt19937_64& random) {
    return static_cast<std::size_t>(
        std::lower_bound(up_to_.begin(), up_to_.end() - 1, draw_(random)) - up_to_.begin());
  }

 private:
  std::vector<double> up_to_;
  std::uniform_real_distribution<double> draw_;
};

std::string make_value(const event_plan& plan, std::mt19937_64& random) {
  auto bytes = plan.value_bytes;
  if (plan.mixed) {
    std::uniform_real_distribution<double> draw{std::log(smallest_mixed), std::log(largest_mixed)};
    bytes = static_cast<std::size_t>(std::exp(draw(random)));
  }
  std::string value(bytes, 'x');
  const auto random_bytes = plan.mixed ? bytes / compressed_part : bytes;
  constexpr std::string_view letters =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::generate_n(value.begin(), random_bytes, [&] {
    return plan.text ? letters[random() % letters.size()] : static_cast<char>(random() & 0xffU);
  });
  return value;
}

rd_kafka_headers_t* make_headers(const event& e, std::uint64_t number, header_set which) {
  auto* const headers = rd_kafka_headers_new(8);
  const auto add = [headers](const char* name, const std::string& value) {
    rd_kafka_header_add(headers, name, -1, value.data(), static_cast<ssize_t>(value.size()));
  };
  if (which != header_set::one) {
    add("ce_specversion", "1.0");
    add("ce_id", "0a1b2c3d4e5f6071-" + std::to_string(number));
    add("ce_source", "/streamer/bench");
    add("ce_type", "bench.event");
    add("ce_time", "2026-01-01T00:00:00.000Z");
  }
  add(tenant_header, e.tenant);
  if (which != header_set::one) {
    add("content-type", "application/json");
  }
  if (which == header_set::load) {
    add("streamer-load-test", "11400714819323198485.1234." + std::to_string(number) + ".1234567");
  }
  return headers;
}

constexpr int answer_ms = 30'000;

/// What the admin call whose answer comes to `queue` has said.
rd_kafka_event_t* answer_of(rd_kafka_queue_t* queue) {
  auto* const answer = rd_kafka_queue_poll(queue, answer_ms);
  if (answer == nullptr || rd_kafka_event_error(answer) != RD_KAFKA_RESP_ERR_NO_ERROR) {
    fail("the broker did not answer");
  }
  rd_kafka_queue_destroy(queue);
  return answer;
}

void require(const rd_kafka_topic_result_t* const* results, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    if (rd_kafka_topic_result_error(results[i]) != RD_KAFKA_RESP_ERR_NO_ERROR) {
      fail(std::string{rd_kafka_topic_result_name(results[i])} + ": " +
           rd_kafka_topic_result_error_string(results[i]));
    }
  }
}

} // namespace

event_plan::event_plan(const arguments& given)
    : tenants{given.number("tenants", 8)},
      keys{given.number("keys", 10'000)},
      skew{given.decimal("skew", 0.99)},
      value_bytes{given.number("value", 200)} {
  const auto which = given.text("headers", "one");
  headers = which == "seven"  ? header_set::seven
            : which == "load" ? header_set::load
                              : header_set::one;
  const auto kind = given.text("values", "bytes");
  text = kind == "text";
  mixed = kind == "mixed";
  if (tenants == 0 || keys == 0 || value_bytes < 16) {
    fail("tenants and keys are at least 1, a value has at least 16 bytes");
  }
  if (mixed) {
    templates = 500;
  } else if (keys > templates / 10) {
    // Every key is to come, not only those that were drawn for a template.
    templates = keys * 2;
  }
}

// Uniform is exactly so: drawn, of 1,000 keys one would have a third more than its part, and where
// records of a key wait one after the other, that key alone would set the limit.
event_source::event_source(const event_plan& plan)
    : random_{seed}, uniform_{plan.skew == 0}, templates_(plan.templates) {
  key_source draw{plan};
  std::size_t next = 0;
  for (auto& e : templates_) {
    const auto key = uniform_ ? next++ % plan.keys : draw(random_);
    e.key = "key-" + std::to_string(1'000'000 + key);
    e.tenant = "tenant-" + std::to_string(key % plan.tenants);
    e.value = make_value(plan, random_);
  }
  std::ranges::shuffle(templates_, random_);
}

event& event_source::next(std::uint64_t number) {
  auto& e = templates_[(uniform_ ? number : random_()) % templates_.size()];
  std::memcpy(e.value.data(), &number, sizeof number);
  return e;
}

void send(rd_kafka_t* client, const char* topic, const event& e, std::uint64_t number,
          header_set headers) {
  for (;;) {
    auto* const made = make_headers(e, number, headers);
    std::array<rd_kafka_vu_t, 5> parts{};
    parts[0].vtype = RD_KAFKA_VTYPE_TOPIC;
    parts[0].u.cstr = topic;
    parts[1].vtype = RD_KAFKA_VTYPE_KEY;
    parts[1].u.mem = {const_cast<char*>(e.key.data()), e.key.size()};
    parts[2].vtype = RD_KAFKA_VTYPE_VALUE;
    parts[2].u.mem = {const_cast<char*>(e.value.data()), e.value.size()};
    parts[3].vtype = RD_KAFKA_VTYPE_HEADERS;
    parts[3].u.headers = made;
    parts[4].vtype = RD_KAFKA_VTYPE_MSGFLAGS;
    parts[4].u.i = RD_KAFKA_MSG_F_COPY;
    auto* const error = rd_kafka_produceva(client, parts.data(), parts.size());
    const auto sent = error == nullptr ? RD_KAFKA_RESP_ERR_NO_ERROR : rd_kafka_error_code(error);
    rd_kafka_error_destroy(error);
    if (sent == RD_KAFKA_RESP_ERR_NO_ERROR) {
      return;
    }
    rd_kafka_headers_destroy(made);
    if (sent != RD_KAFKA_RESP_ERR__QUEUE_FULL) {
      fail(rd_kafka_err2str(sent));
    }
    rd_kafka_poll(client, 10);
  }
}

void create_topic(rd_kafka_t* client, const char* name, int partitions) {
  std::array<char, 256> reason{};
  auto* topic = rd_kafka_NewTopic_new(name, partitions, -1, reason.data(), reason.size());
  auto* const queue = rd_kafka_queue_new(client);
  rd_kafka_CreateTopics(client, &topic, 1, nullptr, queue);
  auto* const answer = answer_of(queue);
  std::size_t count = 0;
  const auto* const* results =
      rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(answer), &count);
  require(results, count);
  rd_kafka_event_destroy(answer);
  rd_kafka_NewTopic_destroy(topic);
}

void delete_topic(rd_kafka_t* client, const char* name) {
  auto* topic = rd_kafka_DeleteTopic_new(name);
  auto* const queue = rd_kafka_queue_new(client);
  rd_kafka_DeleteTopics(client, &topic, 1, nullptr, queue);
  auto* const answer = answer_of(queue);
  std::size_t count = 0;
  const auto* const* results =
      rd_kafka_DeleteTopics_result_topics(rd_kafka_event_DeleteTopics_result(answer), &count);
  require(results, count);
  rd_kafka_event_destroy(answer);
  rd_kafka_DeleteTopic_destroy(topic);
}

std::uint64_t count_records(rd_kafka_t* client, const char* name) {
  const rd_kafka_metadata_t* metadata = nullptr;
  auto* const topic = rd_kafka_topic_new(client, name, nullptr);
  if (rd_kafka_metadata(client, 0, topic, &metadata, answer_ms) != RD_KAFKA_RESP_ERR_NO_ERROR) {
    fail("the broker did not answer");
  }
  std::uint64_t records = 0;
  for (int i = 0; i < metadata->topics[0].partition_cnt; ++i) {
    std::int64_t low = 0;
    std::int64_t high = 0;
    if (rd_kafka_query_watermark_offsets(client, name, i, &low, &high, answer_ms) !=
        RD_KAFKA_RESP_ERR_NO_ERROR) {
      fail("the broker did not answer");
    }
    records += static_cast<std::uint64_t>(high - low);
  }
  rd_kafka_metadata_destroy(metadata);
  rd_kafka_topic_destroy(topic);
  return records;
}

} // namespace streamer::bench

#include "runtime/kafka/topic_reader.hpp"

#include "runtime/kafka/admin.hpp"
#include "runtime/kafka/client_config.hpp"
#include "runtime/kafka/error_map.hpp"
#include "runtime/kafka/handles.hpp"
#include "runtime/kafka/kafka_batch.hpp"
#include "runtime/kafka/refusal.hpp"

#include <array>
#include <map>
#include <optional>
#include <utility>

namespace streamer {
namespace {

using clock = std::chrono::steady_clock;

constexpr int poll_ms = 100;
constexpr int watermark_ms = 5'000;

/// One reading in progress.
class reading {
 public:
  reading(rd_kafka_t* client, std::span<const read_range> ranges) : client_{client} {
    for (const auto& range : ranges) {
      if (range.from < range.to) {
        open_.emplace(range.tp, range);
      } else {
        summary_.finished.insert(range.tp);
      }
    }
  }
  reading(const reading&) = delete;
  reading& operator=(const reading&) = delete;
  ~reading() { rd_kafka_assign(client_, nullptr); }

  [[nodiscard]] std::optional<std::string> assign() {
    const auto list = new_partition_list(static_cast<int>(open_.size()));
    for (const auto& [tp, range] : open_) {
      rd_kafka_topic_partition_list_add(list.get(), tp.topic.c_str(), tp.partition.value())
          ->offset = range.from.value();
    }
    const error_ptr refused{rd_kafka_incremental_assign(client_, list.get())};
    if (!refused) {
      return std::nullopt;
    }
    return std::string{"cannot read the topic: "} + rd_kafka_error_string(refused.get());
  }

  [[nodiscard]] bool done() const { return open_.empty() || summary_.stopped; }
  void stop() { summary_.stopped = true; }

  [[nodiscard]] read_summary finish() {
    for (const auto& [tp, range] : open_) {
      summary_.unfinished.insert(tp);
    }
    return std::move(summary_);
  }

  /// Takes what one poll returned; a line if the partition cannot be read.
  [[nodiscard]] std::optional<std::string> take(message_ptr message,
                                                const topic_reader::record_fn& on_record) {
    if (message->rkt == nullptr) {
      return std::nullopt; // an error of the client as a whole; the time limits judge those
    }
    const topic_partition tp{rd_kafka_topic_name(message->rkt), partition_id{message->partition}};
    const auto found = open_.find(tp);
    if (found == open_.end()) {
      return std::nullopt;
    }
    const auto end = found->second.to;
    switch (message->err) {
      case RD_KAFKA_RESP_ERR_NO_ERROR:
        deliver(tp, end, std::move(message), on_record);
        return std::nullopt;
      case RD_KAFKA_RESP_ERR__PARTITION_EOF:
        if (message->offset >= end.value()) {
          close(tp);
        }
        return std::nullopt;
      case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
      case RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE: return skip_deleted(tp, end);
      default:
        return "cannot read " + to_string(tp) + ": " + rd_kafka_message_errstr(message.get()) +
               " (" + error_name(message->err) + ")";
    }
  }

 private:
  void deliver(const topic_partition& tp, offset_id end, message_ptr message,
               const topic_reader::record_fn& on_record) {
    const offset_id offset{message->offset};
    if (offset < end) {
      auto batch = std::make_shared<kafka_batch>(nullptr, tp.topic, tp.partition);
      batch->add(*message.release());
      const auto own = std::make_shared<const detached_records>(*batch, std::array{0U});
      batch.reset();
      ++summary_.records;
      switch (on_record(own)) {
        case read_next::go_on: break;
        case read_next::partition_done: close(tp); return;
        case read_next::stop: summary_.stopped = true; return;
      }
    }
    if (offset.next() >= end) {
      close(tp);
    }
  }

  void close(const topic_partition& tp) {
    summary_.finished.insert(tp);
    open_.erase(tp);
    const auto list = new_partition_list(1);
    rd_kafka_topic_partition_list_add(list.get(), tp.topic.c_str(), tp.partition.value());
    // It was assigned by this object alone, so this cannot be refused; and nothing hangs on it.
    const error_ptr ignored{rd_kafka_incremental_unassign(client_, list.get())};
  }

  std::optional<std::string> skip_deleted(const topic_partition& tp, offset_id end) {
    std::int64_t low = 0;
    std::int64_t high = 0;
    const auto code = rd_kafka_query_watermark_offsets(
        client_, tp.topic.c_str(), tp.partition.value(), &low, &high, watermark_ms);
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
      return "cannot read " + to_string(tp) + ": " + rd_kafka_err2str(code);
    }
    if (low >= end.value()) {
      close(tp);
      return std::nullopt;
    }
    const auto list = new_partition_list(1);
    rd_kafka_topic_partition_list_add(list.get(), tp.topic.c_str(), tp.partition.value())->offset =
        low;
    const error_ptr refused{rd_kafka_seek_partitions(client_, list.get(), watermark_ms)};
    if (refused) {
      return "cannot read " + to_string(tp) + ": " + rd_kafka_error_string(refused.get());
    }
    return std::nullopt;
  }

  rd_kafka_t* client_;
  std::map<topic_partition, read_range> open_;
  read_summary summary_;
};

} // namespace

struct topic_reader::connection {
  /// Serves as the hooks: an authentication failure is no record and would look like silence.
  class reader_hooks final : public client_hooks {
   public:
    reader_hooks(log_handle log, kafka_settings kafka)
        : client_hooks{std::move(log)}, kafka_{std::move(kafka)} {}
    void on_error(rd_kafka_resp_err_t code, std::string_view reason) override {
      client_hooks::on_error(code, reason);
      if (const auto what = refusal_of(code, reason, certificate_error()); what != refusal::none) {
        refused_ = advice_on(what, reason, kafka_);
      }
    }
    /// What to do about it; empty while nobody refuses this client.
    [[nodiscard]] const std::string& refused() const { return refused_; }

   private:
    kafka_settings kafka_;
    std::string refused_;
  };

  connection(const log_handle& log, const kafka_settings& kafka) : hooks{log, kafka} {}

  reader_hooks hooks;
  client_ptr client;
};

result<std::vector<read_range>> whole_topic(admin_client& admin, const std::string& topic) {
  using answer = result<std::vector<read_range>>;
  const auto described = admin.topic(topic);
  if (!described) {
    return answer::failure(described.error());
  }
  if (!described.value()) {
    return answer::failure("topic '" + topic + "' does not exist");
  }
  std::vector<topic_partition> partitions;
  for (std::int32_t p = 0; p < described.value()->partitions; ++p) {
    partitions.push_back({topic, partition_id{p}});
  }
  const auto first =
      admin.list_offsets(partitions, offset_query::earliest(), isolation::read_committed);
  const auto last =
      admin.list_offsets(partitions, offset_query::latest(), isolation::read_committed);
  if (!first || !last) {
    return answer::failure(first ? last.error() : first.error());
  }
  std::vector<read_range> ranges;
  for (const auto& tp : partitions) {
    const auto from = first.value().find(tp);
    const auto to = last.value().find(tp);
    if (from == first.value().end() || to == last.value().end()) {
      return answer::failure(to_string(tp) + " cannot be read: it has no leader now; try again");
    }
    const auto begin = from->second.offset.value_or(offset_id{0});
    const auto end = to->second.offset.value_or(offset_id{0});
    if (begin < end) {
      ranges.push_back({tp, begin, end});
    }
  }
  return ranges;
}

result<std::unique_ptr<topic_reader>> topic_reader::open(const settings& config,
                                                         const log_handle& log) {
  auto opened = std::make_unique<connection>(log, config.kafka);
  auto client = make_client(config, client_role::reader, opened->hooks);
  if (!client) {
    return result<std::unique_ptr<topic_reader>>::failure(client.error());
  }
  opened->client = std::move(client).value();
  rd_kafka_poll_set_consumer(opened->client.get());
  return std::unique_ptr<topic_reader>{new topic_reader{std::move(opened)}};
}

topic_reader::topic_reader(std::unique_ptr<connection> opened) : connection_{std::move(opened)} {}

topic_reader::~topic_reader() {
  if (connection_) {
    rd_kafka_consumer_close(connection_->client.get());
  }
}

result<read_summary> topic_reader::read(std::span<const read_range> ranges,
                                        const read_limits& limits, const record_fn& on_record) {
  using answer = result<read_summary>;
  auto* client = connection_->client.get();
  reading current{client, ranges};
  if (auto refused = current.assign()) {
    return answer::failure(std::move(*refused));
  }
  const auto deadline = clock::now() + limits.total;
  auto heard = clock::now();
  while (!current.done()) {
    if (limits.cancelled && limits.cancelled()) {
      current.stop();
      break;
    }
    message_ptr message{rd_kafka_consumer_poll(client, poll_ms)};
    const auto now = clock::now();
    if (message) {
      heard = now;
      if (auto failed = current.take(std::move(message), on_record)) {
        return answer::failure(std::move(*failed));
      }
    } else if (!connection_->hooks.refused().empty()) {
      return answer::failure(connection_->hooks.refused());
    }
    if (now >= deadline || now - heard >= limits.idle) {
      break;
    }
  }
  return current.finish();
}

} // namespace streamer

#include "tests/kafka/client/recorder.hpp"

#include <catch2/catch_test_macros.hpp>

#include <thread>
#include <utility>

namespace streamer::test {

settings client_settings(const std::string& bootstrap, const std::string& topic,
                         const std::string& group) {
  settings config;
  config.kafka.bootstrap_servers = bootstrap;
  config.consumer.topics = {topic};
  config.consumer.group_id = group;
  config.producer.events_topic = topic;
  config.consumer.session_timeout = milliseconds{10'000};
  return config;
}

log_handle test_log() {
  static const auto log = []() -> log_handle {
    const auto level = environment("STREAMER_TEST_LOG");
    if (!level) {
      return {};
    }
    static const logger all{{.level = parse_log_level(*level).value_or(log_level::info)}};
    return all.with("test");
  }();
  return log;
}

recording_consumer::recording_consumer(const settings& config, recorder_behaviour behaviour,
                                       credit_limits limits)
    : behaviour_{behaviour}, credit_{limits} {
  auto made = consumer_client::create(config, *this, credit_, test_log());
  if (!made) {
    FAIL(made.error());
  }
  client_ = std::move(made).value();
  client_->run();
}

recording_consumer::~recording_consumer() {
  drains_.clear();
  client_.reset();
}

std::vector<recorded_epoch> recording_consumer::epochs() const {
  const std::lock_guard lock{mutex_};
  std::vector<recorded_epoch> all;
  for (const auto& [epoch, recorded] : epochs_) {
    all.push_back(recorded);
  }
  return all;
}

std::optional<recorded_epoch> recording_consumer::current(std::int32_t partition) const {
  const std::lock_guard lock{mutex_};
  std::optional<recorded_epoch> found;
  for (const auto& [epoch, recorded] : epochs_) {
    if (recorded.tp.partition.value() == partition && !recorded.revoking && !recorded.lost) {
      found = recorded;
    }
  }
  return found;
}

std::size_t recording_consumer::owned() const {
  const std::lock_guard lock{mutex_};
  std::set<topic_partition> names;
  for (const auto& [epoch, recorded] : epochs_) {
    if (!recorded.revoking && !recorded.lost) {
      names.insert(recorded.tp);
    }
  }
  return names.size();
}

std::vector<record_batch_ptr> recording_consumer::batches() const {
  const std::lock_guard lock{mutex_};
  return batches_;
}

std::vector<commit_result> recording_consumer::commits() const {
  const std::lock_guard lock{mutex_};
  return commits_;
}

std::optional<source_failure> recording_consumer::failure() const {
  const std::lock_guard lock{mutex_};
  return failure_;
}

void recording_consumer::reset_gaps() {
  const std::lock_guard lock{mutex_};
  for (auto& [epoch, recorded] : epochs_) {
    recorded.largest_gap = milliseconds{0};
  }
}

std::vector<commit_request> recording_consumer::everything(const std::string& metadata) const {
  const std::lock_guard lock{mutex_};
  std::vector<commit_request> requests;
  for (const auto& [epoch, recorded] : epochs_) {
    if (!recorded.revoking && !recorded.lost && !recorded.offsets.empty()) {
      requests.push_back({epoch, offset_id{recorded.next()}, -1, metadata});
    }
  }
  return requests;
}

void recording_consumer::commit_all(const std::string& metadata) {
  const auto requests = everything(metadata);
  const auto before = commits().size();
  client_->commit(requests);
  REQUIRE(wait_until([&] { return commits().size() >= before + requests.size(); },
                     milliseconds{20'000}, milliseconds{5}));
}

bool recording_consumer::leave(milliseconds timeout) {
  client_->stop_intake();
  const auto requests = everything("");
  std::map<assignment_epoch, commit_request> by_epoch;
  for (const auto& request : requests) {
    by_epoch.emplace(request.epoch, request);
  }
  for (const auto& each : epochs()) {
    const auto found = by_epoch.find(each.epoch);
    client_->release(each.epoch,
                     found == by_epoch.end() ? std::nullopt : std::optional{found->second});
  }
  client_->leave();
  return wait_until([this] { return left(); }, timeout, milliseconds{5});
}

void recording_consumer::on_assigned(std::vector<assigned_partition> partitions) {
  std::vector<assignment_epoch> started;
  {
    const std::lock_guard lock{mutex_};
    for (auto& partition : partitions) {
      started.push_back(partition.epoch);
      recorded_epoch recorded;
      recorded.tp = partition.tp;
      recorded.epoch = partition.epoch;
      recorded.committed = std::move(partition.committed);
      recorded.in_hand = std::move(partition.in_hand);
      epochs_.emplace(partition.epoch, std::move(recorded));
    }
  }
  if (behaviour_.starts) {
    client_->start(std::move(started));
  }
}

void recording_consumer::give_all_credit() {
  const std::lock_guard lock{mutex_};
  for (const auto& [epoch, recorded] : epochs_) {
    recorded.in_hand->store(0);
  }
  credit_.give(credit_.held_records(), credit_.held_bytes());
}

void recording_consumer::on_revoking(std::vector<assignment_epoch> epochs) {
  if (behaviour_.drains_for && behaviour_.drains_for->count() > 0) {
    const std::lock_guard lock{mutex_};
    drains_.emplace_back([this, epochs](const std::stop_token& stop) {
      const auto until = std::chrono::steady_clock::now() + *behaviour_.drains_for;
      while (!stop.stop_requested() && std::chrono::steady_clock::now() < until) {
        std::this_thread::sleep_for(milliseconds{5});
      }
      release_later(epochs);
    });
  } else if (behaviour_.drains_for) {
    release_later(epochs);
  }
  const std::lock_guard lock{mutex_};
  for (const auto epoch : epochs) {
    epochs_.at(epoch).revoking = true;
  }
}

void recording_consumer::release_later(const std::vector<assignment_epoch>& epochs) {
  for (const auto epoch : epochs) {
    std::optional<commit_request> last;
    {
      const std::lock_guard lock{mutex_};
      const auto& recorded = epochs_.at(epoch);
      if (behaviour_.commits_last && !recorded.offsets.empty()) {
        last = commit_request{epoch, offset_id{recorded.next()}, -1, "last"};
      }
    }
    client_->release(epoch, last);
  }
}

void recording_consumer::on_lost(std::vector<assignment_epoch> epochs) {
  const std::lock_guard lock{mutex_};
  for (const auto epoch : epochs) {
    epochs_.at(epoch).lost = true;
  }
}

void recording_consumer::on_records(assignment_epoch epoch, record_batch_ptr batch) {
  std::int64_t bytes = 0;
  const auto count = batch->records().size();
  {
    const std::lock_guard lock{mutex_};
    auto& recorded = epochs_.at(epoch);
    const auto now = std::chrono::steady_clock::now();
    if (recorded.last_record != std::chrono::steady_clock::time_point{}) {
      recorded.largest_gap =
          std::max(recorded.largest_gap,
                   std::chrono::duration_cast<milliseconds>(now - recorded.last_record));
    }
    recorded.last_record = now;
    for (std::size_t i = 0; i < count; ++i) {
      recorded.offsets.push_back(batch->records()[i].offset.value());
      bytes += static_cast<std::int64_t>(batch->charged_bytes(i));
    }
    if (behaviour_.gives_credit) {
      recorded.in_hand->fetch_sub(static_cast<std::int64_t>(count));
    }
    if (behaviour_.keeps_batches) {
      batches_.push_back(batch);
    }
  }
  records_.fetch_add(count);
  if (behaviour_.gives_credit) {
    credit_.give(static_cast<std::int64_t>(count), bytes);
  }
}

void recording_consumer::on_end_reached(assignment_epoch epoch, offset_id position) {
  const std::lock_guard lock{mutex_};
  epochs_.at(epoch).end = position.value();
}

void recording_consumer::on_committed(std::vector<commit_result> results) {
  const std::lock_guard lock{mutex_};
  commits_.insert(commits_.end(), results.begin(), results.end());
}

void recording_consumer::on_failed(source_failure failure) {
  const std::lock_guard lock{mutex_};
  failure_ = std::move(failure);
}

recording_producer::recording_producer(const settings& config, producer_mode mode,
                                       producer_limits limits) {
  auto made = producer_client::create(config, mode, limits, *this, test_log());
  if (!made) {
    FAIL(made.error());
  }
  client_ = std::move(made).value();
}

recording_producer::~recording_producer() { client_.reset(); }

std::uint64_t recording_producer::send(event_batch batch) {
  const auto request = ++last_;
  client_->submit(request, std::make_shared<const event_batch>(std::move(batch)));
  return request;
}

bool recording_producer::answered(std::uint64_t request) const {
  const std::lock_guard lock{mutex_};
  return results_.contains(request);
}

std::vector<delivery_result> recording_producer::results(std::uint64_t request,
                                                         milliseconds timeout) {
  REQUIRE(wait_until([&] { return answered(request); }, timeout, milliseconds{2}));
  const std::lock_guard lock{mutex_};
  return results_.at(request);
}

std::optional<std::string> recording_producer::failure() const {
  const std::lock_guard lock{mutex_};
  return failure_;
}

void recording_producer::on_delivered(std::uint64_t request, std::vector<delivery_result> results) {
  const std::lock_guard lock{mutex_};
  const auto added = results_.emplace(request, std::move(results)).second;
  if (!added) {
    failure_ = "request " + std::to_string(request) + " was answered twice";
  }
}

void recording_producer::on_sink_failed(std::string what) {
  const std::lock_guard lock{mutex_};
  failure_ = std::move(what);
}

void fill(const settings& config, const std::string& topic, std::int32_t partitions,
          std::size_t count, std::size_t value_bytes) {
  recording_producer producer{config};
  std::vector<std::uint64_t> requests;
  for (std::size_t done = 0; done < count;) {
    event_batch batch;
    for (; batch.size() < 1000 && done < count; ++done) {
      outbound_event event;
      event.topic = topic;
      event.partition =
          partition_id{static_cast<std::int32_t>(done % static_cast<std::size_t>(partitions))};
      event.key = "k" + std::to_string(done);
      event.value = "v" + std::to_string(done);
      if (event.value->size() < value_bytes) {
        event.value->resize(value_bytes, '.');
      }
      batch.push_back(std::move(event));
    }
    requests.push_back(producer.send(std::move(batch)));
  }
  for (const auto request : requests) {
    for (const auto& result : producer.results(request, milliseconds{60'000})) {
      REQUIRE(result.state == delivery_state::acknowledged);
    }
  }
}

} // namespace streamer::test

#include "runtime/system/event_producer.hpp"

#include "actors/producer/producer.hpp"
#include "runtime/kafka/producer_client.hpp"
#include "runtime/system/actor_environment.hpp"

#include <caf/actor_cast.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

namespace streamer {
class event_producer::impl {
  // The client's thread tells the producer actor.
  class delivery_bridge final : public sink_events {
   public:
    void set(producer_actor to) {
      const std::lock_guard lock{mutex_};
      to_ = std::move(to);
    }
    void on_delivered(std::uint64_t request, std::vector<delivery_result> results) override {
      const std::lock_guard lock{mutex_};
      if (to_) {
        caf::anon_send(to_, delivered{request, std::move(results)});
      }
    }
    // What is under way is reported event by event when the client closes.
    void on_sink_failed(std::string what) override {
      log_.error("producer_failed", "the producer cannot go on", {{"what", what}});
    }
    explicit delivery_bridge(log_handle log) : log_{std::move(log)} {}

   private:
    std::mutex mutex_;
    producer_actor to_;
    log_handle log_;
  };

 public:
  explicit impl(const log_handle& log) : bridge_{log} {}

  ~impl() {
    if (sink_) {
      sink_->close(std::chrono::milliseconds{0});
    }
    bridge_.set({});
    if (producer_) {
      ending_.store(true);
      caf::anon_send_exit(producer_, caf::exit_reason::user_shutdown);
      producer_ = nullptr;
      caf::anon_send(asker_, tick{});
      asker_ = nullptr;
    }
  }

  std::optional<std::string> start(const settings& config, const log_handle& log) {
    auto sink = producer_client::create(config, producer_mode::ingest, {}, bridge_, log);
    if (!sink) {
      return sink.error();
    }
    sink_ = std::move(sink).value();
    environment_.emplace(config.runtime.threads);
    producer_ = environment_->system().spawn<producer_actor::stateful_impl<producer_state>>(
        producer_context{sink_, metrics_, log});
    bridge_.set(producer_);
    asker_ = environment_->system().spawn(
        [this](caf::event_based_actor* self) -> caf::behavior { return ask(self); });
    return std::nullopt;
  }

  void submit(event_batch_ptr batch, answer_fn answer) {
    {
      const std::lock_guard lock{mutex_};
      open_ += batch->size();
      submissions_.push_back({std::move(batch), std::move(answer)});
    }
    caf::anon_send(asker_, tick{});
  }

  std::size_t flush(std::chrono::milliseconds budget) {
    std::unique_lock lock{mutex_};
    settled_.wait_for(lock, budget, [this] { return open_ == 0; });
    return open_;
  }

 private:
  struct submission {
    event_batch_ptr batch;
    answer_fn answer;
  };

  // One actor asks for all: with an actor a batch, one batch could overtake another on the other
  // scheduler thread, and the order of a key would be lost. It ends after the producer.
  caf::behavior ask(caf::event_based_actor* self) {
    self->monitor(producer_);
    const auto gone = std::make_shared<bool>(false);
    self->set_down_handler([this, self, gone](caf::down_msg&) {
      *gone = true;
      if (ending_) {
        self->quit();
      }
    });
    return {[this, self, gone](const tick&) {
      if (ending_ && *gone) {
        self->quit();
        return;
      }
      std::vector<submission> taken;
      {
        const std::lock_guard lock{mutex_};
        taken.swap(submissions_);
      }
      for (auto& each : taken) {
        const auto count = each.batch->size();
        const auto answer = std::make_shared<answer_fn>(std::move(each.answer));
        self->request(producer_, caf::infinite, produce{std::move(each.batch)})
            .then(
                [this, answer, count](const produce_results& r) {
                  (*answer)(r.results);
                  settle(count);
                },
                [this, answer, count](const caf::error&) {
                  delivery_result lost;
                  lost.state = delivery_state::refused_for_now;
                  lost.error_name = "_DESTROY";
                  (*answer)(std::vector<delivery_result>(count, lost));
                  settle(count);
                });
      }
    }};
  }

  void settle(std::size_t count) {
    const std::lock_guard lock{mutex_};
    open_ -= count;
    if (open_ == 0) {
      settled_.notify_all();
    }
  }

  std::mutex mutex_;
  std::condition_variable settled_;
  std::size_t open_ = 0;
  std::atomic<bool> ending_{false};
  std::vector<submission> submissions_; // in order, not yet asked for
  std::shared_ptr<telemetry> metrics_ = std::make_shared<telemetry>();
  delivery_bridge bridge_;
  std::shared_ptr<producer_client> sink_;
  std::optional<actor_environment> environment_;
  producer_actor producer_;
  caf::actor asker_;
};

event_producer::event_producer(std::unique_ptr<impl> started) : impl_{std::move(started)} {}
event_producer::~event_producer() = default;

result<std::unique_ptr<event_producer>> event_producer::start(const settings& config,
                                                              const log_handle& log) {
  auto made = std::make_unique<impl>(log);
  if (auto problem = made->start(config, log)) {
    return result<std::unique_ptr<event_producer>>::failure(std::move(*problem));
  }
  return std::unique_ptr<event_producer>{new event_producer{std::move(made)}};
}

void event_producer::submit(event_batch_ptr batch, answer_fn answer) {
  impl_->submit(std::move(batch), std::move(answer));
}

std::size_t event_producer::flush(std::chrono::milliseconds budget) { return impl_->flush(budget); }

} // namespace streamer

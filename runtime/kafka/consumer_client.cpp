#include "runtime/kafka/consumer_client.hpp"

#include "runtime/kafka/consumer_loop.hpp"

#include <utility>

namespace streamer {

consumer_client::consumer_client(std::unique_ptr<consumer_loop> loop) : loop_{std::move(loop)} {}

consumer_client::~consumer_client() = default;

result<std::unique_ptr<consumer_client>> consumer_client::create(const settings& config,
                                                                 source_events& events,
                                                                 credit_pool& credit,
                                                                 log_handle log) {
  using outcome = result<std::unique_ptr<consumer_client>>;
  auto loop = std::make_unique<consumer_loop>(config, events, credit, std::move(log));
  if (auto failure = loop->open(); !failure.empty()) {
    return outcome::failure(std::move(failure));
  }
  return std::unique_ptr<consumer_client>{new consumer_client{std::move(loop)}};
}

void consumer_client::run() { loop_->run(); }

void consumer_client::start(std::vector<assignment_epoch> epochs) {
  loop_->post([epochs = std::move(epochs)](consumer_loop& loop) { loop.start(epochs); });
}

void consumer_client::commit(std::vector<commit_request> requests) {
  loop_->post([requests = std::move(requests)](consumer_loop& loop) mutable {
    loop.commit(std::move(requests));
  });
}

void consumer_client::release(assignment_epoch epoch, std::optional<commit_request> last) {
  loop_->post([epoch, last = std::move(last)](consumer_loop& loop) mutable {
    loop.release(epoch, std::move(last));
  });
}

void consumer_client::pause(assignment_epoch epoch) {
  loop_->post([epoch](consumer_loop& loop) { loop.pause(epoch); });
}

void consumer_client::resume(assignment_epoch epoch) {
  loop_->post([epoch](consumer_loop& loop) { loop.resume(epoch); });
}

void consumer_client::restart(std::vector<assignment_epoch> epochs) {
  loop_->post([epochs = std::move(epochs)](consumer_loop& loop) { loop.restart(epochs); });
}

void consumer_client::stop_intake() {
  loop_->post([](consumer_loop& loop) { loop.stop_intake(); });
}

void consumer_client::leave() {
  loop_->post([](consumer_loop& loop) { loop.leave(); });
}

void consumer_client::read_again(assignment_epoch epoch) {
  loop_->post([epoch](consumer_loop& loop) { loop.read_again(epoch); });
}

void consumer_client::renew_fetching() {
  loop_->post([](consumer_loop& loop) { loop.renew_fetching(); });
}

void consumer_client::pause_partition(topic_partition tp, operator_pause why) {
  loop_->post([tp = std::move(tp), why = std::move(why)](consumer_loop& loop) {
    loop.pause_partition(tp, why);
  });
}

void consumer_client::resume_partition(topic_partition tp) {
  loop_->post([tp = std::move(tp)](consumer_loop& loop) { loop.resume_partition(tp); });
}

std::future<seek_answer> consumer_client::seek(topic_partition tp, seek_target to) {
  auto promise = std::make_shared<std::promise<seek_answer>>();
  auto answer = promise->get_future();
  loop_->post([tp = std::move(tp), to, promise](consumer_loop& loop) {
    promise->set_value(loop.seek(tp, to));
  });
  return answer;
}

consumer_status consumer_client::status() const { return loop_->status(); }

} // namespace streamer

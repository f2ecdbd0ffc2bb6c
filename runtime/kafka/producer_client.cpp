#include "runtime/kafka/producer_client.hpp"

#include "runtime/kafka/producer_loop.hpp"

#include <utility>

namespace streamer {

producer_client::producer_client(std::unique_ptr<producer_loop> loop) : loop_{std::move(loop)} {}

producer_client::~producer_client() = default;

result<std::unique_ptr<producer_client>> producer_client::create(const settings& config,
                                                                 producer_mode mode,
                                                                 producer_limits limits,
                                                                 sink_events& events,
                                                                 log_handle log) {
  using outcome = result<std::unique_ptr<producer_client>>;
  auto loop = std::make_unique<producer_loop>(config, mode, limits, events, std::move(log));
  if (auto failure = loop->open(); !failure.empty()) {
    return outcome::failure(std::move(failure));
  }
  return std::unique_ptr<producer_client>{new producer_client{std::move(loop)}};
}

void producer_client::submit(std::uint64_t request, event_batch_ptr batch) {
  loop_->submit(request, std::move(batch));
}

bool producer_client::close(std::chrono::milliseconds budget) { return loop_->close(budget); }

producer_status producer_client::status() const { return loop_->status(); }

} // namespace streamer

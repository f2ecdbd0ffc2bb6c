#include "tools/producer_output.hpp"

#include <utility>

#include "runtime/system/event_producer.hpp"

namespace streamer::tools {
namespace {

class producer_output final : public event_output {
 public:
  explicit producer_output(std::unique_ptr<event_producer> producer)
      : producer_{std::move(producer)} {}

  void submit(event_batch_ptr batch, answer_fn answer) override {
    producer_->submit(std::move(batch), std::move(answer));
  }
  std::size_t flush(std::chrono::milliseconds budget) override { return producer_->flush(budget); }

 private:
  std::unique_ptr<event_producer> producer_;
};

} // namespace

result<std::unique_ptr<event_output>> open_producer_output(const settings& config,
                                                           const log_handle& log) {
  using answer = result<std::unique_ptr<event_output>>;
  auto producer = event_producer::start(config, log);
  if (!producer) return answer::failure(producer.error());
  return std::unique_ptr<event_output>{
      std::make_unique<producer_output>(std::move(producer).value())};
}

} // namespace streamer::tools

#include <atomic>
#include <catch2/catch_test_macros.hpp>
#include <chrono>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "tools/produce/event_output.hpp"

namespace streamer::tools {
namespace {

using namespace std::chrono_literals;

/// Keeps what is submitted until the test answers it.
class held_output final : public event_output {
 public:
  void submit(event_batch_ptr batch, answer_fn answer) override {
    const std::lock_guard lock{mutex_};
    held_.emplace_back(std::move(batch), std::move(answer));
  }
  std::size_t flush(std::chrono::milliseconds) override { return 0; }

  void answer_all(delivery_state state, const std::string& error = {}) {
    std::vector<std::pair<event_batch_ptr, answer_fn>> taken;
    {
      const std::lock_guard lock{mutex_};
      taken.swap(held_);
    }
    for (auto& [batch, answer] : taken) {
      delivery_result result;
      result.state = state;
      result.error_name = error;
      answer(std::vector<delivery_result>(batch->size(), result));
    }
  }

 private:
  std::mutex mutex_;
  std::vector<std::pair<event_batch_ptr, answer_fn>> held_;
};

const auto never = [] { return false; };

TEST_CASE("totals count what was acknowledged, refused by error, and what is still open") {
  held_output output;
  publisher out{output, {100, 1'000'000}};
  REQUIRE(out.send(event_batch(3), never));
  CHECK(out.totals().open() == 3);
  output.answer_all(delivery_state::acknowledged);
  REQUIRE(out.send(event_batch(2), never));
  output.answer_all(delivery_state::refused_for_now, "_MSG_TIMED_OUT");
  const auto totals = out.finish(0ms);
  CHECK(totals.submitted == 5);
  CHECK(totals.acknowledged == 3);
  CHECK(totals.refused == 2);
  CHECK(totals.errors.at("_MSG_TIMED_OUT") == 2);
  CHECK(totals.open() == 0);
  CHECK(out.any_refused());
}

TEST_CASE("a full window holds the sender until there is room") {
  held_output output;
  publisher out{output, {4, 1'000'000}};
  REQUIRE(out.send(event_batch(4), never));
  std::atomic<bool> sent{false};
  std::thread sender{[&] { sent = out.send(event_batch(1), never); }};
  std::this_thread::sleep_for(100ms);
  CHECK_FALSE(sent);
  output.answer_all(delivery_state::acknowledged);
  sender.join();
  CHECK(sent);
}

TEST_CASE("a sender that waits for room can be cancelled, and then nothing was submitted") {
  held_output output;
  publisher out{output, {1, 1'000'000}};
  REQUIRE(out.send(event_batch(1), never));
  CHECK_FALSE(out.send(event_batch(1), [] { return true; }));
  CHECK(out.totals().submitted == 1);
}

TEST_CASE("a batch larger than the window goes alone instead of waiting for ever") {
  held_output output;
  publisher out{output, {2, 1'000'000}};
  CHECK(out.send(event_batch(10), never));
}

TEST_CASE("large events fill the window by their bytes") {
  held_output output;
  publisher out{output, {100, 2'000}};
  event_batch large(1);
  large[0].value = std::string(1'500, 'x');
  REQUIRE(out.send(large, never));
  CHECK_FALSE(out.send(large, [] { return true; }));
  output.answer_all(delivery_state::acknowledged);
  CHECK(out.send(large, never));
}

TEST_CASE("the results are handed on before the totals change") {
  held_output output;
  publisher out{output, {10, 1'000'000}};
  std::size_t seen = 0;
  REQUIRE(out.send(event_batch(2), never, [&](const auto& results) { seen = results.size(); }));
  output.answer_all(delivery_state::acknowledged);
  CHECK(seen == 2);
}

} // namespace
} // namespace streamer::tools

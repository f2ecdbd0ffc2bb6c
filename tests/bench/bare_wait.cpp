// Order by key and a wait a record, on one thread and by hand: what a worker's asynchronous handler
// is measured by, beside the arithmetic.
//
//   bench_bare_wait BOOTSTRAP TOPIC records=N wait_us=N [window=N] [property.name=VALUE …]
//
// Of each key one record waits at a time; `window` (10000) records are in hand at most, as many as
// the worker's default.
#include "tests/bench/bare_consumer.hpp"
#include "tests/bench/offset_book.hpp"

#include <deque>
#include <thread>
#include <unordered_map>

namespace streamer::bench {
namespace {

class key_waits {
 public:
  key_waits(std::chrono::microseconds wait, bare_consumer& consumer)
      : wait_{wait}, consumer_{consumer} {}

  void add(rd_kafka_message_t* message) {
    done_.begins();
    offsets_.received(message->partition, message->offset);
    auto& of = lanes_[{static_cast<const char*>(message->key), message->key_len}];
    of.waiting.push_back(message);
    ++in_hand_;
    if (of.waiting.size() == 1) {
      start(of);
    }
  }

  /// Ends the waits that are over, and starts those behind them.
  void advance() {
    const auto now = clock::now();
    while (!due_.empty() && due_.front().at <= now) {
      auto& of = *due_.front().of;
      due_.pop_front();
      auto* const message = of.waiting.front();
      of.waiting.pop_front();
      done_.checksum += checksum_of(*message);
      ++done_.records;
      --in_hand_;
      offsets_.finished(message->partition, message->offset);
      rd_kafka_message_destroy(message);
      if (!of.waiting.empty()) {
        start(of);
      }
    }
    offsets_.store(consumer_.client(), consumer_.topic().c_str());
  }

  [[nodiscard]] std::size_t in_hand() const { return in_hand_; }
  [[nodiscard]] clock::time_point next_end() const { return due_.front().at; }
  [[nodiscard]] run_result& done() { return done_; }

 private:
  struct lane {
    std::deque<rd_kafka_message_t*> waiting; ///< the first one is the one whose time runs
  };
  struct running {
    clock::time_point at;
    lane* of;
  };

  // All waits are equally long, so the first to start is the first to end.
  void start(lane& of) { due_.push_back({clock::now() + wait_, &of}); }

  std::chrono::microseconds wait_;
  bare_consumer& consumer_;
  offset_book offsets_;
  std::unordered_map<std::string, lane> lanes_;
  std::deque<running> due_;
  std::size_t in_hand_ = 0;
  run_result done_;
};

int run(const arguments& given) {
  const auto records = given.number("records", 0);
  const auto window = given.number("window", 10'000);
  bare_consumer consumer{given};
  key_waits waits{std::chrono::microseconds{given.number("wait_us", 1'000)}, consumer};
  auto moved = clock::now();
  while (waits.done().records < records && clock::now() - moved < patience) {
    if (waits.in_hand() < window) {
      const auto batch = consumer.take(waits.in_hand() == 0 ? 10 : 0, window - waits.in_hand());
      for (auto* const message : batch) {
        if (is_error(*message)) {
          rd_kafka_message_destroy(message);
          continue;
        }
        waits.add(message);
        moved = clock::now();
      }
      if (batch.empty() && waits.in_hand() > 0) {
        std::this_thread::sleep_until(waits.next_end());
      }
    } else {
      std::this_thread::sleep_until(waits.next_end());
    }
    waits.advance();
  }
  waits.done().ends();
  print_result(waits.done());
  return waits.done().records == records ? 0 : 1;
}

} // namespace
} // namespace streamer::bench

int main(int argc, char** argv) {
  return streamer::bench::run({argc, argv, "records=N wait_us=N [property.name=VALUE ...]"});
}

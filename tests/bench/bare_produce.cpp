// A plain producer: the measure of `ingest load-test`, and the sender of the latency runs.
//
//   bench_bare_produce BOOTSTRAP TOPIC seconds=S [rate=N] [what the records are: events.hpp]
//                      [property.name=VALUE …]
//
// Idempotent. With a rate it is an open loop: every record has an intended send time, which does
// not move because an earlier one was late. rate=0: as fast as it goes; `rate` in the result is
// then what was acknowledged within the time. Properties: librdkafka's defaults but for those
// given.
#include "tests/bench/events.hpp"
#include "tests/bench/latency_book.hpp"
#include "tests/bench/run_result.hpp"

#include <algorithm>
#include <thread>

namespace streamer::bench {
namespace {

struct answers {
  std::uint64_t acknowledged = 0;
  std::uint64_t refused = 0;
};

void answered(rd_kafka_t*, const rd_kafka_message_t* sent, void* opaque) {
  auto& all = *static_cast<answers*>(opaque);
  ++(sent->err == RD_KAFKA_RESP_ERR_NO_ERROR ? all.acknowledged : all.refused);
}

rd_kafka_t* make_producer(const arguments& given, answers& all) {
  auto* const conf = rd_kafka_conf_new();
  set(conf, "bootstrap.servers", given.bootstrap());
  set(conf, "enable.idempotence", "true");
  set(conf, "partitioner", "murmur2_random");
  set_all(conf, given.dotted());
  rd_kafka_conf_set_opaque(conf, &all);
  rd_kafka_conf_set_dr_msg_cb(conf, answered);
  return make_client(RD_KAFKA_PRODUCER, conf);
}

class sender {
 public:
  explicit sender(const arguments& given)
      : plan_{given},
        events_{plan_},
        client_{make_producer(given, answers_)},
        topic_{given.topic()},
        rate_{given.decimal("rate", 0)},
        time_{given.decimal("seconds", 10)},
        planned_{static_cast<std::uint64_t>(rate_ * time_.count())} {}

  int run() {
    sent_.begins();
    const auto end = sent_.first + std::chrono::duration_cast<clock::duration>(time_);
    while (rate_ > 0 ? sent_.records < planned_ : clock::now() < end) {
      if (rate_ > 0) {
        send_due();
      } else {
        for (int i = 0; i < 1000; ++i) {
          send_one(clock::now());
        }
      }
      rd_kafka_poll(client_, 0);
    }
    sent_.ends();
    const auto in_time = answers_.acknowledged;
    const bool flushed = rd_kafka_flush(client_, 120'000) == RD_KAFKA_RESP_ERR_NO_ERROR;
    const auto seconds = std::chrono::duration<double>(sent_.last - sent_.first).count();
    print_result(sent_, "acknowledged=" + std::to_string(answers_.acknowledged) +
                            " in_time_rate=" + std::to_string(double(in_time) / seconds) +
                            " late_max_us=" + std::to_string(late_max_.count()));
    rd_kafka_destroy(client_);
    return flushed && answers_.refused == 0 && answers_.acknowledged == sent_.records ? 0 : 1;
  }

 private:
  [[nodiscard]] clock::time_point intended(std::uint64_t number) const {
    return sent_.first + std::chrono::duration_cast<clock::duration>(
                             std::chrono::duration<double>{static_cast<double>(number) / rate_});
  }

  void send_due() {
    const auto now = clock::now();
    auto at = intended(sent_.records);
    if (at > now) {
      std::this_thread::sleep_until(at);
      return;
    }
    for (; at <= now && sent_.records < planned_; at = intended(sent_.records)) {
      late_max_ =
          std::max(late_max_, std::chrono::duration_cast<std::chrono::microseconds>(now - at));
      send_one(at);
    }
  }

  void send_one(clock::time_point at) {
    auto& e = events_.next(sent_.records);
    if (rate_ > 0) {
      const std::int64_t ns = at.time_since_epoch().count();
      std::memcpy(e.value.data() + intended_at, &ns, sizeof ns);
      sent_.checksum += checksum(e.value, e.tenant);
    }
    send(client_, topic_.c_str(), e, sent_.records, plan_.headers);
    ++sent_.records;
  }

  event_plan plan_;
  event_source events_;
  answers answers_;
  rd_kafka_t* client_;
  std::string topic_;
  double rate_;
  std::chrono::duration<double> time_;
  std::uint64_t planned_;
  run_result sent_;
  std::chrono::microseconds late_max_{0};
};

} // namespace
} // namespace streamer::bench

int main(int argc, char** argv) {
  const streamer::bench::arguments given{argc, argv, "seconds=S [rate=N] [name=value ...]"};
  return streamer::bench::sender{given}.run();
}

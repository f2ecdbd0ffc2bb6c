// The records that the measurements are made of.
#pragma once

#include "tests/bench/arguments.hpp"

#include <librdkafka/rdkafka.h>

#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace streamer::bench {

/// What a record carries besides its value.
enum class header_set {
  one,   ///< the tenant
  seven, ///< what a CloudEvent has
  load,  ///< that, and the mark of `ingest load-test`
};

/// What a topic holds, by the programs' arguments.
struct event_plan {
  std::size_t tenants = 8;
  std::size_t keys = 10'000;
  double skew = 0.99; ///< Zipf's exponent; 0: uniform
  std::size_t value_bytes = 200;
  header_set headers = header_set::one;
  bool text = false;  ///< letters, as JSON has them; otherwise bytes that do not compress
  bool mixed = false; ///< values from 200 bytes to 1 MB that compress 10 : 1
  std::size_t templates = 100'000;

  explicit event_plan(const arguments& given);
};

struct event {
  std::string key;
  std::string tenant;
  std::string value;
};

/// Draws events of a plan, the same ones at every run. A value begins with its number, so that a
/// record that comes twice cannot stand for one that is lost.
class event_source {
 public:
  explicit event_source(const event_plan& plan);
  /// Valid until the next call.
  [[nodiscard]] event& next(std::uint64_t number);

 private:
  std::mt19937_64 random_;
  bool uniform_; ///< all keys come equally often
  std::vector<event> templates_;
};

/// Sends one event; waits for room in the client's queue. Ends the program if it is refused.
void send(rd_kafka_t* client, const char* topic, const event& e, std::uint64_t number,
          header_set headers);

/// Creates a topic, deletes it, or tells how many records it has.
void create_topic(rd_kafka_t* client, const char* name, int partitions);
void delete_topic(rd_kafka_t* client, const char* name);
[[nodiscard]] std::uint64_t count_records(rd_kafka_t* client, const char* name);

} // namespace streamer::bench

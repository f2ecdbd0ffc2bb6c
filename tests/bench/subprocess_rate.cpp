// How many records a second a handler of kind subprocess gets through, without a broker: deliveries
// in, outcomes out, and the program under test between.
//
//   subprocess_rate RECORDS CHILDREN IN_FLIGHT COMMAND [ARGUMENT …]
#include "messages/handler.hpp"
#include "runtime/handlers/subprocess/subprocess_handler.hpp"

#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <string>
#include <vector>

namespace {

using namespace streamer;

constexpr std::size_t window = 10'000; // consumer.max_in_flight
constexpr std::size_t batch = 100;     // consumer.batch_size

record_ref make_record(std::int64_t offset) {
  const auto key = "key-" + std::to_string(offset % 10'000);
  auto value = R"({"number":)" + std::to_string(offset) + R"(,"pad":")";
  value += std::string(198 - value.size(), 'x') + "\"}";
  record fields;
  fields.offset = offset_id{offset};
  fields.timestamp_ms = 1'700'000'000'000;
  fields.key = bytes_ref{key};
  fields.value = bytes_ref{value};
  return {
      std::make_shared<detached_records>("events", partition_id{0}, fields,
                                         std::vector<owned_header>{{"ce_tenantid", "acme", false}}),
      0};
}

} // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  if (arguments.size() < 4) {
    std::fputs("usage: subprocess_rate RECORDS CHILDREN IN_FLIGHT COMMAND [ARGUMENT …]\n", stderr);
    return 2;
  }
  const auto count = std::stoul(arguments[0]);
  handler_settings entry;
  entry.kind = "subprocess";
  entry.concurrency = std::stoul(arguments[1]);
  entry.options["in_flight"] = arguments[2];
  entry.lists["command"] = {arguments.begin() + 3, arguments.end()};
  auto made = make_subprocess_handler(entry, log_handle{});
  if (const auto* problem = std::get_if<std::string>(&made)) {
    std::fprintf(stderr, "%s\n", problem->c_str());
    return 2;
  }
  auto& handler = *std::get<std::shared_ptr<async_handler>>(std::get<any_handler>(made));

  std::vector<record_ref> records;
  for (std::size_t i = 0; i < count; ++i) {
    records.push_back(make_record(static_cast<std::int64_t>(i)));
  }
  std::mutex mutex;
  std::condition_variable woken;
  bool some = false;
  auto queue = std::make_shared<completion_queue>([&] {
    const std::lock_guard lock{mutex};
    some = true;
    woken.notify_one();
  });
  auto counters = std::make_shared<fence_counters>();
  const auto tenant = std::make_shared<const std::string>("acme");
  std::size_t sent = 0;
  std::size_t done = 0;
  std::size_t failed = 0;
  auto began = std::chrono::steady_clock::now();
  while (done < count) {
    while (sent < count && sent - done < window) {
      std::vector<delivery> deliveries;
      for (; deliveries.size() < batch && sent < count; ++sent) {
        deliveries.emplace_back(
            std::make_shared<attempt>(records[sent], tenant, 1, sent, queue, counters));
      }
      handler.handle(deliveries);
    }
    {
      std::unique_lock lock{mutex};
      woken.wait(lock, [&] { return some; });
      some = false;
    }
    for (const auto& a : queue->take()) {
      if (done++ == 0) {
        began = std::chrono::steady_clock::now(); // the program has started
      }
      failed += a->result().kind == outcome_kind::success ? 0U : 1U;
    }
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  std::printf("%zu records in %.2f s: %.0f a second; %zu not successful\n", count, took.count(),
              static_cast<double>(count) / took.count(), failed);
  return failed == 0 ? 0 : 1;
}

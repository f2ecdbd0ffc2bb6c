#include "runtime/handlers/builtin.hpp"

#include "messages/planted_bugs.hpp"
#include "runtime/handlers/http/http_handler.hpp"
#include "runtime/handlers/subprocess/subprocess_handler.hpp"

#include <atomic>
#include <charconv>
#include <chrono>
#include <memory>

namespace streamer {
namespace {

std::string option(const handler_settings& entry, const std::string& name) {
  const auto found = entry.options.find(name);
  return found == entry.options.end() ? std::string{} : found->second;
}

// At most `max_per_second` lines, shared by all scheduler threads; 0: every record.
class sampler {
 public:
  explicit sampler(std::int64_t max_per_second) : max_per_second_{max_per_second} {}

  bool take() {
    if (max_per_second_ == 0) {
      return true;
    }
    const auto second = std::chrono::duration_cast<std::chrono::seconds>(
                            std::chrono::steady_clock::now().time_since_epoch())
                            .count();
    if (second_.exchange(second, std::memory_order_relaxed) != second) {
      taken_.store(0, std::memory_order_relaxed);
    }
    if (taken_.load(std::memory_order_relaxed) >= max_per_second_) {
      return false;
    }
    return taken_.fetch_add(1, std::memory_order_relaxed) < max_per_second_;
  }

 private:
  std::int64_t max_per_second_;
  std::atomic<std::int64_t> second_{0};
  std::atomic<std::int64_t> taken_{0};
};

std::variant<any_handler, std::string> make_log(const handler_settings& entry,
                                                const log_handle& log) {
  const auto text = option(entry, "max_per_second");
  std::int64_t max_per_second = 1;
  const auto* end = text.data() + text.size();
  if (!text.empty()) {
    const auto parsed = std::from_chars(text.data(), end, max_per_second);
    if (parsed.ec != std::errc{} || parsed.ptr != end || max_per_second < 0) {
      return "handlers: max_per_second = \"" + text + "\" of a log handler is not a number ≥ 0";
    }
  }
  auto sample = std::make_shared<sampler>(max_per_second);
  return any_handler{quick_handler{[sample, log](const record_view& r, emitter&) {
    if (sample->take()) {
      log.info("record", "a record was processed (sampled; payload not shown)",
               {{"topic", r.ref().batch->stored_topic()},
                {"partition", r.partition().value()},
                {"offset", r.offset().value()},
                {"tenant", r.tenant()},
                {"key_bytes", static_cast<std::uint64_t>(r.key().size())},
                {"value_bytes", static_cast<std::uint64_t>(r.value().size())},
                {"attempt", r.attempt()}});
    }
    return outcome::success();
  }}};
}

std::variant<any_handler, std::string> make_forward(const handler_settings& entry) {
  auto to = option(entry, "to");
  if (to.empty()) {
    return std::string{"handlers: a forward handler needs `to`, the topic to write to"};
  }
  return any_handler{quick_handler{[to](const record_view& r, emitter& out) {
    if (r.topic() == to) {
      return outcome::reject("forwarding to the topic that the record came from would never end");
    }
    if (planted("drop_nulls") && r.value().is_null()) {
      return outcome::success();
    }
    outbound_event event;
    event.topic = to;
    event.keep_alive = r.ref();
    event.with_record_headers = true;
    out.emit(std::move(event));
    return outcome::success();
  }}};
}

} // namespace

void add_builtin_handlers(handler_registry& registry, const log_handle& log) {
  registry.add("log", [log](const handler_settings& entry) { return make_log(entry, log); });
  registry.add_quick("discard", [](const record_view&, emitter&) { return outcome::success(); });
  registry.add("forward", make_forward);
  registry.add("subprocess", [log](const handler_settings& entry) {
    return make_subprocess_handler(entry, log);
  });
  registry.add("http",
               [log](const handler_settings& entry) { return make_http_handler(entry, log); });
}

} // namespace streamer

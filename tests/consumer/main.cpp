// Uses the library as docs/handlers.md says: a handler of each form, a configuration of its own.
// Prints what it has found and ends; no broker is asked.
#include <streamer/testing.hpp>
#include <streamer/worker.hpp>

#include <cstdio>
#include <memory>
#include <span>
#include <string>

namespace {

class answering final : public streamer::async_handler {
 public:
  void handle(std::span<streamer::delivery> batch) override {
    for (auto& record : batch)
      record.complete(streamer::outcome::success());
  }
};

streamer::outcome reverse(const streamer::record_view& record, streamer::emitter& out) {
  const auto text = record.value().view();
  streamer::outbound_event event;
  event.topic = "reversed";
  event.value = std::string{text.rbegin(), text.rend()};
  out.emit(std::move(event));
  return streamer::outcome::success();
}

} // namespace

int main() {
  streamer::handler_registry registry;
  registry.add_quick("quick", reverse);
  registry.add_blocking("blocking", reverse);
  registry.add_async("async", std::make_shared<answering>());
  registry.add("tuned",
               [](const streamer::handler_settings& entry)
                   -> std::variant<streamer::any_handler, std::string> {
                 if (!entry.options.contains("depth")) return "handlers.depth is missing";
                 return streamer::any_handler{streamer::quick_handler{reverse}};
               });
  const streamer::logger logs{{}};
  streamer::add_builtin_handlers(registry, logs.with("handler"));
  for (const auto& kind : registry.kinds())
    std::printf("%s ", kind.c_str());

  streamer::sources from;
  from.handler_kinds = registry.kinds();
  from.flags = {streamer::set_flag("consumer.batch_size=0")};
  const auto refused = streamer::load(from);
  const bool names_it = !refused && refused.problems.at(0).key == "consumer.batch_size";

  const auto made = streamer::testing::call(reverse, {.key = "k", .value = "abc"});
  std::printf("| %s | %s\n", names_it ? "refused" : "taken", made.sent.at(0).value->c_str());

  // Links the worker in; only a person who gives an argument runs it.
  return from.flags.empty() ? run_worker(streamer::settings{}, registry, {}, logs.with("streamer"))
                            : 0;
}

#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <utility>

#include "runtime/logging/utf8.hpp"
#include "tools/command_tree.hpp"
#include "tools/dlq/dead_letter.hpp"
#include "tools/dlq_topics.hpp"
#include "tools/stop_signal.hpp"
#include "tools/text/numbers.hpp"
#include "tools/text/rfc3339.hpp"
#include "tools/text/table.hpp"

namespace streamer::tools {
namespace {

struct ls_options {
  letter_choice choice;
  bool json = false;
};

// A table is laid out over this many rows, so that memory stays bounded however many there are.
constexpr std::size_t page_rows = 200;

/// Writes dead letters as they come.
class listing {
 public:
  listing(bool json, std::size_t width) : json_{json}, width_{width} {
    if (json_) std::fputs("[", stdout);
  }

  void begin_topic(const std::string& topic) {
    flush();
    topic_ = topic;
    titled_ = false;
  }

  void add(const dead_letter& letter) {
    ++count_;
    if (json_) {
      std::printf("%s\n%s", count_ == 1 ? "" : ",", as_json(letter).dump(-1, ' ', true).c_str());
      return;
    }
    rows_.push_back(letter);
    if (rows_.size() == page_rows) flush();
  }

  void end() {
    flush();
    if (json_) {
      std::fputs(count_ == 0 ? "]\n" : "\n]\n", stdout);
    } else {
      std::printf("%s dead letter%s\n", grouped(static_cast<std::int64_t>(count_)).c_str(),
                  count_ == 1 ? "" : "s");
    }
  }

 private:
  static nlohmann::json as_json(const dead_letter& letter) {
    const auto text = [](const std::string& value) {
      return value.empty() ? nlohmann::json() : nlohmann::json(replace_invalid_utf8(value));
    };
    const auto number = [](const auto& value) {
      return value ? nlohmann::json(*value) : nlohmann::json();
    };
    return {{"topic", letter.at.topic},
            {"partition", letter.at.partition.value()},
            {"offset", letter.offset.value()},
            {"timestamp_ms", letter.timestamp_ms},
            {"reason", text(letter.reason)},
            {"tenant", text(letter.tenant)},
            {"source_topic", text(letter.source_topic)},
            {"source_partition", number(letter.source_partition)},
            {"source_offset", number(letter.source_offset)},
            {"group", text(letter.group)},
            {"attempts", number(letter.attempts)},
            {"message", text(letter.message)},
            {"exception", text(letter.exception)},
            {"first_failed_at", text(letter.first_failed_at)},
            {"redrive_count", letter.redrive_count},
            {"dialect",
             letter.dialect ? nlohmann::json(to_string(*letter.dialect)) : nlohmann::json()}};
  }

  void flush() {
    if (rows_.empty()) return;
    if (!titled_) std::printf("%s\n", topic_.c_str());
    titled_ = true;
    table out{{{"at"}, {"time"}, {"reason"}, {"tenant", false, true}, {"error", false, true}}};
    for (const auto& letter : rows_) {
      out.add({std::to_string(letter.at.partition.value()) + ":" +
                   std::to_string(letter.offset.value()),
               letter.timestamp_ms < 0 ? "-" : format_rfc3339(letter.timestamp_ms).substr(5, 14),
               letter.reason, letter.tenant,
               letter.message.empty() ? letter.exception : letter.message});
    }
    std::fputs(out.render(width_).c_str(), stdout);
    rows_.clear();
  }

  bool json_;
  std::size_t width_;
  std::string topic_;
  bool titled_ = false;
  std::vector<dead_letter> rows_;
  std::uint64_t count_ = 0;
};

int run(const command_context& context, ls_options options) {
  if (const auto problem = settle_choice(options.choice)) return fail(exit_usage, *problem);
  auto admin = admin_client::open(context.values(), context.quiet_log);
  if (!admin) return fail(exit_usage, admin.error());
  auto reader = topic_reader::open(context.values(), context.quiet_log);
  if (!reader) return fail(exit_usage, reader.error());
  const auto topics = existing_dlq_topics(*admin.value(), context.values());
  if (!topics) return fail(exit_failed, topics.error());
  resolved_store store{context.values(), *admin.value(), context.quiet_log};
  if (!options.choice.all) {
    if (const auto problem = store.load(topics.value())) return fail(exit_failed, *problem);
  }

  const stop_signal stop;
  listing out{options.json, context.out.width};
  std::optional<std::string> problem;
  for (const auto& topic : topics.value()) {
    out.begin_topic(topic);
    auto parts = parts_of_topic(*admin.value(), store, topic, options.choice.all);
    if (!parts) problem = parts.error();
    // One after the other, so that the list is in order.
    for (std::size_t i = 0; !problem && !stop.requested() && i < parts.value().size(); ++i) {
      problem = scan_part(*reader.value(), parts.value()[i], options.choice, stop,
                          [&](const record_ref&, const dead_letter& letter) {
                            out.add(letter);
                            return read_next::go_on;
                          });
    }
    if (stop.requested() || problem) break;
  }
  out.end();
  if (problem) return fail(exit_failed, *problem + "; the list is not complete");
  return stop.requested() ? fail(exit_failed, "stopped; the list is not complete") : exit_done;
}

} // namespace

void add_dlq_ls(command_tree& tree, CLI::App& dlq) {
  const auto options = std::make_shared<ls_options>();
  command what;
  what.run = [options](const command_context& context) { return run(context, *options); };
  auto& app = tree.add(dlq, "ls", "List dead letters, by partition and offset", what);
  add_choice_flags(app, options->choice);
  app.add_flag("--json", options->json, "One JSON array");
}

} // namespace streamer::tools

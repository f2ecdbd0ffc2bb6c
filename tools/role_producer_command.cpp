#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string_view>
#include <utility>

#include "tools/command_tree.hpp"
#include "tools/ingest/cloud_event.hpp"
#include "tools/ingest/line_event.hpp"
#include "tools/ingest_run.hpp"
#include "tools/load_test/random.hpp"
#include "tools/usage/role_spelling.hpp"

namespace streamer::tools {
namespace {

// What no broker takes by default is no line to keep reading for.
constexpr std::size_t longest_line = std::size_t{16} << 20U;
constexpr int wait_ms = 20;

constexpr const char* format_help =
    "Reads one JSON object a line:\n"
    "\n"
    "  {\"key\": \"k\", \"value\": {\"a\": 1}, \"headers\": {\"h\": \"v\"},\n"
    "   \"tenant\": \"t\", \"event_type\": \"order.placed\"}\n"
    "\n"
    "Only value is needed: a string is written as it is, null is a tombstone, other\n"
    "JSON as compact JSON. With event_type the record becomes a CloudEvent. A bad\n"
    "line ends the command with its number; the lines before it are delivered.\n"
    "\n"
    "Flags of all commands: streamer --help";

/// Reads lines from stdin and makes events of them. Waits in short turns, so that what has been
/// read goes out while a slow writer thinks, and Ctrl-C is seen.
class line_source {
 public:
  explicit line_source(const settings& config)
      : config_{config}, ids_{fresh_seed()}, placer_{config.producer} {}

  source_turn next() {
    for (;;) {
      const auto end = buffer_.find('\n', begin_);
      if (end != std::string::npos) {
        const auto line = std::string_view{buffer_}.substr(begin_, end - begin_);
        begin_ = end + 1;
        if (auto turn = take(line)) return std::move(*turn);
      } else if (input_ended_) {
        const auto rest = std::string_view{buffer_}.substr(std::exchange(begin_, buffer_.size()));
        if (auto turn = take(rest)) return std::move(*turn);
        return {std::nullopt, true};
      } else if (buffer_.size() - begin_ > longest_line) {
        problem = "line " + std::to_string(number_ + 1) + " of stdin is longer than " +
                  std::to_string(longest_line) + " bytes";
        return {std::nullopt, true};
      } else if (!read_more()) {
        return {};
      }
    }
  }

  std::string problem;

 private:
  /// An event, or the end at a bad line; nothing for a blank line.
  std::optional<source_turn> take(std::string_view line) {
    ++number_;
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) return std::nullopt;
    auto read = read_line_event(line);
    if (const auto* why = std::get_if<std::string>(&read)) {
      problem = "line " + std::to_string(number_) + " of stdin: " + *why;
      return source_turn{std::nullopt, true};
    }
    return source_turn{event_of(std::get<line_event>(std::move(read)))};
  }

  /// False when nothing came in time.
  bool read_more() {
    buffer_.erase(0, std::exchange(begin_, 0));
    pollfd input{STDIN_FILENO, POLLIN, 0};
    if (::poll(&input, 1, wait_ms) <= 0) return false;
    std::array<char, 65536> chunk; // NOLINT: filled by the read
    const auto size = ::read(STDIN_FILENO, chunk.data(), chunk.size());
    if (size < 0 && errno == EINTR) return false;
    if (size <= 0) {
      input_ended_ = true;
    } else {
      buffer_.append(chunk.data(), static_cast<std::size_t>(size));
    }
    return true;
  }

  outbound_event event_of(line_event line) {
    const auto tenant = line.tenant.value_or(config_.tenants.default_tenant);
    outbound_event event;
    event.topic = config_.producer.events_topic;
    event.key = std::move(line.key);
    event.value = std::move(line.value);
    if (line.event_type) {
      event.headers = cloud_event_headers(
          {ids_.next(), *line.event_type, tenant, now_ms(), line.value_is_json});
    } else if (line.tenant) {
      event.headers.push_back({"ce_tenantid", tenant});
    }
    for (auto& header : line.headers)
      event.headers.push_back(std::move(header));
    placer_.place(event, tenant);
    return event;
  }

  const settings& config_;
  event_ids ids_;
  event_placer placer_;
  std::string buffer_;
  std::size_t begin_ = 0;
  bool input_ended_ = false;
  std::uint64_t number_ = 0;
};

int run_producer(const command_context& context) {
  const stop_signal stop;
  auto session = event_session::open(context);
  if (!session) return fail(exit_failed, session.error());
  line_source lines{session.value()->config()};
  return run_ingest(
      *session.value(), stop, {}, [&] { return lines.next(); }, lines.problem);
}

} // namespace

void add_role_producer(command_tree& tree) {
  command what;
  what.takes_embedded = true;
  what.run = run_producer;
  auto& app = tree.add(tree.root(), stdin_command, "JSON lines from stdin to Kafka", what);
  app.group("");
  app.footer(format_help);
}

} // namespace streamer::tools

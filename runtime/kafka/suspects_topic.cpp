#include "runtime/kafka/suspects_topic.hpp"

#include "runtime/kafka/admin.hpp"
#include "runtime/kafka/client_config.hpp"
#include "runtime/kafka/error_map.hpp"
#include "runtime/kafka/handles.hpp"
#include "runtime/kafka/topic_reader.hpp"

#include <array>
#include <chrono>
#include <optional>
#include <utility>

namespace streamer {
namespace {

constexpr std::chrono::seconds suspects_patience{10};
// Of one request: a worker that stops waits for it.
constexpr std::chrono::seconds request_patience{3};
constexpr std::chrono::milliseconds suspects_poll_step{20};

suspects_answer suspects_later(std::string why) {
  return {suspects_answer::state::later, std::move(why)};
}
suspects_answer suspects_refused(std::string why) {
  return {suspects_answer::state::refused, std::move(why)};
}

// The admin client says in words what it was told. What nobody answered may be answered later.
suspects_answer judge_suspects_error(const std::string& error) {
  const bool unanswered = error.find("no broker at") != std::string::npos ||
                          error.find("no leader") != std::string::npos;
  return unanswered ? suspects_later(error) : suspects_refused(error);
}

void put_on_board(suspect_board& board, const record& r) {
  const auto place = parse_mark_key(r.key.view());
  if (!place) {
    return;
  }
  if (r.value.is_null()) {
    board.erase(*place);
  } else if (auto mark = decode_mark(r.value.view())) {
    board.put(*place, std::move(*mark));
  }
}

/// Counts the answers to the messages of one write. The opaque pointer of each is its place here.
struct mark_deliveries {
  std::size_t open = 0;
  rd_kafka_resp_err_t error = RD_KAFKA_RESP_ERR_NO_ERROR;

  static void on_delivered(rd_kafka_t*, const rd_kafka_message_t* message, void*) {
    auto& count = *static_cast<mark_deliveries*>(message->_private);
    --count.open;
    if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
      count.error = message->err;
    }
  }
};

} // namespace

std::string suspects_topic_of(const std::string& group_id) { return group_id + ".suspects"; }

struct suspects_topic::parts {
  settings config;
  std::string topic;
  std::function<bool()> cancelled;
  log_handle log;
  client_hooks hooks;
  client_ptr producer; // after the hooks, which it refers to
  bool exists = false;
  offset_id read_to{0};

  parts(settings with, const log_handle& to, std::function<bool()> cancel)
      : config{std::move(with)},
        topic{suspects_topic_of(config.consumer.group_id)},
        cancelled{std::move(cancel)},
        log{to},
        hooks{to} {}

  [[nodiscard]] std::optional<suspects_answer> create();
  [[nodiscard]] std::optional<suspects_answer> open_producer();
  [[nodiscard]] rd_kafka_resp_err_t produce(const mark_change& c, mark_deliveries& count) const;
  [[nodiscard]] suspects_answer write(std::span<const mark_change> changes);
};

std::optional<suspects_answer> suspects_topic::parts::create() {
  auto admin = admin_client::open(config, log, request_patience);
  if (!admin) {
    return suspects_refused(admin.error());
  }
  new_topic wanted{topic, 1, config.topics.replication_factor, {{"cleanup.policy", "compact"}}};
  const auto made = admin.value()->create_topics({&wanted, 1});
  if (!made) {
    return judge_suspects_error(made.error());
  }
  if (made.value().empty() || made.value().front().ended == creation_result::state::refused) {
    return suspects_refused(made.value().empty() ? "no answer" : made.value().front().error);
  }
  exists = true;
  if (made.value().front().ended == creation_result::state::created) {
    log.info("suspects_topic_created", "the group keeps suspect records in a topic of its own",
             {{"topic", topic}});
  }
  return std::nullopt;
}

std::optional<suspects_answer> suspects_topic::parts::open_producer() {
  auto conf = make_conf(config, client_role::producer);
  if (!conf) {
    return suspects_refused(conf.error());
  }
  const std::array<std::pair<const char*, std::string>, 2> wanted{
      {{"linger.ms", "0"},
       {"message.timeout.ms", std::to_string(suspects_patience.count() * 1000 / 2)}}};
  for (const auto& [name, value] : wanted) {
    if (auto failure = set_property(*conf.value(), name, value.c_str())) {
      return suspects_refused(*failure);
    }
  }
  rd_kafka_conf_set_dr_msg_cb(conf.value().get(), mark_deliveries::on_delivered);
  auto made = make_client(std::move(conf).value(), client_role::producer, hooks);
  if (!made) {
    return suspects_refused(made.error());
  }
  producer = std::move(made).value();
  return std::nullopt;
}

rd_kafka_resp_err_t suspects_topic::parts::produce(const mark_change& c,
                                                   mark_deliveries& count) const {
  auto key = mark_key(c.place);
  auto value = c.mark ? encode_mark(*c.mark) : std::string{};
  std::array<rd_kafka_vu_t, 6> fields{};
  fields[0].vtype = RD_KAFKA_VTYPE_TOPIC;
  fields[0].u.cstr = topic.c_str();
  fields[1].vtype = RD_KAFKA_VTYPE_PARTITION;
  fields[1].u.i32 = 0;
  fields[2].vtype = RD_KAFKA_VTYPE_MSGFLAGS;
  fields[2].u.i = RD_KAFKA_MSG_F_COPY;
  fields[3].vtype = RD_KAFKA_VTYPE_KEY;
  fields[3].u.mem = {key.data(), key.size()};
  fields[4].vtype = RD_KAFKA_VTYPE_VALUE;
  fields[4].u.mem = {c.mark ? value.data() : nullptr, value.size()};
  fields[5].vtype = RD_KAFKA_VTYPE_OPAQUE;
  fields[5].u.ptr = &count;
  for (;;) {
    const error_ptr error{rd_kafka_produceva(producer.get(), fields.data(), fields.size())};
    const auto code = error ? rd_kafka_error_code(error.get()) : RD_KAFKA_RESP_ERR_NO_ERROR;
    if (code != RD_KAFKA_RESP_ERR__QUEUE_FULL) {
      return code;
    }
    rd_kafka_poll(producer.get(), static_cast<int>(suspects_poll_step.count()));
  }
}

suspects_answer suspects_topic::parts::write(std::span<const mark_change> changes) {
  mark_deliveries count;
  for (const auto& c : changes) {
    const auto code = produce(c, count);
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
      count.error = code;
      break;
    }
    ++count.open;
  }
  // Every message is answered before `count` ends; a client that is asked to give up answers fast.
  bool purged = false;
  while (count.open > 0) {
    rd_kafka_poll(producer.get(), static_cast<int>(suspects_poll_step.count()));
    if (!purged && cancelled()) {
      purged = true;
      rd_kafka_purge(producer.get(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
    }
  }
  if (count.error == RD_KAFKA_RESP_ERR_NO_ERROR) {
    return {};
  }
  const auto why = "cannot write to topic '" + topic + "': " + rd_kafka_err2str(count.error) +
                   " (" + error_name(count.error) + ")";
  // A new client: one whose numbers of messages do not go on is of no use any more.
  producer.reset();
  exists = false;
  const bool unknown = count.error == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART ||
                       count.error == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC ||
                       count.error == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION;
  return delivery_state_of(count.error) == delivery_state::refused_for_good && !unknown
             ? suspects_refused(why)
             : suspects_later(why);
}

suspects_topic::suspects_topic(const settings& config, const log_handle& log,
                               std::function<bool()> cancelled)
    : parts_{std::make_unique<parts>(config, log, std::move(cancelled))} {}

suspects_topic::~suspects_topic() = default;

suspects_answer suspects_topic::read(suspect_board& board) {
  auto& p = *parts_;
  auto admin = admin_client::open(p.config, p.log, request_patience);
  if (!admin) {
    return suspects_refused(admin.error());
  }
  const auto found = admin.value()->topic(p.topic);
  if (!found) {
    return judge_suspects_error(found.error());
  }
  if (!found.value()) {
    p.exists = false;
    p.read_to = offset_id{0};
    return {};
  }
  p.exists = true;
  auto ranges = whole_topic(*admin.value(), p.topic);
  if (!ranges) {
    return judge_suspects_error(ranges.error());
  }
  std::vector<read_range> fresh;
  for (auto& r : ranges.value()) {
    // Records before the first are gone; a topic that was made anew begins again.
    r.from = r.to < p.read_to ? r.from : std::max(r.from, p.read_to);
    if (r.tp.partition == partition_id{0} && r.from < r.to) {
      fresh.push_back(r);
    }
  }
  if (fresh.empty()) {
    return {};
  }
  auto reader = topic_reader::open(p.config, p.log);
  if (!reader) {
    return suspects_refused(reader.error());
  }
  read_limits limits;
  limits.total = suspects_patience;
  limits.cancelled = p.cancelled;
  const auto read = reader.value()->read(fresh, limits, [&](const auto& own) {
    put_on_board(board, own->records().front());
    return read_next::go_on;
  });
  if (!read) {
    return suspects_refused(read.error());
  }
  if (!read.value().unfinished.empty()) {
    return suspects_later("topic '" + p.topic + "' could not be read to its end in time");
  }
  p.read_to = fresh.front().to;
  return {};
}

suspects_answer suspects_topic::write(std::span<const mark_change> changes) {
  auto& p = *parts_;
  if (!p.exists) {
    if (auto failed = p.create()) {
      return *failed;
    }
  }
  if (!p.producer) {
    if (auto failed = p.open_producer()) {
      return *failed;
    }
  }
  return p.write(changes);
}

} // namespace streamer

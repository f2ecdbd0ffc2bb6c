#include "runtime/http/event_streams.hpp"

#include <algorithm>
#include <cstdint>
#include <exception>
#include <utility>

namespace streamer::detail {
namespace {

// What the library asks for at a time; larger events take several turns.
constexpr std::size_t block_bytes = 4096;

} // namespace

/// What one source has said last, for all who listen to it.
struct event_streams::channel {
  const event_source* source = nullptr;
  text last;
  clock::time_point made_at;
};

struct event_streams::stream {
  event_streams* of = nullptr;
  channel* from = nullptr;
  MHD_Connection* connection = nullptr;
  text sending;
  std::size_t sent = 0;
  text next; ///< what comes then; a newer one takes its place
  clock::time_point ends_at;
  bool suspended = false;
  bool ending = false;
};

event_streams::event_streams(std::size_t most, std::chrono::milliseconds life,
                             std::function<void(MHD_Connection*)> progress)
    : most_{most}, life_{life}, progress_{std::move(progress)} {}

event_streams::~event_streams() = default;

MHD_Response* event_streams::open(MHD_Connection* connection, const event_source& source) {
  const auto now = clock::now();
  auto found = std::ranges::find_if(channels_, [&](const auto& c) { return c.source == &source; });
  if (found == channels_.end()) {
    channels_.push_front({&source, nullptr, {}});
    found = channels_.begin();
  }
  if (found->last == nullptr || now - found->made_at >= source.period) {
    make_event(*found, now);
  }
  auto& added = *open_.emplace_back(std::make_unique<stream>());
  added.of = this;
  added.from = &*found;
  added.connection = connection;
  added.next = found->last;
  added.ends_at = now + life_;
  auto* const response = MHD_create_response_from_callback(
      MHD_SIZE_UNKNOWN, block_bytes, &event_streams::read, &added, &event_streams::release);
  if (response == nullptr) {
    open_.pop_back();
  }
  return response;
}

void event_streams::make_event(channel& c, clock::time_point now) {
  c.made_at = now;
  try {
    c.last = std::make_shared<const std::string>("data: " + c.source->next() + "\n\n");
  } catch (const std::exception&) {
    // The streams go on with what there was; a comment keeps them open.
    c.last = std::make_shared<const std::string>(": nothing to tell\n\n");
  }
}

void event_streams::wake(stream& s) {
  if (std::exchange(s.suspended, false)) {
    MHD_resume_connection(s.connection);
  }
}

void event_streams::tick(clock::time_point now) {
  for (auto& c : channels_) {
    const auto listens = [&](const auto& s) { return s->from == &c; };
    if (now - c.made_at < c.source->period || std::ranges::none_of(open_, listens)) {
      continue;
    }
    make_event(c, now);
    for (auto& s : open_) {
      if (listens(s)) {
        s->next = c.last;
        s->ending = s->ending || now >= s->ends_at;
        wake(*s);
      }
    }
  }
}

void event_streams::end_all() {
  for (auto& s : open_) {
    s->ending = true;
    wake(*s);
  }
}

ssize_t event_streams::read(void* self, std::uint64_t /*position*/, char* to, std::size_t most) {
  auto& s = *static_cast<stream*>(self);
  s.of->progress_(s.connection);
  if (s.sending == nullptr || s.sent == s.sending->size()) {
    if (s.ending) {
      return MHD_CONTENT_READER_END_OF_STREAM;
    }
    s.sending = std::exchange(s.next, nullptr);
    s.sent = 0;
  }
  if (s.sending == nullptr) {
    s.suspended = true;
    MHD_suspend_connection(s.connection);
    return 0;
  }
  const auto count = std::min(most, s.sending->size() - s.sent);
  std::copy_n(s.sending->data() + s.sent, count, to);
  s.sent += count;
  return static_cast<ssize_t>(count);
}

void event_streams::release(void* self) {
  auto& s = *static_cast<stream*>(self);
  auto& open = s.of->open_;
  open.erase(std::ranges::find_if(open, [&](const auto& other) { return other.get() == &s; }));
}

} // namespace streamer::detail

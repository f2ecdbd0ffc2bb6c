// Answers that go on: server-sent events. For this room only; libmicrohttpd is seen here.
#pragma once

#include <microhttpd.h>

#include <chrono>
#include <cstddef>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>

#include "runtime/http/message.hpp"

namespace streamer::detail {

/// The streams that are open. While there is nothing to send a connection is suspended, which costs
/// nothing and takes it out of the library's reach. All streams of a source share the text of an
/// event, and one that reads slowly misses events rather than collecting them. Used by the server's
/// thread alone; has to outlive the daemon.
class event_streams {
 public:
  using clock = std::chrono::steady_clock;

  /// `most`: streams at a time; `life`: after it a stream ends, for the client to come again (its
  /// rights are looked at again then); `progress` is told whenever a client has taken all there is.
  event_streams(std::size_t most, std::chrono::milliseconds life,
                std::function<void(MHD_Connection*)> progress);
  event_streams(const event_streams&) = delete;
  event_streams& operator=(const event_streams&) = delete;
  ~event_streams();

  [[nodiscard]] bool full() const { return open_.size() >= most_; }

  /// A response that sends the source's events, the present one at once. Null: out of memory.
  /// `source` has to outlive the daemon.
  [[nodiscard]] MHD_Response* open(MHD_Connection* connection, const event_source& source);

  /// Makes the events that are due and wakes who waits for them.
  void tick(clock::time_point now);

  /// Wakes every stream, which the library wants before it stops.
  void end_all();

 private:
  struct channel;
  struct stream;
  using text = std::shared_ptr<const std::string>;

  static ssize_t read(void* self, std::uint64_t position, char* to, std::size_t most);
  static void release(void* self);
  void make_event(channel& c, clock::time_point now);
  static void wake(stream& s);

  std::size_t most_;
  std::chrono::milliseconds life_;
  std::function<void(MHD_Connection*)> progress_;
  std::list<channel> channels_;
  std::list<std::unique_ptr<stream>> open_;
};

} // namespace streamer::detail

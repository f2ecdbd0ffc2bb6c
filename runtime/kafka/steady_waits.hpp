#pragma once

namespace streamer {

/// Makes librdkafka's threads wait by the monotonic clock. They call C11's `cnd_timedwait`, which
/// waits until a time of the wall clock: where that is set back by an hour, a thread that waits
/// sleeps for an hour longer, and with it a member's heartbeats. steady_waits.cpp defines that
/// function before the C library does; to call this has no other effect than to link it in.
void wait_steadily() noexcept;

} // namespace streamer

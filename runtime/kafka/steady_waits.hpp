#pragma once

namespace streamer {

/// Makes librdkafka's threads wait by the monotonic clock. They call C11's `cnd_timedwait`, which
/// waits until a time of the wall clock: where that is set back by an hour, a thread that waits
/// sleeps for an hour longer unless something else wakes it, and with it a client's timers and the
/// connections that are to be made again. steady_waits.cpp defines that function before the C
/// library does; to call this has no other effect than to link it in.
void wait_steadily() noexcept;

} // namespace streamer

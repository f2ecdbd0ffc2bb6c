#pragma once

namespace streamer {

/// Whether the kernel may write this process's memory into a core dump. It holds passwords and
/// records, so it may not unless somebody asks (`runtime.core_dumps`). While it may not, other
/// processes of the same user can neither attach to this one nor read its `/proc/PID/environ`.
/// For the start of a process; holds for all of its threads.
void permit_core_dumps(bool permitted);

} // namespace streamer

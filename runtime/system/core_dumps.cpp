#include "runtime/system/core_dumps.hpp"

#include <sys/prctl.h>

namespace streamer {

// Not RLIMIT_CORE: a core_pattern that is a pipe ignores it.
void permit_core_dumps(bool permitted) { prctl(PR_SET_DUMPABLE, permitted ? 1 : 0, 0, 0, 0); }

} // namespace streamer

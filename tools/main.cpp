#include <fcntl.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "runtime/system/core_dumps.hpp"
#include "tools/command_line.hpp"

namespace {

/// A standard stream that came closed would be the next socket, and get our output.
void open_standard_streams() {
  for (const int number : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(number, F_GETFD) >= 0) continue;
    // The lowest free number is this one.
    if (::open("/dev/null", O_RDWR) < 0) return;
  }
}

} // namespace

int main(int argc, char** argv) {
  open_standard_streams();
  streamer::permit_core_dumps(false); // until the configuration says otherwise
  const std::vector<std::string> arguments(argc > 0 ? argv + 1 : argv, argv + argc);
  return streamer::tools::run_command_line(arguments);
}

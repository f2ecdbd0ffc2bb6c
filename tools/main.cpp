#include <string>
#include <vector>

#include "tools/command_line.hpp"

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argc > 0 ? argv + 1 : argv, argv + argc);
  return streamer::tools::run_command_line(arguments);
}

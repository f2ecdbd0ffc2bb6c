#include "tools/load_test/random.hpp"

#include <random>

namespace streamer::tools {

std::uint64_t fresh_seed() {
  std::random_device device;
  return std::uint64_t{device()} << 32U | device();
}

} // namespace streamer::tools

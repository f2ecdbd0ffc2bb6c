#include "tools/versions.hpp"

#include "runtime/kafka/admin.hpp"
#include "runtime/system/actor_environment.hpp"
#include "runtime/system/version.hpp"

namespace streamer::tools {

std::string version_line() {
  return "streamer " + std::string{streamer_version()} + " (CAF " + caf_version() +
         ", librdkafka " + kafka_client_version() + ")";
}

} // namespace streamer::tools

#include "config/settings.hpp"

namespace streamer {

std::vector<handler_settings> default_handlers() {
  handler_settings log;
  log.options.emplace("max_per_second", "10");
  return {log};
}

} // namespace streamer

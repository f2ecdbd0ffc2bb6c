// Prints docs/metrics.md: streamer_metrics_doc > docs/metrics.md
#include <iostream>

#include "runtime/telemetry/catalogue_page.hpp"

int main() {
  std::cout << streamer::metrics_page() << std::flush;
  return std::cout ? 0 : 1;
}

// Adds to each event what an HTTP service knows of its key.
#pragma once

#include "http_requests.hpp"

#include <streamer/handler.hpp>

#include <memory>
#include <string>

namespace enrichment {

/// Asks BASE/KEY and writes the event with the answer as its member `enriched` to a topic. Takes a
/// batch and returns: the answers come on the pool's thread, in any order. The order of a key is
/// kept all the same, since at most one record of it is in flight.
class enricher final : public streamer::async_handler {
 public:
  enricher(std::shared_ptr<http_requests> requests, std::string base, std::string topic)
      : requests_{std::move(requests)}, base_{std::move(base)}, topic_{std::move(topic)} {}

  void handle(std::span<streamer::delivery> batch) override;

 private:
  std::shared_ptr<http_requests> requests_;
  std::string base_;
  std::string topic_;
};

} // namespace enrichment

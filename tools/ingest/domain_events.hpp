// Synthetic events of two small domains. Nothing in them is or looks like a person's data.
#pragma once

#include <cstdint>
#include <string>

#include "tools/load_test/random.hpp"

namespace streamer::tools {

/// `ingest users` or `ingest orders`.
enum class domain { users, orders };

/// One event of a domain: its type, the entity it is about, and its data.
struct domain_event {
  std::string type;  ///< user.registered, user.upgraded, order.placed, …
  std::string key;   ///< the entity's id: user-000042, order-000042
  std::string value; ///< JSON
};

/// Makes events that tell a story per entity: an order is placed before it is paid, and paid before
/// it is shipped. The same seed makes the same events.
class domain_story {
 public:
  domain_story(domain about, std::uint64_t seed);

  /// The next event; `number` counts from 0 and has to rise by one.
  [[nodiscard]] domain_event next(std::uint64_t number);

 private:
  [[nodiscard]] domain_event user(std::uint64_t entity, std::uint64_t step);
  [[nodiscard]] domain_event order(std::uint64_t entity, std::uint64_t step);

  domain about_;
  random_source random_;
};

} // namespace streamer::tools

// Settings → librdkafka's configuration. Internal to runtime/kafka.
#pragma once

#include "config/settings.hpp"
#include "runtime/kafka/client_hooks.hpp"
#include "runtime/kafka/handles.hpp"
#include "runtime/kafka/memory_split.hpp"
#include "runtime/kafka/result.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace streamer {

/// What a client is for.
enum class client_role : std::uint8_t {
  consumer, ///< the worker's group member
  producer, ///< the worker's producer: never gives a record up by itself
  ingest,   ///< `ingest` and load test: gives a record up after producer.delivery_timeout_ms
  admin,    ///< requests only (a producer instance that produces nothing)
  reader,   ///< reads given partitions by `assign`, in no group and without commits
  fetcher,  ///< the worker's reader: its prefetch is divided among fetch_lanes
};

/// The configuration of a client: what the role needs, then the user's properties over it, with the
/// secrets that their files hold now. Fails with one line that names the key at fault.
[[nodiscard]] result<conf_ptr> make_conf(const settings& config, client_role role);

/// Sets one property; the message of a failure names it, never its value.
[[nodiscard]] std::optional<std::string> set_property(rd_kafka_conf_t& conf, const char* name,
                                                      const char* value);

/// Builds the client with `hooks`. Does not wait for a broker. Fails with one line.
[[nodiscard]] result<client_ptr> make_client(conf_ptr conf, client_role role, client_hooks& hooks);

/// `make_conf` and `make_client` in one.
[[nodiscard]] result<client_ptr> make_client(const settings& config, client_role role,
                                             client_hooks& hooks);

} // namespace streamer

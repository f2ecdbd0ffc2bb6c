// The least that the bare programs need of librdkafka.
#pragma once

#include <librdkafka/rdkafka.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>

namespace streamer::bench {

[[noreturn]] inline void fail(const std::string& what) {
  std::fprintf(stderr, "%s\n", what.c_str());
  std::exit(1);
}

inline void set(rd_kafka_conf_t* conf, const char* name, const std::string& value) {
  std::array<char, 256> reason{};
  if (rd_kafka_conf_set(conf, name, value.c_str(), reason.data(), reason.size()) !=
      RD_KAFKA_CONF_OK) {
    fail(reason.data());
  }
}

inline void set_all(rd_kafka_conf_t* conf, const std::map<std::string, std::string>& properties) {
  for (const auto& [name, value] : properties) {
    set(conf, name.c_str(), value);
  }
}

/// Takes `conf` over.
[[nodiscard]] inline rd_kafka_t* make_client(rd_kafka_type_t type, rd_kafka_conf_t* conf) {
  std::array<char, 256> reason{};
  auto* const client = rd_kafka_new(type, conf, reason.data(), reason.size());
  if (client == nullptr) {
    fail(reason.data());
  }
  return client;
}

} // namespace streamer::bench

#include "tests/mock/handlers/handler_run.hpp"

#include "tests/support/kafka_client.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <catch2/catch_test_macros.hpp>
#include <cstdlib>
#include <sstream>

namespace streamer::test {
namespace {

constexpr const char* group = "handlers";

} // namespace

std::filesystem::path source_path(const std::string& relative) {
  return std::filesystem::path{STREAMER_SOURCE_DIR} / relative;
}

void require_program(const std::string& name) {
  std::istringstream folders{environment("PATH").value_or("/usr/bin:/bin")};
  for (std::string folder; std::getline(folders, folder, ':');) {
    if (::access((folder + '/' + name).c_str(), X_OK) == 0) {
      return;
    }
  }
  skip_or_fail("there is no " + name + " in PATH");
}

handler_run::handler_run() {
  for (const auto* topic : {"events", "events.dlq", "out"}) {
    cluster_.create_topic(topic, 1);
  }
}

worker_config handler_run::config(std::map<std::string, std::string> handler) const {
  worker_config made{cluster_.bootstrap(), group, "events"};
  made.value("retry.max_attempts", "3");
  made.value("retry.initial_backoff_ms", "20");
  made.value("retry.max_backoff_ms", "100");
  made.handler(std::move(handler));
  return made;
}

worker& handler_run::start(const worker_config& config,
                           const std::map<std::string, std::string>& environment) {
  worker_ =
      std::make_unique<worker>(directory_, "worker", config, worker_binary::product, environment);
  worker_->wait_until_ready();
  return *worker_;
}

void handler_run::send(const std::vector<sent>& records) const {
  const auto client = make_client(RD_KAFKA_PRODUCER, cluster_.bootstrap());
  for (const auto& r : records) {
    auto* const headers = rd_kafka_headers_new(r.headers.size());
    for (const auto& h : r.headers) {
      rd_kafka_header_add(headers, h.name.c_str(), -1, h.value ? h.value->data() : nullptr,
                          h.value ? static_cast<ssize_t>(h.value->size()) : 0);
    }
    std::array<rd_kafka_vu_t, 6> parts{};
    parts[0].vtype = RD_KAFKA_VTYPE_TOPIC;
    parts[0].u.cstr = "events";
    parts[1].vtype = RD_KAFKA_VTYPE_PARTITION;
    parts[1].u.i32 = 0;
    parts[2].vtype = RD_KAFKA_VTYPE_MSGFLAGS;
    parts[2].u.i = RD_KAFKA_MSG_F_COPY;
    parts[3].vtype = RD_KAFKA_VTYPE_KEY;
    parts[3].u.mem.ptr = const_cast<char*>(r.key.data());
    parts[3].u.mem.size = r.key.size();
    parts[4].vtype = RD_KAFKA_VTYPE_VALUE;
    parts[4].u.mem.ptr = const_cast<char*>(r.value.data());
    parts[4].u.mem.size = r.value.size();
    parts[5].vtype = RD_KAFKA_VTYPE_HEADERS;
    parts[5].u.headers = headers;
    const error_ptr refused{rd_kafka_produceva(client.get(), parts.data(), parts.size())};
    REQUIRE_FALSE(refused);
  }
  require_ok(rd_kafka_flush(client.get(), 30'000), "flush");
}

void handler_run::wait_until_done(milliseconds timeout) const {
  if (!wait_for_zero_lag(cluster_.bootstrap(), group, "events", timeout)) {
    FAIL("the worker did not finish its records; its log ends with\n" << worker_->log_tail());
  }
}

std::vector<stored_record> handler_run::read(const std::string& topic) const {
  return read_topic(cluster_.bootstrap(), topic, visibility::everything);
}

std::map<std::string, stored_record> handler_run::dead_letters() const {
  std::map<std::string, stored_record> found;
  for (auto& r : read("events.dlq")) {
    const auto key = r.key.value_or("");
    found.emplace(key, std::move(r));
  }
  return found;
}

std::string toml_list(const std::vector<std::string>& texts) {
  std::string list = "[";
  for (const auto& text : texts) {
    list += (list.size() > 1 ? ", " : "") + toml_text(text);
  }
  return list + "]";
}

} // namespace streamer::test

#include "tests/kafka/tools/doctor_run.hpp"

#include <algorithm>
#include <array>
#include <catch2/catch_test_macros.hpp>

#include "tests/support/kafka_client.hpp"

namespace streamer::test {
namespace {

using acl_ptr = std::unique_ptr<rd_kafka_AclBinding_t, destroy_with<rd_kafka_AclBinding_destroy>>;

void add_acl(rd_kafka_t* client, rd_kafka_ResourceType_t type, const std::string& name,
             rd_kafka_AclOperation_t operation, rd_kafka_AclPermissionType_t permission) {
  const queue_ptr queue{rd_kafka_queue_new(client)};
  std::array<char, 512> text{};
  const acl_ptr acl{rd_kafka_AclBinding_new(type, name.c_str(), RD_KAFKA_RESOURCE_PATTERN_LITERAL,
                                            "User:*", "*", operation, permission, text.data(),
                                            text.size())};
  REQUIRE(acl);
  std::array<rd_kafka_AclBinding_t*, 1> list{acl.get()};
  rd_kafka_CreateAcls(client, list.data(), list.size(), nullptr, queue.get());
  const event_ptr event{rd_kafka_queue_poll(queue.get(), 30'000)};
  REQUIRE(event);
  require_ok(rd_kafka_event_error(event.get()), "create an ACL");
}

process_options options_of(const scenario& s, const worker_config& config) {
  const auto name = unique_name("doctor");
  write_file(s.directory() / (name + ".toml"), config.toml());
  process_options options;
  options.binary = binary_path(worker_binary::product);
  options.arguments = {"doctor", "--config", (s.directory() / (name + ".toml")).string()};
  options.directory = s.directory().path();
  options.output = s.directory() / name;
  return options;
}

} // namespace

names verdict_of_doctor::not_ok() const {
  names all;
  for (const auto& f : page["findings"]) {
    if (f["severity"] != "ok") {
      all.push_back(f["severity"].get<std::string>() + " " + f["id"].get<std::string>() + " " +
                    f["subject"].get<std::string>());
    }
  }
  std::sort(all.begin(), all.end());
  return all;
}

finished_process run_doctor(const scenario& s, const worker_config& config,
                            std::vector<std::string> more) {
  auto options = options_of(s, config);
  options.arguments.insert(options.arguments.end(), more.begin(), more.end());
  return run(options, 60s);
}

verdict_of_doctor doctor(const scenario& s, const worker_config& config, int open_files) {
  auto options = options_of(s, config);
  options.arguments.emplace_back("--json");
  if (open_files > 0) {
    std::vector<std::string> under{"-c",
                                   "ulimit -n " + std::to_string(open_files) + "; exec \"$@\"",
                                   "sh", options.binary.string()};
    under.insert(under.end(), options.arguments.begin(), options.arguments.end());
    options.binary = "/bin/sh";
    options.arguments = std::move(under);
  }
  const auto ended = run(options, 60s);
  INFO(ended.out << ended.err);
  REQUIRE(ended.err.empty());
  evidence(ended.out);
  return {ended.status.code, nlohmann::json::parse(ended.out)};
}

void deny(const std::string& bootstrap, rd_kafka_ResourceType_t type, const std::string& name,
          rd_kafka_AclOperation_t operation) {
  const auto client = make_client(RD_KAFKA_PRODUCER, bootstrap);
  add_acl(client.get(), type, name, RD_KAFKA_ACL_OPERATION_ALL, RD_KAFKA_ACL_PERMISSION_TYPE_ALLOW);
  add_acl(client.get(), type, name, operation, RD_KAFKA_ACL_PERMISSION_TYPE_DENY);
}

} // namespace streamer::test

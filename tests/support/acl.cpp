#include "tests/support/acl.hpp"

#include "tests/support/common.hpp"
#include "tests/support/kafka_client.hpp"

#include <librdkafka/rdkafka.h>

#include <array>
#include <catch2/catch_test_macros.hpp>

namespace streamer::test {
namespace {

using acl_ptr = std::unique_ptr<rd_kafka_AclBinding_t, destroy_with<rd_kafka_AclBinding_destroy>>;

rd_kafka_ResourceType_t native(resource what) {
  return what == resource::topic ? RD_KAFKA_RESOURCE_TOPIC : RD_KAFKA_RESOURCE_GROUP;
}

rd_kafka_AclOperation_t native(operation right) {
  return right == operation::read ? RD_KAFKA_ACL_OPERATION_READ : RD_KAFKA_ACL_OPERATION_WRITE;
}

// Makes one rule for everybody.
void add(rd_kafka_t* client, resource what, const std::string& name, rd_kafka_AclOperation_t right,
         rd_kafka_AclPermissionType_t permission) {
  const queue_ptr queue{rd_kafka_queue_new(client)};
  std::array<char, 512> text{};
  const acl_ptr acl{rd_kafka_AclBinding_new(native(what), name.c_str(),
                                            RD_KAFKA_RESOURCE_PATTERN_LITERAL, "User:*", "*", right,
                                            permission, text.data(), text.size())};
  REQUIRE(acl);
  std::array<rd_kafka_AclBinding_t*, 1> list{acl.get()};
  rd_kafka_CreateAcls(client, list.data(), list.size(), nullptr, queue.get());
  const event_ptr event{rd_kafka_queue_poll(queue.get(), 30'000)};
  REQUIRE(event);
  require_ok(rd_kafka_event_error(event.get()), "create an ACL");
  std::size_t count = 0;
  const auto* results =
      rd_kafka_CreateAcls_result_acls(rd_kafka_event_CreateAcls_result(event.get()), &count);
  REQUIRE(count == 1);
  REQUIRE(rd_kafka_acl_result_error(results[0]) == nullptr);
}

} // namespace

void deny(const std::string& bootstrap, resource what, const std::string& name, operation right) {
  const auto client = make_client(RD_KAFKA_PRODUCER, bootstrap);
  // A resource with any rule at all is closed to those whom no rule lets in.
  add(client.get(), what, name, RD_KAFKA_ACL_OPERATION_ALL, RD_KAFKA_ACL_PERMISSION_TYPE_ALLOW);
  add(client.get(), what, name, native(right), RD_KAFKA_ACL_PERMISSION_TYPE_DENY);
}

void allow_again(const std::string& bootstrap, resource what, const std::string& name,
                 operation right) {
  const auto client = make_client(RD_KAFKA_PRODUCER, bootstrap);
  const queue_ptr queue{rd_kafka_queue_new(client.get())};
  std::array<char, 512> text{};
  const acl_ptr filter{rd_kafka_AclBindingFilter_new(
      native(what), name.c_str(), RD_KAFKA_RESOURCE_PATTERN_LITERAL, nullptr, nullptr,
      native(right), RD_KAFKA_ACL_PERMISSION_TYPE_DENY, text.data(), text.size())};
  REQUIRE(filter);
  std::array<rd_kafka_AclBindingFilter_t*, 1> list{filter.get()};
  rd_kafka_DeleteAcls(client.get(), list.data(), list.size(), nullptr, queue.get());
  const event_ptr event{rd_kafka_queue_poll(queue.get(), 30'000)};
  REQUIRE(event);
  require_ok(rd_kafka_event_error(event.get()), "delete an ACL");
}

} // namespace streamer::test

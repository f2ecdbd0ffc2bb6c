#include "runtime/kafka/error_map.hpp"

#include <catch2/catch_test_macros.hpp>

namespace streamer {

TEST_CASE("an acknowledgement is the absence of an error and nothing else") {
  CHECK(delivery_state_of(RD_KAFKA_RESP_ERR_NO_ERROR) == delivery_state::acknowledged);
}

TEST_CASE("an output refuses for good what it would refuse again for ever") {
  for (const auto code :
       {RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE,
        RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED,
        RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED, RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION,
        RD_KAFKA_RESP_ERR_INVALID_RECORD, RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP,
        RD_KAFKA_RESP_ERR_POLICY_VIOLATION, RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART,
        RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC, RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION}) {
    INFO(error_name(code));
    CHECK(delivery_state_of(code) == delivery_state::refused_for_good);
  }
}

TEST_CASE("an output refuses for now what passes, and whatever is not known to last") {
  for (const auto code :
       {RD_KAFKA_RESP_ERR__MSG_TIMED_OUT, RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS,
        RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS_AFTER_APPEND, RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT,
        RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE, RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION,
        RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR, RD_KAFKA_RESP_ERR__PURGE_QUEUE,
        RD_KAFKA_RESP_ERR__PURGE_INFLIGHT, RD_KAFKA_RESP_ERR__TRANSPORT,
        RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED, RD_KAFKA_RESP_ERR_THROTTLING_QUOTA_EXCEEDED,
        RD_KAFKA_RESP_ERR_UNKNOWN}) {
    INFO(error_name(code));
    CHECK(delivery_state_of(code) == delivery_state::refused_for_now);
  }
}

TEST_CASE("only size errors are too large") {
  CHECK(is_too_large(RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE));
  CHECK(is_too_large(RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE));
  CHECK_FALSE(is_too_large(RD_KAFKA_RESP_ERR_OFFSET_METADATA_TOO_LARGE));
  CHECK_FALSE(is_too_large(RD_KAFKA_RESP_ERR_NO_ERROR));
}

TEST_CASE("a commit is stale only where the partition is proved to have another owner") {
  CHECK(commit_state_of(RD_KAFKA_RESP_ERR_NO_ERROR) == commit_state::committed);
  CHECK(commit_state_of(RD_KAFKA_RESP_ERR_OFFSET_METADATA_TOO_LARGE) ==
        commit_state::metadata_too_large);
  for (const auto code :
       {RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID, RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID,
        RD_KAFKA_RESP_ERR_FENCED_MEMBER_EPOCH, RD_KAFKA_RESP_ERR__ASSIGNMENT_LOST}) {
    INFO(error_name(code));
    CHECK(commit_state_of(code) == commit_state::stale);
  }
  for (const auto code :
       {RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION, RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS,
        RD_KAFKA_RESP_ERR_STALE_MEMBER_EPOCH, RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT,
        RD_KAFKA_RESP_ERR__WAIT_COORD, RD_KAFKA_RESP_ERR_NOT_COORDINATOR,
        RD_KAFKA_RESP_ERR__TRANSPORT, RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED,
        RD_KAFKA_RESP_ERR_UNKNOWN}) {
    INFO(error_name(code));
    CHECK(commit_state_of(code) == commit_state::again);
  }
}

TEST_CASE("connection errors say nothing of the group") {
  CHECK(is_membership_error(RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART));
  CHECK(is_membership_error(RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED));
  CHECK(is_membership_error(RD_KAFKA_RESP_ERR__MAX_POLL_EXCEEDED));
  CHECK_FALSE(is_membership_error(RD_KAFKA_RESP_ERR__TRANSPORT));
  CHECK_FALSE(is_membership_error(RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN));
  CHECK(is_authentication_failure(RD_KAFKA_RESP_ERR__AUTHENTICATION));
  CHECK(is_authentication_failure(RD_KAFKA_RESP_ERR__SSL));
  CHECK_FALSE(is_authentication_failure(RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED));
}

} // namespace streamer

// Rights on a broker with an authorizer, for everybody at once.
#pragma once

#include <string>

namespace streamer::test {

enum class resource { topic, group };
enum class operation { read, write };

/// Broker properties that make rules count; what has no rule is open to all.
inline constexpr const char* authorizer =
    "authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer";
inline constexpr const char* open_without_rules = "allow.everyone.if.no.acl.found=true";

/// Takes a right on a topic or group from everybody and leaves them the others.
void deny(const std::string& bootstrap, resource what, const std::string& name, operation right);

/// Gives it back.
void allow_again(const std::string& bootstrap, resource what, const std::string& name,
                 operation right);

} // namespace streamer::test

// What operators and other programs do to a cluster while the clients run.
#pragma once

#include <cstdint>
#include <string>

namespace streamer::test {

/// Deletes the records before `offset`, as retention does.
void delete_records(const std::string& bootstrap, const std::string& topic, std::int32_t partition,
                    std::int64_t offset);

/// Deletes a topic and waits until it has gone.
void delete_topic(const std::string& bootstrap, const std::string& topic);

/// Gives a topic more partitions.
void add_partitions(const std::string& bootstrap, const std::string& topic, int total);

/// Writes `count` records to partition 0 in one transaction and commits or aborts it.
void write_transaction(const std::string& bootstrap, const std::string& topic, int count,
                       bool commits);

} // namespace streamer::test

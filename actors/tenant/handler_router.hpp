#pragma once

#include "config/settings.hpp"
#include "messages/cloud_event.hpp"
#include "messages/glob.hpp"
#include "messages/record.hpp"

#include <cstddef>
#include <optional>
#include <regex>
#include <string>
#include <string_view>
#include <vector>

namespace streamer {

/// Says which [[handlers]] entry takes a record: the first whose selectors all match.
class handler_router {
 public:
  explicit handler_router(const std::vector<handler_settings>& entries);

  struct route {
    std::optional<std::size_t> handler; ///< index of the entry; absent: unmatched or undecodable
    std::string undecodable;            ///< why the event cannot be read; empty if it can
  };

  /// `known` is the record's encoding, if it has been looked at before.
  [[nodiscard]] route select(const record_ref& record,
                             std::optional<event_encoding> known = std::nullopt) const;

 private:
  struct entry {
    std::string event_type;
    std::string topic;
    std::optional<std::regex> topic_pattern;
    std::vector<std::pair<std::string, std::string>> headers;
  };

  [[nodiscard]] static bool matches(const entry& e, const record_ref& record,
                                    const event_facts& facts);

  std::vector<entry> entries_;
  bool reads_event_type_ = false;
};

} // namespace streamer

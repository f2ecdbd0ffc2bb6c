// A record as a handler gets it.
#pragma once

#include "messages/handler.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace streamer::fixture {

/// A record of orders[3] at offset 17, of the tenant "acme", in its second attempt.
class viewed_record {
 public:
  viewed_record(std::optional<std::string_view> key, std::optional<std::string_view> value,
                std::vector<owned_header> headers = {}, std::string lane = {}) {
    record fields;
    fields.offset = offset_id{17};
    fields.timestamp_ms = 1'700'000'000'000;
    fields.key = key ? bytes_ref{*key} : bytes_ref{};
    fields.value = value ? bytes_ref{*value} : bytes_ref{};
    ref_ = {std::make_shared<detached_records>("orders", partition_id{3}, fields,
                                               std::move(headers), std::move(lane)),
            0};
  }
  [[nodiscard]] record_view view() const { return {ref_, "acme", 2}; }

 private:
  record_ref ref_;
};

} // namespace streamer::fixture

#include "messages/record.hpp"

namespace streamer {
namespace {

std::vector<owned_header> copy_headers(const record_ref& source) {
  std::vector<owned_header> result;
  for (const auto& h : source.headers()) {
    result.push_back({std::string{h.name}, std::string{h.value.view()}, h.value.is_null()});
  }
  return result;
}

} // namespace

detached_record::detached_record(const record_ref& source)
    : detached_record{source.batch->topic(), source.batch->partition(), source.get(),
                      copy_headers(source),
                      source.batch->from_lane() ? source.batch->stored_topic() : std::string{}} {}

detached_record::detached_record(std::string topic, partition_id partition, record fields,
                                 std::vector<owned_header> headers, std::string lane)
    : headers_{std::move(headers)} {
  topic_ = std::move(topic);
  lane_ = std::move(lane);
  partition_ = partition;
  own(fields);
}

void detached_record::own(record fields) {
  key_.assign(fields.key.view());
  value_.assign(fields.value.view());
  if (!fields.key.is_null()) {
    fields.key = bytes_ref{key_.data(), key_.size()};
  }
  if (!fields.value.is_null()) {
    fields.value = bytes_ref{value_.data(), value_.size()};
  }
  fields.native = nullptr;
  records_.assign(1, fields);
}

bytes_ref detached_record::last_header(std::size_t, const char* name) const {
  for (auto it = headers_.rbegin(); it != headers_.rend(); ++it) {
    if (it->name == name) {
      return it->value_is_null ? bytes_ref{} : bytes_ref{it->value.data(), it->value.size()};
    }
  }
  return {};
}

std::vector<header_ref> detached_record::headers(std::size_t) const {
  std::vector<header_ref> result;
  result.reserve(headers_.size());
  for (const auto& h : headers_) {
    result.push_back(
        {h.name, h.value_is_null ? bytes_ref{} : bytes_ref{h.value.data(), h.value.size()}});
  }
  return result;
}

record_ref detach(const record_ref& source) {
  return {std::make_shared<detached_record>(source), 0};
}

} // namespace streamer

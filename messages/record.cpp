#include "messages/record.hpp"

#include <array>

namespace streamer {
namespace {

std::size_t size_of(const record& fields, std::span<const header_ref> headers) {
  auto size = fields.key.size() + fields.value.size();
  for (const auto& h : headers) {
    size += h.name.size() + h.value.size();
  }
  return size;
}

std::vector<header_ref> views_of(const std::vector<owned_header>& headers) {
  std::vector<header_ref> views;
  views.reserve(headers.size());
  for (const auto& h : headers) {
    views.push_back({h.name, h.value_is_null ? bytes_ref{} : bytes_ref{h.value}});
  }
  return views;
}

} // namespace

detached_records::detached_records(const record_batch& source,
                                   std::span<const std::uint32_t> indexes) {
  topic_ = source.topic();
  lane_ = source.from_lane() ? source.stored_topic() : std::string{};
  partition_ = source.partition();
  std::vector<std::vector<header_ref>> headers;
  headers.reserve(indexes.size());
  std::size_t size = 0;
  std::size_t header_count = 0;
  for (const auto i : indexes) {
    headers.push_back(source.headers(i));
    size += size_of(source.records()[i], headers.back());
    header_count += headers.back().size();
  }
  bytes_.reserve(size);
  records_.reserve(indexes.size());
  headers_.reserve(header_count);
  headers_before_.reserve(indexes.size());
  for (std::size_t i = 0; i < indexes.size(); ++i) {
    add(source.records()[indexes[i]], headers[i]);
  }
}

detached_records::detached_records(std::string topic, partition_id partition, record fields,
                                   const std::vector<owned_header>& headers, std::string lane) {
  topic_ = std::move(topic);
  lane_ = std::move(lane);
  partition_ = partition;
  const auto views = views_of(headers);
  bytes_.reserve(size_of(fields, views));
  add(fields, views);
}

void detached_records::add(const record& fields, std::span<const header_ref> headers) {
  const auto own = [this](std::string_view bytes) {
    const auto at = bytes_.size();
    bytes_.append(bytes);
    return std::string_view{bytes_}.substr(at, bytes.size());
  };
  const auto own_bytes = [&](bytes_ref bytes) {
    return bytes.is_null() ? bytes_ref{} : bytes_ref{own(bytes.view())};
  };
  auto& r = records_.emplace_back(fields);
  r.key = own_bytes(fields.key);
  r.value = own_bytes(fields.value);
  r.native = nullptr;
  headers_before_.push_back(headers_.size());
  for (const auto& h : headers) {
    headers_.push_back({own(h.name), own_bytes(h.value)});
  }
}

std::span<const header_ref> detached_records::headers_of(std::size_t index) const {
  const auto first = headers_before_[index];
  const auto next =
      index + 1 < headers_before_.size() ? headers_before_[index + 1] : headers_.size();
  return std::span{headers_}.subspan(first, next - first);
}

bytes_ref detached_records::last_header(std::size_t index, const char* name) const {
  const auto all = headers_of(index);
  for (auto h = all.rbegin(); h != all.rend(); ++h) {
    if (h->name == name) {
      return h->value;
    }
  }
  return {};
}

std::vector<header_ref> detached_records::headers(std::size_t index) const {
  const auto all = headers_of(index);
  return {all.begin(), all.end()};
}

record_ref detach(const record_ref& source) {
  return {std::make_shared<detached_records>(*source.batch, std::array{source.index}), 0};
}

} // namespace streamer

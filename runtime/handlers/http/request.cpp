#include "runtime/handlers/http/request.hpp"

#include "messages/cloud_event.hpp"

#include <algorithm>
#include <array>

namespace streamer {
namespace {

constexpr std::array trace_headers{"traceparent", "tracestate", "baggage"};
constexpr std::string_view digits = "0123456789ABCDEF";

bool is_attribute_name(std::string_view name) {
  return !name.empty() && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
  });
}

bool is_plain(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; });
}

int hex_digit(char c) {
  const char upper = c >= 'a' && c <= 'f' ? static_cast<char>(c - 'a' + 'A') : c;
  const auto at = digits.find(upper);
  return at == std::string_view::npos ? -1 : static_cast<int>(at);
}

void add_attributes(http_headers& to, const record_view& record) {
  for (const auto& [name, value] : event_attributes(record.ref())) {
    if (name != "datacontenttype" && is_attribute_name(name)) {
      to.emplace_back("ce-" + name, percent_encoded(value));
    }
  }
}

} // namespace

std::string percent_encoded(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c > ' ' && c <= '~' && c != '"' && c != '%') {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += {'%', digits[byte >> 4U], digits[byte & 0xFU]};
    }
  }
  return out;
}

std::string percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const int high = text[i] == '%' && i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
    const int low = high >= 0 ? hex_digit(text[i + 2]) : -1;
    if (low >= 0) {
      out += static_cast<char>(high * 16 + low);
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

http_headers request_headers(const record_view& record, bool as_event) {
  http_headers headers;
  const auto type = record.header("content-type").view();
  headers.emplace_back("Content-Type",
                       is_plain(type) ? std::string{type} : "application/octet-stream");
  if (as_event && detect_encoding(record.ref()) == event_encoding::binary) {
    add_attributes(headers, record);
  }
  for (const auto* name : trace_headers) {
    if (const auto value = record.header(name).view(); is_plain(value)) {
      headers.emplace_back(name, value);
    }
  }
  const auto partition = std::to_string(record.partition().value());
  const auto offset = std::to_string(record.offset().value());
  // Of the place where it lies: in a redrive lane it has an offset of that lane.
  const auto& batch = *record.ref().batch;
  headers.emplace_back("Idempotency-Key", batch.stored_topic() + '-' + partition + '-' + offset);
  if (batch.from_lane()) {
    headers.emplace_back("Streamer-Lane", batch.stored_topic());
  }
  headers.emplace_back("Streamer-Topic", record.topic());
  headers.emplace_back("Streamer-Partition", partition);
  headers.emplace_back("Streamer-Offset", offset);
  headers.emplace_back("Streamer-Timestamp", std::to_string(record.timestamp_ms()));
  headers.emplace_back("Streamer-Attempt", std::to_string(record.attempt()));
  headers.emplace_back("Streamer-Tenant", percent_encoded(record.tenant()));
  if (const auto key = record.key(); !key.is_null() && key.size() > 0) {
    headers.emplace_back("Streamer-Key", percent_encoded(key.view()));
  }
  if (record.value().is_null()) {
    headers.emplace_back("Streamer-Value", "null"); // told from an empty one
  }
  return headers;
}

outbound_event reply_event(std::string topic, const record_view& record,
                           const http_headers& response, std::string body) {
  outbound_event event;
  event.topic = std::move(topic);
  if (const auto key = record.key(); !key.is_null()) {
    event.key = std::string{key.view()};
  }
  event.value = std::move(body);
  for (const auto& [name, value] : response) {
    if (name == "content-type") {
      event.headers.push_back({name, value, false});
    } else if (name.starts_with("ce-") && is_attribute_name(name.substr(3))) {
      event.headers.push_back({"ce_" + name.substr(3), percent_decoded(value), false});
    }
  }
  return event;
}

} // namespace streamer

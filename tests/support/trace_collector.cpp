#include "tests/support/trace_collector.hpp"

#include <microhttpd.h>
#include <catch2/catch_test_macros.hpp>

#include <bit>
#include <cstring>
#include <memory>
#include <stdexcept>

#include "tests/support/http_probe.hpp"

namespace streamer::test {
namespace {

/// One field of a protobuf message: a number, or bytes.
struct wire_field {
  std::uint64_t number = 0;
  std::uint64_t value = 0;
  std::string_view bytes;
};

/// Reads a protobuf message field by field.
class wire_reader {
 public:
  explicit wire_reader(std::string_view bytes) : left_{bytes} {}

  [[nodiscard]] bool at_end() const { return left_.empty(); }

  wire_field next() {
    const auto tag = varint();
    wire_field f;
    f.number = tag >> 3U;
    switch (tag & 7U) {
      case 0: f.value = varint(); break;
      case 1: f.value = fixed<std::uint64_t>(); break;
      case 2: f.bytes = take(varint()); break;
      case 5: f.value = fixed<std::uint32_t>(); break;
      default: throw std::runtime_error{"a wire type that is none"};
    }
    return f;
  }

 private:
  std::string_view take(std::uint64_t size) {
    if (size > left_.size()) {
      throw std::runtime_error{"a field that goes beyond its message"};
    }
    const auto taken = left_.substr(0, size);
    left_.remove_prefix(size);
    return taken;
  }
  std::uint64_t varint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      const auto byte = static_cast<unsigned char>(take(1).front());
      value |= static_cast<std::uint64_t>(byte & 0x7FU) << shift;
      if ((byte & 0x80U) == 0) {
        return value;
      }
    }
    throw std::runtime_error{"a number without an end"};
  }
  template <class T>
  T fixed() {
    static_assert(std::endian::native == std::endian::little);
    T value{};
    std::memcpy(&value, take(sizeof value).data(), sizeof value);
    return value;
  }

  std::string_view left_;
};

std::string hex(std::string_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    text += digits[byte >> 4U];
    text += digits[byte & 0xFU];
  }
  return text;
}

std::string any_value(std::string_view bytes) {
  std::string text;
  for (wire_reader in{bytes}; !in.at_end();) {
    const auto f = in.next();
    text = f.number == 1 ? std::string{f.bytes} : std::to_string(f.value);
  }
  return text;
}

void add_attribute(std::map<std::string, std::string>& to, std::string_view bytes) {
  std::string key;
  std::string value;
  for (wire_reader in{bytes}; !in.at_end();) {
    const auto f = in.next();
    if (f.number == 1) {
      key = f.bytes;
    } else if (f.number == 2) {
      value = any_value(f.bytes);
    }
  }
  to[key] = value;
}

std::map<std::string, std::string> resource_of(std::string_view bytes) {
  std::map<std::string, std::string> attributes;
  for (wire_reader in{bytes}; !in.at_end();) {
    if (const auto f = in.next(); f.number == 1) {
      add_attribute(attributes, f.bytes);
    }
  }
  return attributes;
}

void read_status(received_span& s, std::string_view bytes) {
  for (wire_reader in{bytes}; !in.at_end();) {
    const auto f = in.next();
    if (f.number == 2) {
      s.status_text = f.bytes;
    } else if (f.number == 3) {
      s.status = f.value;
    }
  }
}

received_span span_of(std::string_view bytes) {
  received_span s;
  for (wire_reader in{bytes}; !in.at_end();) {
    const auto f = in.next();
    switch (f.number) {
      case 1: s.trace = hex(f.bytes); break;
      case 2: s.id = hex(f.bytes); break;
      case 3: s.state = f.bytes; break;
      case 4: s.parent = hex(f.bytes); break;
      case 5: s.name = f.bytes; break;
      case 6: s.kind = f.value; break;
      case 7: s.began_ns = f.value; break;
      case 8: s.ended_ns = f.value; break;
      case 9: add_attribute(s.attributes, f.bytes); break;
      case 15: read_status(s, f.bytes); break;
      default: break;
    }
  }
  if (s.trace.size() != 32 || s.id.size() != 16) {
    throw std::runtime_error{"a span without ids"};
  }
  return s;
}

constexpr std::size_t largest_body = 16UL << 20U;

} // namespace

std::vector<received_span> decode_spans(std::string_view request) {
  std::vector<received_span> spans;
  for (wire_reader in{request}; !in.at_end();) {
    const auto of_resource = in.next();
    if (of_resource.number != 1) {
      throw std::runtime_error{"not an ExportTraceServiceRequest"};
    }
    std::map<std::string, std::string> resource;
    for (wire_reader parts{of_resource.bytes}; !parts.at_end();) {
      const auto part = parts.next();
      if (part.number == 1) {
        resource = resource_of(part.bytes);
      } else if (part.number == 2) {
        for (wire_reader scope{part.bytes}; !scope.at_end();) {
          if (const auto f = scope.next(); f.number == 2) {
            spans.push_back(span_of(f.bytes));
            spans.back().resource = resource;
          }
        }
      }
    }
  }
  return spans;
}

/// What libmicrohttpd calls.
struct collector_callbacks {
  static MHD_Result answer(void* self, MHD_Connection* connection, const char* url,
                           const char* /*method*/, const char* /*version*/, const char* data,
                           std::size_t* size, void** request) {
    if (*request == nullptr) {
      *request = new std::string;
      return MHD_YES;
    }
    auto& body = *static_cast<std::string*>(*request);
    if (*size > 0) {
      if (body.size() + *size > largest_body) {
        return MHD_NO;
      }
      body.append(data, *size);
      *size = 0;
      return MHD_YES;
    }
    const char* const type =
        MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Content-Type");
    const auto status =
        static_cast<trace_collector*>(self)->take(url, type == nullptr ? "" : type, body);
    auto* const response = MHD_create_response_from_buffer(0, nullptr, MHD_RESPMEM_PERSISTENT);
    const auto queued = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    return queued;
  }

  static void completed(void* /*self*/, MHD_Connection* /*connection*/, void** request,
                        MHD_RequestTerminationCode /*how*/) {
    delete static_cast<std::string*>(*request);
    *request = nullptr;
  }
};

trace_collector::trace_collector(collector_mood mood) : mood_{mood} {
  server_ =
      MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_THREAD_PER_CONNECTION, 0, nullptr,
                       nullptr, collector_callbacks::answer, this, MHD_OPTION_NOTIFY_COMPLETED,
                       collector_callbacks::completed, this, MHD_OPTION_END);
  REQUIRE(server_ != nullptr);
}

trace_collector::~trace_collector() {
  {
    const std::lock_guard lock{mutex_};
    ended_ = true;
  }
  ending_.notify_all();
  MHD_stop_daemon(server_);
}

unsigned trace_collector::take(const std::string& url, const std::string& type,
                               const std::string& body) {
  std::unique_lock lock{mutex_};
  ++requests_;
  if (mood_ == collector_mood::hangs) {
    ending_.wait(lock, [this] { return ended_; });
    return MHD_HTTP_SERVICE_UNAVAILABLE;
  }
  if (mood_ == collector_mood::refuses) {
    return MHD_HTTP_SERVICE_UNAVAILABLE;
  }
  try {
    if (url != "/v1/traces" || type != "application/x-protobuf") {
      throw std::runtime_error{"a request for " + url + " of " + type};
    }
    auto more = decode_spans(body);
    std::move(more.begin(), more.end(), std::back_inserter(spans_));
    return MHD_HTTP_OK;
  } catch (const std::runtime_error& e) {
    problems_.emplace_back(e.what());
    return MHD_HTTP_BAD_REQUEST;
  }
}

std::string trace_collector::url() const {
  const auto* const info = MHD_get_daemon_info(server_, MHD_DAEMON_INFO_BIND_PORT);
  REQUIRE(info != nullptr);
  return "http://127.0.0.1:" + std::to_string(info->port);
}

std::vector<received_span> trace_collector::spans() const {
  const std::lock_guard lock{mutex_};
  for (const auto& problem : problems_) {
    FAIL_CHECK(problem);
  }
  return spans_;
}

std::size_t trace_collector::requests() const {
  const std::lock_guard lock{mutex_};
  return requests_;
}

} // namespace streamer::test

#include "actors/consumer/commit_metadata.hpp"

#include "actors/consumer/base64.hpp"

#include <algorithm>
#include <optional>
#include <utility>

// Layout, before base64 (all integers LEB128 but the fixed-width hashes):
//   hash32(cluster id) hash32(topic, partition) base-offset
//   n  n × { offset − previous, attempts, zigzag(seconds first failed − previous),
//            tenths of a second elapsed }
//   m  m × { first − previous last, last − first }
//   hash32(everything before)
// The text is `s2:` and base64. "Previous" starts at the base offset, and at
// epoch_seconds. `s1:`, which is still read, has no time elapsed, and seconds − epoch_seconds.
namespace streamer {
namespace {

constexpr std::string_view prefix = "s2:";
constexpr std::string_view old_prefix = "s1:";
constexpr std::string_view any_version_prefix = "s";
constexpr std::int64_t epoch_seconds = 1'767'225'600; // 2026-01-01, keeps the times short
constexpr std::size_t hash_bytes = 4;
constexpr std::int64_t elapsed_unit_ms = 100;
constexpr std::int64_t most_seconds = 1LL << 40; // of a time that is told
constexpr std::int64_t most_tenths = 1LL << 32;  // of one that has passed: 13 years
constexpr std::size_t count_bytes = 2; // both counts stay below 2^14: the text is at most 4 kB

std::uint32_t fnv1a(std::string_view bytes, std::uint32_t hash = 2'166'136'261U) {
  for (const char c : bytes) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 16'777'619U;
  }
  return hash;
}

std::uint32_t partition_hash(const metadata_scope& scope) {
  return fnv1a("/" + std::to_string(scope.partition.value()), fnv1a(scope.topic));
}

void put_fixed(std::string& out, std::uint32_t value) {
  for (int shift = 0; shift < 32; shift += 8) {
    out.push_back(static_cast<char>(value >> shift & 255));
  }
}

void put_varint(std::string& out, std::uint64_t value) {
  while (value >= 128) {
    out.push_back(static_cast<char>(value % 128 + 128));
    value /= 128;
  }
  out.push_back(static_cast<char>(value));
}

// The sign as the lowest bit, so that small numbers of either sign stay short.
std::uint64_t zigzag(std::int64_t value) {
  return static_cast<std::uint64_t>(value) << 1U ^ (value < 0 ? ~0ULL : 0ULL);
}

std::int64_t unzigzag(std::uint64_t value) {
  return static_cast<std::int64_t>(value >> 1U ^ ((value & 1U) != 0 ? ~0ULL : 0ULL));
}

std::uint64_t distance(offset_id from, offset_id to) {
  return static_cast<std::uint64_t>(to.value() - from.value());
}

// Reads what `put_*` wrote; once it has failed it stays failed and yields zeros.
class reader {
 public:
  explicit reader(std::string_view bytes) : bytes_{bytes} {}

  std::uint32_t fixed() {
    std::uint32_t value = 0;
    for (int shift = 0; shift < 32; shift += 8) {
      value |= static_cast<std::uint32_t>(byte()) << shift;
    }
    return value;
  }

  std::uint64_t varint() {
    std::uint64_t value = 0;
    for (int shift = 0; shift < 63; shift += 7) {
      const std::uint64_t b = byte();
      value |= (b & 127) << shift;
      if (b < 128) {
        return value;
      }
    }
    failed_ = true;
    return 0;
  }

  /// An offset `varint()` beyond `from`; fails where that is not an offset any more, or nearer
  /// than `least`.
  offset_id offset_after(offset_id from, std::uint64_t least = 0) {
    const auto step = varint();
    if (step < least || step > static_cast<std::uint64_t>(INT64_MAX - from.value())) {
      failed_ = true;
      return from;
    }
    return offset_id{from.value() + static_cast<std::int64_t>(step)};
  }

  [[nodiscard]] bool failed() const { return failed_; }
  [[nodiscard]] bool at_end() const { return position_ == bytes_.size(); }

 private:
  unsigned char byte() {
    if (position_ >= bytes_.size()) {
      failed_ = true;
      return 0;
    }
    return static_cast<unsigned char>(bytes_[position_++]);
  }

  std::string_view bytes_;
  std::size_t position_ = 0;
  bool failed_ = false;
};

commit_metadata read_body(reader& in, offset_id base, bool old) {
  commit_metadata data;
  auto previous = base;
  std::int64_t before = 0; // seconds, from epoch_seconds
  for (auto n = in.varint(); n > 0 && !in.failed(); --n) {
    failing_record f;
    f.offset = previous = in.offset_after(previous, data.failing.empty() ? 0 : 1);
    f.attempts = static_cast<std::uint32_t>(std::min<std::uint64_t>(in.varint(), UINT32_MAX));
    const auto seconds = in.varint();
    before = std::clamp(old ? static_cast<std::int64_t>(seconds) : before + unzigzag(seconds),
                        -most_seconds, most_seconds);
    f.first_failed_ms = (epoch_seconds + before) * 1000;
    if (!old) {
      const auto tenths = std::min<std::uint64_t>(in.varint(), most_tenths);
      f.elapsed = std::chrono::milliseconds{static_cast<std::int64_t>(tenths) * elapsed_unit_ms};
    }
    data.failing.push_back(f);
  }
  previous = base;
  for (auto n = in.varint(); n > 0 && !in.failed(); --n) {
    offset_range r;
    r.first = in.offset_after(previous, data.finished.empty() ? 0 : 1);
    r.last = previous = in.offset_after(r.first);
    data.finished.push_back(r);
  }
  return data;
}

// Encodes items in order while they fit; returns how many did.
template <class Items, class Put>
std::size_t put_list(std::string& out, const Items& items, std::size_t room, Put put) {
  std::string body;
  std::size_t kept = 0;
  for (const auto& item : items) {
    const auto before = body.size();
    put(body, item);
    if (count_bytes + body.size() > room) {
      body.resize(before);
      break;
    }
    ++kept;
  }
  put_varint(out, kept);
  out += body;
  return kept;
}

} // namespace

encoded_metadata encode(const commit_metadata& data, const metadata_scope& scope,
                        std::size_t limit) {
  encoded_metadata result;
  const auto drop_all = [&] {
    return encoded_metadata{{}, data.failing.size(), data.finished.size()};
  };
  if (data.failing.empty() && data.finished.empty()) {
    return result;
  }
  const auto capacity =
      base64_capacity(std::min(limit, default_metadata_limit) -
                      std::min(prefix.size(), std::min(limit, default_metadata_limit)));
  std::string bytes;
  put_fixed(bytes, fnv1a(scope.cluster_id));
  put_fixed(bytes, partition_hash(scope));
  put_varint(bytes, static_cast<std::uint64_t>(scope.base.value()));
  if (bytes.size() + 2 * count_bytes + hash_bytes > capacity) {
    return drop_all();
  }

  auto previous = scope.base;
  std::int64_t before = 0;
  const auto failing = put_list(
      bytes, data.failing, capacity - bytes.size() - count_bytes - hash_bytes,
      [&](std::string& out, const failing_record& f) {
        put_varint(out, distance(previous, f.offset));
        put_varint(out, f.attempts);
        const auto seconds =
            std::clamp(f.first_failed_ms / 1000 - epoch_seconds, -most_seconds, most_seconds);
        put_varint(out, zigzag(seconds - std::exchange(before, seconds)));
        const auto tenths = f.elapsed.count() / elapsed_unit_ms;
        put_varint(out,
                   static_cast<std::uint64_t>(std::clamp<std::int64_t>(tenths, 0, most_tenths)));
        previous = f.offset;
      });
  previous = scope.base;
  const auto ranges = put_list(bytes, data.finished, capacity - bytes.size() - hash_bytes,
                               [&](std::string& out, const offset_range& r) {
                                 put_varint(out, distance(previous, r.first));
                                 put_varint(out, distance(r.first, r.last));
                                 previous = r.last;
                               });
  put_fixed(bytes, fnv1a(bytes));
  result.text = std::string{prefix} + base64_encode(bytes);
  result.dropped_failing = data.failing.size() - failing;
  result.dropped_ranges = data.finished.size() - ranges;
  return result;
}

std::string_view to_string(metadata_verdict v) {
  switch (v) {
    case metadata_verdict::usable: return "usable";
    case metadata_verdict::absent: return "absent";
    case metadata_verdict::foreign: return "foreign";
    case metadata_verdict::other_version: return "other_version";
    case metadata_verdict::malformed: return "malformed";
    case metadata_verdict::other_cluster: return "other_cluster";
    case metadata_verdict::other_partition: return "other_partition";
    case metadata_verdict::other_offset: return "other_offset";
  }
  return "malformed";
}

decoded_metadata decode(std::string_view text, const metadata_scope& scope) {
  const auto refuse = [](metadata_verdict v) { return decoded_metadata{v, {}}; };
  if (text.empty()) {
    return refuse(metadata_verdict::absent);
  }
  const bool old = text.starts_with(old_prefix);
  if (!old && !text.starts_with(prefix)) {
    const auto colon = text.find(':');
    const bool ours = text.starts_with(any_version_prefix) && colon != std::string_view::npos &&
                      colon > 1 &&
                      std::all_of(text.begin() + 1, text.begin() + static_cast<long>(colon),
                                  [](char c) { return c >= '0' && c <= '9'; });
    return refuse(ours ? metadata_verdict::other_version : metadata_verdict::foreign);
  }
  const auto bytes = base64_decode(text.substr(prefix.size()));
  if (!bytes || bytes->size() <= hash_bytes) {
    return refuse(metadata_verdict::malformed);
  }
  const auto content = std::string_view{*bytes}.substr(0, bytes->size() - hash_bytes);
  if (reader{std::string_view{*bytes}.substr(content.size())}.fixed() != fnv1a(content)) {
    return refuse(metadata_verdict::malformed);
  }
  reader in{content};
  if (in.fixed() != fnv1a(scope.cluster_id)) {
    return refuse(metadata_verdict::other_cluster);
  }
  if (in.fixed() != partition_hash(scope)) {
    return refuse(metadata_verdict::other_partition);
  }
  if (in.varint() != static_cast<std::uint64_t>(scope.base.value())) {
    return refuse(metadata_verdict::other_offset);
  }
  decoded_metadata result{metadata_verdict::usable, read_body(in, scope.base, old)};
  if (in.failed() || !in.at_end()) {
    return refuse(metadata_verdict::malformed);
  }
  return result;
}

} // namespace streamer

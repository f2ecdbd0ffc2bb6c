#include "tests/support/commit_history.hpp"

#include "tests/support/kafka_access.hpp"

#include <catch2/catch_test_macros.hpp>

namespace streamer::test {
namespace {

// Kafka's own encoding: big endian integers, strings with an int16 length; from value version 4 on
// lengths are varints of length + 1.
class reader {
 public:
  explicit reader(std::string_view bytes) : rest_{bytes} {}

  std::int64_t integer(std::size_t bytes) {
    std::uint64_t value = 0;
    for (const char c : take(bytes)) {
      value = value << 8 | static_cast<unsigned char>(c);
    }
    const auto unused = 64 - 8 * bytes;
    return static_cast<std::int64_t>(value << unused) >> unused;
  }
  std::string text() {
    const auto size = integer(2);
    return std::string{take(size < 0 ? 0 : static_cast<std::size_t>(size))};
  }
  std::string compact_text() {
    std::uint64_t size = 0;
    for (int shift = 0; shift < 32; shift += 7) {
      const auto byte = static_cast<std::uint64_t>(integer(1) & 0xff);
      size |= (byte & 127) << shift;
      if (byte < 128) {
        break;
      }
    }
    return std::string{take(size == 0 ? 0 : size - 1)};
  }
  [[nodiscard]] bool failed() const { return failed_; }

 private:
  std::string_view take(std::size_t size) {
    if (size > rest_.size()) {
      failed_ = true;
      return {};
    }
    const auto taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }

  std::string_view rest_;
  bool failed_ = false;
};

} // namespace

std::optional<commit_event> parse_commit(std::string_view key,
                                         std::optional<std::string_view> value) {
  reader keys{key};
  if (const auto kind = keys.integer(2); (kind != 0 && kind != 1) || !value) {
    return std::nullopt;
  }
  commit_event commit;
  commit.group = keys.text();
  commit.topic = keys.text();
  commit.partition = static_cast<std::int32_t>(keys.integer(4));
  reader values{*value};
  const auto version = values.integer(2);
  commit.offset = values.integer(8);
  if (version >= 3) {
    static_cast<void>(values.integer(4)); // leader epoch
  }
  commit.metadata = version >= 4 ? values.compact_text() : values.text();
  commit.commit_ms = values.integer(8);
  if (keys.failed() || values.failed()) {
    return std::nullopt;
  }
  return commit;
}

std::vector<commit_event> commit_history(const std::string& bootstrap, const std::string& group,
                                         const std::string& topic) {
  std::vector<commit_event> history;
  for (const auto& record : read_topic(bootstrap, "__consumer_offsets", visibility::everything)) {
    auto commit = parse_commit(record.key.value_or(""), record.value);
    if (commit && commit->group == group && commit->topic == topic) {
      history.push_back(std::move(*commit));
    }
  }
  if (history.empty()) {
    FAIL("group " << group << " never committed anything for " << topic
                  << ", or the log of commits cannot be read");
  }
  return history;
}

} // namespace streamer::test

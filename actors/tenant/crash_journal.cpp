#include "actors/tenant/crash_journal.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <set>
#include <string_view>

namespace streamer {
namespace {

constexpr std::uint64_t journal_magic = 0x31304C4E524A5453ULL;
constexpr std::size_t most_journal_topics = 1'024;
constexpr std::size_t longest_journal_topic = 249;
constexpr std::int32_t most_journal_partitions = 1 << 24;
constexpr unsigned topic_shift = 41;
constexpr unsigned partition_shift = 17;

struct journal_header {
  std::uint64_t magic;
  std::uint64_t slots;
  std::uint64_t ended_by;
  std::array<char, 32> process; // ends with a zero
};

struct journal_topic {
  std::uint32_t check;
  std::uint32_t length;
  std::array<char, 256> name;
};

constexpr std::size_t journal_topics_at = 64;
static_assert(sizeof(journal_header) <= journal_topics_at);
constexpr std::size_t journal_slots_at =
    journal_topics_at + most_journal_topics * sizeof(journal_topic);
static_assert(journal_slots_at % 16 == 0);

// FNV-1a.
std::uint32_t check_of_topic(std::string_view name) {
  std::uint32_t h = 2166136261U;
  for (const char c : name) {
    h = (h ^ static_cast<unsigned char>(c)) * 16777619U;
  }
  return h;
}

template <class T>
T journal_value_at(std::span<const std::byte> bytes, std::size_t at) {
  T value;
  std::memcpy(&value, bytes.data() + at, sizeof(T));
  return value;
}

std::optional<std::string> journal_topic_at(std::span<const std::byte> bytes,
                                            std::uint64_t number) {
  if (number == 0 || number > most_journal_topics) {
    return std::nullopt;
  }
  const auto entry = journal_value_at<journal_topic>(
      bytes, journal_topics_at + (number - 1) * sizeof(journal_topic));
  if (entry.length == 0 || entry.length > longest_journal_topic) {
    return std::nullopt;
  }
  std::string name{entry.name.data(), entry.length};
  return check_of_topic(name) == entry.check ? std::optional{std::move(name)} : std::nullopt;
}

} // namespace

std::size_t crash_journal::bytes_for(std::size_t slots) {
  return journal_slots_at + slots * sizeof(slot_words);
}

crash_journal::crash_journal(std::span<std::byte> memory, std::size_t slots)
    : memory_{memory},
      ended_by_{
          reinterpret_cast<std::uint64_t*>(memory.data() + offsetof(journal_header, ended_by))},
      slots_{reinterpret_cast<slot_words*>(memory.data() + journal_slots_at), slots} {
  const journal_header h{journal_magic, slots, 0, {}};
  std::memcpy(memory_.data(), &h, sizeof(h));
}

void crash_journal::name_process(std::string_view name) noexcept {
  std::array<char, sizeof(journal_header::process)> text{};
  std::copy_n(name.begin(), std::min(name.size(), text.size() - 1), text.begin());
  std::memcpy(memory_.data() + offsetof(journal_header, process), text.data(), text.size());
}

std::uint64_t crash_journal::place_of(const topic_partition& tp) {
  const auto partition = tp.partition.value();
  if (tp.topic.empty() || tp.topic.size() > longest_journal_topic || partition < 0 ||
      partition >= most_journal_partitions) {
    return no_place;
  }
  const std::lock_guard lock{mutex_};
  auto found = topics_.find(tp.topic);
  if (found == topics_.end()) {
    if (topics_.size() >= most_journal_topics) {
      return no_place;
    }
    const auto number = topics_.size() + 1;
    journal_topic entry{check_of_topic(tp.topic), static_cast<std::uint32_t>(tp.topic.size()), {}};
    std::copy(tp.topic.begin(), tp.topic.end(), entry.name.begin());
    std::memcpy(memory_.data() + journal_topics_at + (number - 1) * sizeof(journal_topic), &entry,
                sizeof(entry));
    found = topics_.emplace(tp.topic, number).first;
  }
  return found->second << topic_shift | static_cast<std::uint64_t>(partition) << partition_shift;
}

std::optional<journal_contents> crash_journal::read(std::span<const std::byte> bytes) {
  if (bytes.size() < journal_slots_at) {
    return std::nullopt;
  }
  const auto h = journal_value_at<journal_header>(bytes, 0);
  const auto fitting = (bytes.size() - journal_slots_at) / sizeof(slot_words);
  if (h.magic != journal_magic || h.slots > fitting) {
    return std::nullopt;
  }
  journal_contents contents;
  contents.process.assign(h.process.data(), ::strnlen(h.process.data(), h.process.size()));
  contents.ended_by = h.ended_by < 128 ? static_cast<int>(h.ended_by) : 0;
  std::set<journal_entry> found;
  for (std::size_t i = 0; i < h.slots; ++i) {
    const auto words =
        journal_value_at<slot_words>(bytes, journal_slots_at + i * sizeof(slot_words));
    if (words.record == 0) {
      continue;
    }
    const auto n = words.record >> 16U;
    auto topic = journal_topic_at(bytes, words.place >> topic_shift);
    if (n == 0 ||
        checked(words.place, offset_id{static_cast<std::int64_t>(n) - 1}) != words.record ||
        !topic) {
      ++contents.torn;
      continue;
    }
    const auto partition = words.place >> partition_shift & (most_journal_partitions - 1U);
    found.insert({{std::move(*topic), partition_id{static_cast<std::int32_t>(partition)}},
                  offset_id{static_cast<std::int64_t>(n) - 1},
                  static_cast<std::uint32_t>(words.place >> 1U & 0xFFFFU),
                  (words.place & 1U) != 0});
  }
  contents.entries.assign(found.begin(), found.end());
  return contents;
}

} // namespace streamer

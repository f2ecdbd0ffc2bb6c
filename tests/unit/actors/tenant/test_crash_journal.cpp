#include "actors/tenant/crash_journal.hpp"
#include "actors/tenant/handler_calls.hpp"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <cstring>
#include <random>
#include <string>
#include <thread>
#include <vector>

namespace streamer {
namespace {

constexpr std::size_t slots = 130;

/// The memory of a journal, as a killed process leaves it.
struct memory {
  std::vector<std::uint64_t> words =
      std::vector<std::uint64_t>(crash_journal::bytes_for(slots) / sizeof(std::uint64_t));
  std::span<std::byte> bytes() { return std::as_writable_bytes(std::span{words}); }
  [[nodiscard]] journal_contents read() {
    auto contents = crash_journal::read(bytes());
    REQUIRE(contents);
    return std::move(*contents);
  }
};

topic_partition part(std::int32_t number, std::string topic = "events") {
  return {std::move(topic), partition_id{number}};
}

TEST_CASE("A journal tells the records of the calls that had not ended, and no others") {
  memory m;
  crash_journal journal{m.bytes(), slots};
  CHECK(m.read().entries.empty());
  const auto first = journal.place_of(part(0));
  const auto second = journal.place_of(part((1 << 24) - 1, std::string(249, 't')));
  journal.write(0, first, 1, false, offset_id{0});
  journal.write(7, second, 70'000, true, offset_id{90'000'000'000'000});
  journal.write(slots - 1, first, 3, false, offset_id{5});
  journal.write(3, first, 1, false, offset_id{8});
  journal.clear(3);
  journal.write(0, first, 1, false, offset_id{1}); // the next record of the same call
  const auto found = m.read();
  CHECK(found.torn == 0);
  const std::vector<journal_entry> expected{
      {part(0), offset_id{1}, 1, false},
      {part(0), offset_id{5}, 3, false},
      {part((1 << 24) - 1, std::string(249, 't')), offset_id{90'000'000'000'000}, 65'535, true}};
  CHECK(found.entries == expected);
}

TEST_CASE("A journal tells who wrote it, and the signal that its process crashed by") {
  memory m;
  crash_journal journal{m.bytes(), slots};
  CHECK(m.read().process.empty());
  CHECK(m.read().ended_by == 0);
  journal.name_process("0123456789abcdef");
  journal.note_end(11);
  CHECK(m.read().process == "0123456789abcdef");
  CHECK(m.read().ended_by == 11);
  journal.name_process(std::string(100, 'x'));
  CHECK(m.read().process == std::string(31, 'x'));
  CHECK(m.read().entries.empty());
}

TEST_CASE("A slot that was written by half is passed over") {
  memory m;
  crash_journal journal{m.bytes(), slots};
  const auto place = journal.place_of(part(4));
  journal.write(0, place, 1, false, offset_id{10});
  journal.write(1, place, 1, false, offset_id{20});
  // The last two words but those of the other slots: slot 1's place and record.
  const auto slot_1 = m.words.size() - 2 * slots + 2;
  SECTION("its place is another record's") { m.words[slot_1] += 1ULL << 17; }
  SECTION("its offset is") { m.words[slot_1 + 1] += 1ULL << 16; }
  SECTION("its check is") { m.words[slot_1 + 1] ^= 1; }
  SECTION("its topic is not there") { m.words[slot_1] = 900ULL << 41; }
  const auto found = m.read();
  CHECK(found.torn == 1);
  REQUIRE(found.entries.size() == 1);
  CHECK(found.entries.front().offset == offset_id{10});
}

TEST_CASE("A journal takes any bytes without a crash and without an invented topic") {
  std::mt19937_64 random{7};
  for (int round = 0; round < 300; ++round) {
    memory m;
    crash_journal journal{m.bytes(), slots};
    const auto place = journal.place_of(part(1));
    for (std::size_t i = 0; i < slots; ++i) {
      journal.write(i, place, 1, false, offset_id{static_cast<std::int64_t>(i)});
    }
    for (auto damage = random() % 500; damage > 0; --damage) {
      // Half of it in the slots, which are few among the words.
      const auto among = random() % 2 == 0 ? m.words.size() : 2 * slots;
      m.words[m.words.size() - 1 - random() % among] = random();
    }
    if (const auto found = crash_journal::read(m.bytes())) {
      for (const auto& e : found->entries) {
        CHECK(e.tp.topic == "events");
      }
    }
  }
  std::vector<std::byte> few(40);
  CHECK_FALSE(crash_journal::read(few));
  std::vector<std::byte> zeroes(crash_journal::bytes_for(slots));
  CHECK_FALSE(crash_journal::read(zeroes));
  memory cut;
  crash_journal whole{cut.bytes(), slots};
  CHECK_FALSE(crash_journal::read(cut.bytes().first(cut.bytes().size() - 16)));
}

TEST_CASE("Topics beyond the table are not written down, known ones still are") {
  memory m;
  crash_journal journal{m.bytes(), slots};
  for (int i = 0; i < 1'024; ++i) {
    CHECK(journal.place_of(part(0, "t" + std::to_string(i))) != crash_journal::no_place);
  }
  CHECK(journal.place_of(part(0, "one more")) == crash_journal::no_place);
  CHECK(journal.place_of(part(0, "t7")) != crash_journal::no_place);
  CHECK(journal.place_of(part(-1, "t7")) == crash_journal::no_place);
  CHECK(journal.place_of(part(0, std::string(250, 'x'))) == crash_journal::no_place);
}

TEST_CASE("Calls take a slot each and give it back") {
  memory m;
  handler_calls calls{m.bytes(), slots, nullptr};
  const auto place = calls.journal().place_of(part(0));
  std::vector<handler_calls::call> running;
  for (std::size_t i = 0; i < slots; ++i) {
    running.push_back(calls.enter());
    running.back().runs(place, 1, offset_id{static_cast<std::int64_t>(i)});
  }
  CHECK(calls.running() == slots);
  CHECK(m.read().entries.size() == slots);
  CHECK(calls.displaced() == 0);
  // One more takes a slot that is in use, and is there itself.
  auto more = calls.enter();
  more.runs(place, 1, offset_id{1'000});
  CHECK(calls.displaced() == 1);
  const auto entries = m.read().entries;
  CHECK(entries.size() == slots);
  CHECK(entries.back().offset == offset_id{1'000});
  more.release();
  running.clear();
  CHECK(calls.running() == 0);
  CHECK(m.read().entries.empty());
}

TEST_CASE("While calls are held only the suspect's is let in, and quiet is told once") {
  handler_calls calls;
  auto early = calls.enter();
  int quiet = 0;
  int woken = 0;
  calls.hold([&] { ++quiet; });
  CHECK(calls.held());
  CHECK_FALSE(calls.enter());
  calls.when_let_go([&] { ++woken; });
  CHECK(quiet == 0);
  early.release();
  CHECK(quiet == 1);
  auto alone = calls.enter_alone();
  CHECK(alone);
  calls.when_quiet([&] { ++quiet; });
  CHECK(quiet == 1);
  alone.release();
  CHECK(quiet == 2);
  CHECK(woken == 0);
  calls.let_go();
  CHECK(woken == 1);
  CHECK(calls.enter());
  calls.when_let_go([&] { ++woken; });
  CHECK(woken == 2);
}

TEST_CASE("No call runs beside the one that found quiet, whatever the threads do") {
  handler_calls calls{200};
  std::atomic<bool> stop{false};
  std::atomic<int> inside{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      while (!stop) {
        if (auto call = calls.enter()) {
          ++inside;
          std::this_thread::yield();
          --inside;
        }
      }
    });
  }
  for (int round = 0; round < 200; ++round) {
    std::atomic<bool> quiet{false};
    calls.hold([&] { quiet = true; });
    while (!quiet) {
      std::this_thread::yield();
    }
    for (int look = 0; look < 20; ++look) {
      REQUIRE(inside == 0);
    }
    calls.let_go();
  }
  stop = true;
  for (auto& t : threads) {
    t.join();
  }
  CHECK(calls.running() == 0);
}

} // namespace
} // namespace streamer

// What a child process writes on its stdout: cut into lines, and each line read as an answer.
#include "runtime/handlers/subprocess/line_protocol.hpp"
#include "runtime/handlers/subprocess/line_splitter.hpp"
#include "tests/fuzz/fuzz_input.hpp"

#include <utility>

namespace {

constexpr std::size_t longest = 4'096;

void read_one(std::string_view line) {
  using namespace streamer;
  const auto read = read_answer(line);
  if (const auto* bad = std::get_if<bad_answer>(&read)) {
    fuzz::require(!bad->problem.empty() && bad->problem.size() < 300, "a problem is short");
    return;
  }
  const auto& answer = std::get<child_answer>(read);
  fuzz::require(answer.result.reason.size() < 1'100, "a reason is bounded");
  fuzz::require(answer.result.exception.size() < 200, "an error is bounded");
  for (const auto& e : answer.events) {
    fuzz::require(!e.event.topic.empty(), "an event has a topic");
    fuzz::require(!e.key_of_record || !e.event.key, "a key is its own or the record's");
  }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace streamer;
  const auto text = fuzz::as_text(data, size);
  // The lines are the same whether the bytes come at once or one after the other.
  std::vector<std::pair<std::string, bool>> at_once;
  line_splitter whole{longest};
  whole.feed(text, [&](std::string_view line, bool cut) {
    fuzz::require(line.size() <= longest, "a line is bounded");
    at_once.emplace_back(line, cut);
    if (!cut) {
      read_one(line);
    }
  });
  std::size_t next = 0;
  line_splitter bytewise{longest};
  for (std::size_t i = 0; i < text.size(); ++i) {
    bytewise.feed(text.substr(i, 1), [&](std::string_view line, bool cut) {
      fuzz::require(next < at_once.size() && at_once[next] == std::pair{std::string{line}, cut},
                    "the same line");
      ++next;
    });
  }
  return 0;
}

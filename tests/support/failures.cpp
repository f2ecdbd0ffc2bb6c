#include "tests/support/failures.hpp"

#include <catch2/catch_test_case_info.hpp>
#include <catch2/reporters/catch_reporter_event_listener.hpp>
#include <catch2/reporters/catch_reporter_registrars.hpp>
#include <filesystem>
#include <mutex>

namespace streamer::test {
namespace {

constexpr std::size_t most_kept = 10;

struct failed_assertions {
  std::mutex mutex;
  std::vector<std::string> first;
  std::size_t count = 0;
};

failed_assertions& current() {
  static failed_assertions all;
  return all;
}

std::string line_of(const Catch::AssertionResult& result) {
  const auto where = result.getSourceInfo();
  auto text = std::filesystem::path{where.file}.filename().string() + ":" +
              std::to_string(where.line) + " ";
  text +=
      result.hasExpression() ? result.getExpandedExpression() : std::string{result.getMessage()};
  for (auto& c : text) {
    c = c == '\n' ? ' ' : c;
  }
  return text.substr(0, 500);
}

// A CHECK that fails leaves no exception behind: who has to know of it asks here.
class failure_listener : public Catch::EventListenerBase {
 public:
  using Catch::EventListenerBase::EventListenerBase;
  void testCaseStarting(const Catch::TestCaseInfo&) override {
    const std::lock_guard lock{current().mutex};
    current().first.clear();
    current().count = 0;
  }
  void assertionEnded(const Catch::AssertionStats& stats) override {
    if (stats.assertionResult.isOk()) {
      return;
    }
    const std::lock_guard lock{current().mutex};
    if (++current().count <= most_kept) {
      current().first.push_back(line_of(stats.assertionResult));
    }
  }
};

} // namespace

CATCH_REGISTER_LISTENER(failure_listener)

std::vector<std::string> failures_of_this_test() {
  const std::lock_guard lock{current().mutex};
  auto lines = current().first;
  if (current().count > most_kept) {
    lines.push_back("and " + std::to_string(current().count - most_kept) + " more");
  }
  return lines;
}

bool this_test_has_failed() {
  const std::lock_guard lock{current().mutex};
  return current().count > 0;
}

} // namespace streamer::test

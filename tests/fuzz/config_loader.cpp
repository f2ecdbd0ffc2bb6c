// Configuration files of any content: either a configuration, or problems of one line each; a
// secret is in none of them.
#include "config/load.hpp"
#include "config/show.hpp"
#include "tests/fuzz/fuzz_input.hpp"

#include <sys/mman.h>
#include <unistd.h>
#include <algorithm>

namespace {

using namespace streamer;
using fuzz::require;

constexpr std::string_view planted = "pLaNtEd-SeCrEt";

void check_line(const problem& each, bool may_show_planted) {
  const auto line = to_string(each);
  require(std::none_of(line.begin(), line.end(),
                       [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; }),
          "a problem is one printable line");
  require(may_show_planted || line.find(planted) == std::string::npos, "no problem shows a secret");
}

void check_rows(const configuration& shown, bool may_show_planted) {
  for (const auto& row : config_rows(shown)) {
    require(
        may_show_planted || (row.key + row.value + row.source).find(planted) == std::string::npos,
        "no row of `config show` shows a secret");
    require(row.section != "kafka" || row.key != "kafka.sasl_password" || row.value == "***",
            "a password that is set is shown as such");
  }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const int file = memfd_create("configuration", 0);
  static const std::string path = "/proc/self/fd/" + std::to_string(file);
  require(ftruncate(file, 0) == 0 && pwrite(file, data, size, 0) == static_cast<ssize_t>(size),
          "the file can be written");
  // A fuzzer finds the word by itself and writes it where no secret stands, as in a key's name.
  const bool named = fuzz::as_text(data, size).find(planted) != std::string_view::npos;
  sources from;
  from.config_file = path;
  from.environment = {{"KAFKA_KAFKA__SASL_PASSWORD", std::string{planted}}};
  const auto loaded = load(from);
  require(loaded.loaded.has_value() == loaded.problems.empty(), "a configuration or problems");
  for (const auto& each : loaded.problems) {
    check_line(each, named);
  }
  if (loaded) {
    check_rows(*loaded.loaded, named);
  }
  for (const auto& each : loaded.warnings) {
    check_line(each, named);
  }
  return 0;
}

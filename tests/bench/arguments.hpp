// `name=value` arguments of the programs that scripts/bench runs.
#pragma once

#include "tests/bench/client.hpp"

#include <cstdint>
#include <cstdlib>
#include <map>
#include <string>
#include <string_view>

namespace streamer::bench {

/// `BOOTSTRAP TOPIC [name=value …]`. A name with a dot is a property of librdkafka, or a key of the
/// worker's configuration; every other one is the program's own.
class arguments {
 public:
  /// Ends the program with its usage unless there are the two that have no name.
  arguments(int argc, char** argv, std::string_view usage) {
    if (argc < 3) {
      fail("usage: " + std::string{argv[0]} + " BOOTSTRAP TOPIC " + std::string{usage});
    }
    bootstrap_ = argv[1];
    topic_ = argv[2];
    for (int i = 3; i < argc; ++i) {
      const std::string argument{argv[i]};
      const auto equals = argument.find('=');
      if (equals == std::string::npos) {
        fail("'" + argument + "' is not name=value");
      }
      const auto name = argument.substr(0, equals);
      auto& where = name.find('.') == std::string::npos ? own_ : dotted_;
      where[name] = argument.substr(equals + 1);
    }
  }

  [[nodiscard]] const std::string& bootstrap() const { return bootstrap_; }
  [[nodiscard]] const std::string& topic() const { return topic_; }
  [[nodiscard]] const std::map<std::string, std::string>& dotted() const { return dotted_; }

  [[nodiscard]] std::string text(const std::string& name, const std::string& otherwise) const {
    const auto found = own_.find(name);
    return found == own_.end() ? otherwise : found->second;
  }
  [[nodiscard]] double decimal(const std::string& name, double otherwise) const {
    const auto found = own_.find(name);
    if (found == own_.end()) {
      return otherwise;
    }
    char* end = nullptr;
    const auto value = std::strtod(found->second.c_str(), &end);
    if (found->second.empty() || *end != '\0' || value < 0) {
      fail(name + "=" + found->second + ": not a number");
    }
    return value;
  }
  [[nodiscard]] std::uint64_t number(const std::string& name, std::uint64_t otherwise) const {
    return static_cast<std::uint64_t>(decimal(name, static_cast<double>(otherwise)));
  }

 private:
  std::string bootstrap_;
  std::string topic_;
  std::map<std::string, std::string> own_;
  std::map<std::string, std::string> dotted_;
};

} // namespace streamer::bench

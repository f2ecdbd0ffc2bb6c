// A strict reader of the Prometheus text format, for tests that scrape.
#pragma once

#include <cctype>
#include <cstdlib>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace streamer::test {

using sample_labels = std::map<std::string, std::string>;

/// Samples by name and labels, and each family's type. Reading throws on anything malformed, on a
/// sample that stands twice, and on a sample without a family.
class exposition_text {
 public:
  explicit exposition_text(std::string_view text) {
    if (text.empty() || text.back() != '\n') {
      throw std::runtime_error{"does not end with a line end"};
    }
    while (!text.empty()) {
      const auto end = text.find('\n');
      read_line(text.substr(0, end));
      text.remove_prefix(end + 1);
    }
  }

  [[nodiscard]] double at(const std::string& name, const sample_labels& labels = {}) const {
    return samples_.at({name, labels});
  }

  [[nodiscard]] bool has(const std::string& name, const sample_labels& labels = {}) const {
    return samples_.contains({name, labels});
  }

  /// How many samples bear this name.
  [[nodiscard]] std::size_t count(const std::string& name) const {
    std::size_t n = 0;
    for (const auto& [key, value] : samples_) {
      n += key.first == name ? 1U : 0U;
    }
    return n;
  }

  [[nodiscard]] const std::map<std::string, std::string>& types() const { return types_; }

 private:
  void read_line(std::string_view line) {
    if (line.starts_with("# HELP ")) {
      return;
    }
    if (line.starts_with("# TYPE ")) {
      line.remove_prefix(7);
      const auto space = line.find(' ');
      if (!types_.emplace(line.substr(0, space), line.substr(space + 1)).second) {
        throw std::runtime_error{"a family stands twice"};
      }
      return;
    }
    read_sample(line);
  }

  void read_sample(std::string_view line) {
    const auto name_end = line.find_first_of("{ ");
    const std::string name{line.substr(0, name_end)};
    line.remove_prefix(name_end);
    sample_labels labels;
    if (line.front() == '{') {
      line.remove_prefix(1);
      labels = read_labels(line);
    }
    if (line.empty() || line.front() != ' ') {
      throw std::runtime_error{"no space before a value"};
    }
    const std::string number{line.substr(1)};
    char* end = nullptr;
    const double value = std::strtod(number.c_str(), &end);
    if (number.empty() || *end != '\0') {
      throw std::runtime_error{"not a number: " + number};
    }
    if (!samples_.emplace(std::pair{name, labels}, value).second) {
      throw std::runtime_error{"a sample stands twice: " + name};
    }
  }

  static sample_labels read_labels(std::string_view& line) {
    sample_labels labels;
    while (line.at(0) != '}') {
      const auto name_end = line.find("=\"");
      const std::string name{line.substr(0, name_end)};
      line.remove_prefix(name_end + 2);
      if (!labels.emplace(name, read_value(line)).second) {
        throw std::runtime_error{"a label stands twice"};
      }
      if (line.at(0) == ',') {
        line.remove_prefix(1);
      }
    }
    line.remove_prefix(1);
    return labels;
  }

  static std::string read_value(std::string_view& line) {
    std::string value;
    while (line.at(0) != '"') {
      char c = line.at(0);
      if (c == '\\') {
        line.remove_prefix(1);
        const char escaped = line.at(0);
        if (escaped != 'n' && escaped != '\\' && escaped != '"') {
          throw std::runtime_error{"unknown escape"};
        }
        c = escaped == 'n' ? '\n' : escaped;
      }
      value += c;
      line.remove_prefix(1);
    }
    line.remove_prefix(1);
    return value;
  }

  std::map<std::pair<std::string, sample_labels>, double> samples_;
  std::map<std::string, std::string> types_;
};

} // namespace streamer::test

#include "tests/support/metrics_page.hpp"

#include <cctype>
#include <cstdlib>
#include <map>
#include <set>
#include <stdexcept>

namespace streamer::test {
namespace {

struct fault : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// Reads one line from its start.
class line_reader {
 public:
  explicit line_reader(std::string_view line) : rest_{line} {}

  [[nodiscard]] bool done() const { return rest_.empty(); }
  bool take(std::string_view text) {
    if (!rest_.starts_with(text)) {
      return false;
    }
    rest_.remove_prefix(text.size());
    return true;
  }
  void need(std::string_view text) {
    if (!take(text)) {
      throw fault{"expected '" + std::string{text} + "'"};
    }
  }
  std::string name(bool colons) {
    std::size_t n = 0;
    while (n < rest_.size()) {
      const auto c = static_cast<unsigned char>(rest_[n]);
      const bool letter = c < 0x80 && (std::isalpha(c) != 0 || c == '_' || (colons && c == ':'));
      if (!letter && (n == 0 || c >= 0x80 || std::isdigit(c) == 0)) {
        break;
      }
      ++n;
    }
    if (n == 0) {
      throw fault{"expected a name"};
    }
    return part(n);
  }
  // Between quotes; the raw text.
  std::string quoted() {
    need("\"");
    std::string text;
    while (!take("\"")) {
      if (done()) {
        throw fault{"a label value without an end"};
      }
      if (take("\\")) {
        if (done() || std::string_view{"\\\"n"}.find(rest_.front()) == std::string_view::npos) {
          throw fault{"an escape that does not exist"};
        }
        text += '\\';
      }
      text += part(1);
    }
    return text;
  }
  std::string word() {
    const auto end = rest_.find(' ');
    return part(end == std::string_view::npos ? rest_.size() : end);
  }

 private:
  std::string part(std::size_t n) {
    const std::string text{rest_.substr(0, n)};
    rest_.remove_prefix(n);
    return text;
  }
  std::string_view rest_;
};

void check_text(std::string_view line) {
  for (std::size_t i = 0; i < line.size();) {
    const auto c = static_cast<unsigned char>(line[i]);
    if (c < 0x20 || c == 0x7F) {
      throw fault{"a control character"};
    }
    const std::size_t length = c < 0x80 ? 1 : c >= 0xF0 ? 4 : c >= 0xE0 ? 3 : c >= 0xC2 ? 2 : 0;
    if (length == 0 || i + length > line.size()) {
      throw fault{"not UTF-8"};
    }
    for (std::size_t k = 1; k < length; ++k) {
      if ((static_cast<unsigned char>(line[i + k]) & 0xC0U) != 0x80U) {
        throw fault{"not UTF-8"};
      }
    }
    i += length;
  }
}

class page_reader {
 public:
  void line(std::string_view text) {
    check_text(text);
    line_reader in{text};
    if (in.take("# HELP ")) {
      const auto name = in.name(true);
      if (!helped_.insert(name).second || sampled_.contains(name)) {
        throw fault{"HELP twice, or after its samples"};
      }
    } else if (in.take("# TYPE ")) {
      const auto name = in.name(true);
      in.need(" ");
      const auto type = in.word();
      static const std::set<std::string> types{"counter", "gauge", "histogram", "summary",
                                               "untyped"};
      if (!types.contains(type) || !in.done() || !types_.emplace(name, type).second ||
          sampled_.contains(name)) {
        throw fault{"a TYPE that is wrong, given twice, or after its samples"};
      }
    } else if (!text.starts_with('#')) {
      sample(in);
    }
  }

 private:
  void sample(line_reader& in) {
    const auto name = in.name(true);
    const auto family = family_of(name);
    if (!types_.contains(family)) {
      throw fault{"a sample without TYPE"};
    }
    if (last_family_ != family && !sampled_.insert(family).second) {
      throw fault{"the samples of a metric are apart"};
    }
    last_family_ = family;
    std::map<std::string, std::string> labels;
    if (in.take("{")) {
      while (!in.take("}")) {
        const auto label = in.name(false);
        in.need("=");
        if (!labels.emplace(label, in.quoted()).second) {
          throw fault{"a label twice"};
        }
        if (!in.take(",")) {
          in.need("}");
          break;
        }
      }
    }
    in.need(" ");
    const auto value = in.word();
    char* end = nullptr;
    static_cast<void>(std::strtod(value.c_str(), &end));
    if (value.empty() || *end != '\0' || !in.done()) {
      throw fault{"a value that is no number"};
    }
    if (!series_.emplace(name, labels).second) {
      throw fault{"a series twice"};
    }
  }

  std::string family_of(const std::string& name) const {
    for (const std::string_view suffix : {"_bucket", "_sum", "_count"}) {
      if (name.ends_with(suffix)) {
        const auto stem = name.substr(0, name.size() - suffix.size());
        const auto type = types_.find(stem);
        if (type != types_.end() && (type->second == "histogram" || type->second == "summary")) {
          return stem;
        }
      }
    }
    return name;
  }

  std::set<std::string> helped_;
  std::map<std::string, std::string> types_;
  std::set<std::string> sampled_;
  std::string last_family_;
  std::set<std::pair<std::string, std::map<std::string, std::string>>> series_;
};

} // namespace

std::vector<std::string> faults_of_metrics_page(std::string_view page) {
  std::vector<std::string> faults;
  if (!page.ends_with('\n')) {
    faults.emplace_back("the page does not end with a line end");
  }
  page_reader reader;
  std::size_t number = 0;
  while (!page.empty() && faults.size() < 10) {
    const auto end = page.find('\n');
    const auto line = page.substr(0, end);
    page.remove_prefix(end == std::string_view::npos ? page.size() : end + 1);
    ++number;
    try {
      reader.line(line);
    } catch (const fault& f) {
      faults.push_back("line " + std::to_string(number) + ": " + f.what());
    }
  }
  return faults;
}

} // namespace streamer::test

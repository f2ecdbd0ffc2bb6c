#include "tools/doctor/report.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "runtime/logging/utf8.hpp"
#include "tools/text/table.hpp"

namespace streamer::tools {
namespace {

constexpr std::size_t label_width = 9; // `problem` and two blanks

/// Words of `text` in lines that begin in column `indent`; the first line is begun already.
std::string in_lines(std::string_view text, std::size_t width, std::size_t indent) {
  std::string lines;
  auto used = indent;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find(' ', at), text.size());
    const auto word = text.substr(at, end - at);
    const auto size = shown_width(word);
    if (used > indent && used + 1 + size > width) {
      lines += '\n' + std::string(indent, ' ');
      used = indent;
    } else if (used > indent) {
      lines += ' ';
      ++used;
    }
    lines += word;
    used += size;
    at = end + 1;
  }
  return lines + '\n';
}

colour colour_of(severity how) {
  switch (how) {
    case severity::ok: return colour::green;
    case severity::warning: return colour::yellow;
    case severity::problem: return colour::red;
  }
  return colour::none;
}

std::ptrdiff_t number_of(const findings& all, severity how) {
  return std::count_if(all.begin(), all.end(), [how](const auto& f) { return f.how == how; });
}

std::string counted(std::ptrdiff_t n, const std::string& what) {
  return std::to_string(n) + ' ' + what + (n == 1 ? "" : "s");
}

} // namespace

std::string findings_text(const findings& all, const terminal& out) {
  std::string text;
  std::string subject;
  for (const auto& f : all) {
    if (f.subject != subject) {
      subject = f.subject;
      text += painted(out, colour::bold, replace_invalid_utf8(subject)) + '\n';
    }
    const auto label = std::string{to_string(f.how)};
    text += "  " + painted(out, colour_of(f.how), label) +
            std::string(label_width - label.size(), ' ') +
            in_lines(replace_invalid_utf8(f.what), out.width, label_width + 2);
    if (!f.remedy.empty()) {
      text += std::string(label_width + 2, ' ') + "-> " +
              in_lines(replace_invalid_utf8(f.remedy), out.width, label_width + 5);
    }
  }
  return text + counted(number_of(all, severity::problem), "problem") + ", " +
         counted(number_of(all, severity::warning), "warning") + ", " +
         std::to_string(number_of(all, severity::ok)) + " fine\n";
}

std::string findings_json(const findings& all) {
  auto rows = nlohmann::ordered_json::array();
  for (const auto& f : all) {
    rows.push_back({{"severity", to_string(f.how)},
                    {"id", f.id},
                    {"subject", replace_invalid_utf8(f.subject)},
                    {"what", replace_invalid_utf8(f.what)},
                    {"remedy", replace_invalid_utf8(f.remedy)}});
  }
  const nlohmann::ordered_json page{{"ok", worst_of(all) != severity::problem},
                                    {"problems", number_of(all, severity::problem)},
                                    {"warnings", number_of(all, severity::warning)},
                                    {"findings", std::move(rows)}};
  return page.dump(-1, ' ', true) + '\n';
}

} // namespace streamer::tools

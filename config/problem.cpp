#include "config/problem.hpp"

#include <utility>

#include "config/text.hpp"

namespace streamer {

std::string to_string(const origin& where) {
  switch (where.from) {
    case origin::layer::built_in: return "default";
    case origin::layer::environment: return "environment " + where.name;
    case origin::layer::flag: return "flag " + where.name;
    case origin::layer::default_file:
    case origin::layer::file: break;
  }
  if (where.line == 0) return where.name;
  return where.name + ':' + std::to_string(where.line) + ':' + std::to_string(where.column);
}

void provenance::record(std::string key, origin where) {
  origins_.insert_or_assign(std::move(key), std::move(where));
}

void provenance::forget(std::string_view prefix) {
  auto first = origins_.lower_bound(prefix);
  auto last = first;
  while (last != origins_.end() && last->first.starts_with(prefix))
    ++last;
  origins_.erase(first, last);
}

const origin& provenance::of(std::string_view key) const {
  static const origin built_in;
  auto found = origins_.find(key);
  return found == origins_.end() ? built_in : found->second;
}

bool provenance::is_explicit(std::string_view key) const {
  return of(key).from > origin::layer::default_file;
}

std::string to_string(const problem& what) {
  std::string line = to_string(what.where) + ": ";
  if (!what.key.empty()) {
    line += what.key;
    if (!what.value.empty()) line += " = " + what.value;
    line += ' ';
  }
  line += what.message;
  if (!what.remedy.empty()) line += "; " + what.remedy;
  if (!what.nearest.empty()) line += "; did you mean " + what.nearest + '?';
  // Names of keys and files are as untrusted as values are.
  return config_impl::printable(line);
}

} // namespace streamer

#include "config/show.hpp"

#include <algorithm>

#include "config/effective.hpp"
#include "config/text.hpp"

namespace streamer {
namespace {

const origin& origin_of(const provenance& where, const config_impl::effective_value& row) {
  constexpr std::string_view inherited = "handlers.retry.";
  const auto& own = where.of(row.name);
  if (own.from != origin::layer::built_in || !row.key.starts_with(inherited)) return own;
  return where.of("retry." + row.key.substr(inherited.size()));
}

} // namespace

std::vector<shown_row> config_rows(const configuration& shown) {
  std::vector<shown_row> rows;
  for (const auto& row : config_impl::effective_values(shown.values))
    rows.push_back({row.section, config_impl::printable(row.name), row.literal,
                    config_impl::printable(to_string(origin_of(shown.where, row)))});
  std::ranges::stable_sort(rows, {}, &shown_row::section);
  return rows;
}

} // namespace streamer

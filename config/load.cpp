#include "config/load.hpp"

#include <algorithm>
#include <iterator>
#include <tuple>

#include "config/apply.hpp"
#include "config/layer.hpp"
#include "config/text.hpp"
#include "config/validate.hpp"

namespace streamer {
namespace {

template <class T>
void append(std::vector<T>& to, std::vector<T> from) {
  to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
}

std::vector<config_impl::layer> read_all(const sources& from) {
  using enum origin::layer;
  std::vector<config_impl::layer> layers;
  layers.push_back(config_impl::read_file(from.default_file, default_file, false));
  layers.push_back(config_impl::read_file(from.local_file, file, false));
  if (from.config_file) layers.push_back(config_impl::read_file(*from.config_file, file, true));
  layers.push_back(config_impl::read_environment(from.environment));
  layers.push_back(config_impl::read_flags(from.flags));
  return layers;
}

/// In the order in which a person walks through them: layer, file, line.
void sort(std::vector<problem>& problems) {
  std::ranges::stable_sort(problems, {}, [](const problem& found) {
    const auto& at = found.where;
    return std::tuple{at.from, std::string_view{at.name}, at.line, at.column};
  });
}

} // namespace

load_result load(const sources& from) {
  config_impl::loading state;
  std::optional<std::vector<config_impl::handler_entry>> handlers;
  for (auto& layer : read_all(from)) {
    append(state.problems, std::move(layer.problems));
    append(state.warnings, std::move(layer.warnings));
    for (const auto& given : layer.assignments) {
      config_impl::apply(state, given);
      if (!given.file.empty())
        state.values.kafka.secret_files[config_impl::joined(given.path, ".")] = given.file;
    }
    if (layer.handlers) handlers = std::move(layer.handlers);
  }
  if (handlers)
    config_impl::apply_handlers(state, *handlers, from.handler_kinds);
  else
    config_impl::resolve_handlers(state);

  append(state.problems, validate(state.values, state.where));
  append(state.problems, check_files(state.values, state.where));
  append(state.warnings, doubtful(state.values, state.where));

  load_result result;
  if (state.problems.empty())
    result.loaded = configuration{std::move(state.values), std::move(state.where)};
  sort(state.problems);
  sort(state.warnings);
  result.problems = std::move(state.problems);
  result.warnings = std::move(state.warnings);
  return result;
}

} // namespace streamer

#include <algorithm>
#include <map>

#include "config/apply.hpp"
#include "config/keys.hpp"

namespace streamer::config_impl {
namespace {

template <class Field>
std::vector<std::string> names_of(const std::vector<Field>& fields) {
  std::vector<std::string> names;
  for (const auto& entry : fields)
    names.push_back(entry.name);
  return names;
}

/// Reads one entry.
class entry_reader {
 public:
  entry_reader(loading& state, std::size_t index, handler_settings& handler)
      : state_(state), name_("handlers[" + std::to_string(index) + ']'), handler_(handler) {}

  void read(const handler_entry& entry,
            const std::optional<std::vector<std::string>>& registered_kinds) {
    state_.where.record(name_, entry.where);
    handler_.kind.clear();
    handler_.retry = state_.values.retry;
    for (const auto& given : entry.keys)
      read_key(given);
    if (handler_.kind.empty()) {
      complain(entry.where, ".kind", "is missing",
               "give log, discard, forward, subprocess, http or a registered name");
      return;
    }
    check_kind(registered_kinds);
    read_options();
  }

 private:
  void complain(const origin& where, const std::string& key, std::string message,
                std::string remedy, std::string near = {}) {
    state_.problems.push_back({.where = where,
                               .key = name_ + key,
                               .value = {},
                               .message = std::move(message),
                               .remedy = std::move(remedy),
                               .nearest = std::move(near)});
  }

  void read_key(const assignment& given) {
    const std::string& first = given.path.front();
    std::string full = joined(given.path, ".");
    if (first == "retry") return read_retry(given, full);
    if (full.starts_with("header."))
      return read_header(given, full.substr(std::string_view{"header."}.size()));
    if (const auto* entry = find_key(handler_keys(), full)) {
      assign_field(state_, *entry, handler_, given, name_ + '.' + full);
      return;
    }
    options_.insert_or_assign(full, given);
  }

  void read_retry(const assignment& given, const std::string& full) {
    // Under [handlers.retry] these two belong to the handler: where a reader looks for them.
    if (full == "retry.retry_on" || full == "retry.reject_on") {
      const auto* entry = find_key(handler_keys(), given.path.back());
      assign_field(state_, *entry, handler_, given, name_ + '.' + given.path.back());
      return;
    }
    const auto* entry = given.path.size() == 2 ? find_key(retry_keys(), given.path[1]) : nullptr;
    if (entry != nullptr)
      assign_field(state_, *entry, handler_.retry, given, name_ + '.' + full);
    else
      complain(given.where, '.' + full, "is not a key", {},
               nearest(given.path.back(), names_of(retry_keys())).value_or(""));
  }

  void read_header(const assignment& given, const std::string& header) {
    auto value = reader<std::string>::read(given.value);
    if (!value || header.empty())
      return complain(given.where, ".header." + header, "is not text", "use a glob");
    handler_.header.insert_or_assign(header, *value);
    state_.where.record(name_ + ".header." + header, given.where);
  }

  void check_kind(const std::optional<std::vector<std::string>>& registered_kinds) {
    auto kinds = built_in_kinds();
    if (!registered_kinds) return;
    kinds.insert(kinds.end(), registered_kinds->begin(), registered_kinds->end());
    if (std::ranges::find(kinds, handler_.kind) == kinds.end())
      complain(state_.where.of(name_ + ".kind"), ".kind",
               shown(handler_.kind) + " is neither built in nor registered",
               "use one of " + joined(kinds, ", "), nearest(handler_.kind, kinds).value_or(""));
  }

  void read_options() {
    const auto& kinds = built_in_kinds();
    bool built_in = std::ranges::find(kinds, handler_.kind) != kinds.end();
    auto names = names_of(handler_keys());
    for (const auto& known : kind_options()) {
      if (known.kind != handler_.kind) continue;
      names.push_back(known.name);
      switch (known.form) {
        case option_form::list: read_list(known); break;
        case option_form::table: read_table(known); break;
        case option_form::needed:
        case option_form::scalar: read_known_option(known); break;
      }
    }
    names.insert(names.end(), {"header", "retry"});
    for (const auto& [option, given] : options_) {
      if (!built_in)
        take(option, given, names);
      else
        complain(given.where, '.' + option, "is not a key of kind " + handler_.kind, {},
                 nearest(option, names).value_or(""));
    }
  }

  void read_known_option(const kind_option& known) {
    auto given = options_.extract(known.name);
    std::string name = '.' + known.name;
    if (given.empty() && known.form == option_form::needed)
      return complain(state_.where.of(name_), name, "is missing", "give " + known.type);
    std::string value = given.empty() ? known.fallback : plain_text(given.mapped().value);
    bool one_value = given.empty() || !is_list_or_table(given.mapped().value);
    if (!one_value || !known.accepts(value))
      return complain(given.mapped().where, name,
                      shown_value(given.mapped().value) + " is not " + known.type,
                      "use " + known.type);
    handler_.options.insert_or_assign(known.name, std::move(value));
    if (!given.empty()) state_.where.record(name_ + name, given.mapped().where);
  }

  static bool is_list_or_table(const raw_value& value) {
    return std::holds_alternative<std::vector<std::string>>(value) ||
           std::holds_alternative<foreign_value>(value);
  }

  void read_list(const kind_option& known) {
    auto given = options_.extract(known.name);
    std::string name = '.' + known.name;
    if (given.empty())
      return complain(state_.where.of(name_), name, "is missing", "give " + known.type);
    const auto* texts = std::get_if<std::vector<std::string>>(&given.mapped().value);
    if (texts == nullptr || texts->empty() || texts->front().empty())
      return complain(given.mapped().where, name,
                      shown_value(given.mapped().value) + " is not " + known.type,
                      R"(write it as ["FIRST", "SECOND"])");
    handler_.lists.insert_or_assign(known.name, *texts);
    state_.where.record(name_ + name, given.mapped().where);
  }

  void read_table(const kind_option& known) {
    std::string prefix = known.name + '.';
    for (auto entry = options_.lower_bound(prefix);
         entry != options_.end() && entry->first.starts_with(prefix);) {
      const auto& [option, given] = *entry;
      if (is_list_or_table(given.value) || !known.accepts(plain_text(given.value)))
        complain(given.where, '.' + option, "is not " + known.type, "use " + known.type);
      handler_.options.insert_or_assign(option, plain_text(given.value));
      state_.where.record(name_ + '.' + option, given.where);
      entry = options_.erase(entry);
    }
  }

  void take(const std::string& option, const assignment& given,
            const std::vector<std::string>& common) {
    if (const auto* foreign = std::get_if<foreign_value>(&given.value))
      return complain(given.where, '.' + option, "is " + foreign->type,
                      "use text, a number, true or false, or a list of texts");
    handler_.options.insert_or_assign(option, plain_text(given.value));
    state_.where.record(name_ + '.' + option, given.where);
    for (const auto& name : common)
      if (edit_distance(option, name) <= 2)
        state_.warnings.push_back({.where = given.where,
                                   .key = name_ + '.' + option,
                                   .value = {},
                                   .message = "is taken as an own key of kind " + handler_.kind,
                                   .remedy = {},
                                   .nearest = name});
  }

  loading& state_;
  std::string name_;
  handler_settings& handler_;
  std::map<std::string, assignment> options_;
};

} // namespace

void apply_handlers(loading& state, const std::vector<handler_entry>& entries,
                    const std::optional<std::vector<std::string>>& registered_kinds) {
  state.where.forget("handlers[");
  state.values.handlers.clear();
  for (const auto& entry : entries) {
    auto& handler = state.values.handlers.emplace_back();
    entry_reader{state, state.values.handlers.size() - 1, handler}.read(entry, registered_kinds);
  }
}

void resolve_handlers(loading& state) {
  for (auto& handler : state.values.handlers)
    handler.retry = state.values.retry;
}

} // namespace streamer::config_impl

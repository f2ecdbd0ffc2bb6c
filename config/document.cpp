#include "config/document.hpp"

#include <sstream>

#include "config/keys.hpp"
#include "config/properties.hpp"

namespace streamer {
namespace {

using namespace config_impl;

constexpr std::string_view introduction = R"(# Configuration

<!-- Made from the table of keys in config/keys.cpp by the target config_docs. Do not edit. -->

Weakest first: built-in defaults, `config/default.toml`, `config/local.toml`, `--config FILE`,
environment, flags. `streamer config show` prints every value and where it came from;
`streamer config check` reports all problems at once.

- Environment: `KAFKA_`, the section, `__`, the key, in upper case: `KAFKA_CONSUMER__BATCH_SIZE=50`.
  Lists are separated by commas. `KAFKA_KAFKA__PROPERTIES__FETCH_MIN_BYTES` sets the property
  `fetch.min.bytes`. A variable of another form is left alone, with a warning if it has `__`.
- Secrets: `KAFKA_KAFKA__SASL_PASSWORD_FILE=/run/secrets/password` reads one from a file, without
  its last line break, and again when it changes. `--set` refuses secrets, because a process list
  shows them. [security.md](security.md) has an example of each way to log in.
- Flags: `--set consumer.batch_size=50`. Handlers and tenants' limits come from files.
- SIGHUP has a running worker read its configuration again. It takes over
  `observability.log_level`, `consumer.batch_size`, [retry], [handlers.retry] with `retry_on` and
  `reject_on`, and [tenants.limits.ID] (a weight for the turns, not for the threads of blocking
  handlers). All other keys wait for a restart, and the log names those that differ.
- [[handlers]] of a stronger file replace those of a weaker one; properties and limits are merged.
)";

std::string cell(std::string text) {
  for (std::size_t at = 0; (at = text.find('|', at)) != std::string::npos; at += 2)
    text.insert(at, 1, '\\');
  return text;
}

template <class Owner>
void write_row(std::ostream& out, const std::string& name, const field<Owner>& entry) {
  static const Owner fallback;
  out << "| `" << name << "` | `" << cell(entry.literal(fallback)) << "` | "
      << cell(entry.expected()) << " | " << cell(entry.help) << " |\n";
}

void write_header(std::ostream& out) {
  out << "| key | default | value | meaning |\n|---|---|---|---|\n";
}

void write_section(std::ostream& out, const std::string& section) {
  out << "\n## [" << section << "]\n\n";
  write_header(out);
  std::string prefix = section + '.';
  for (const auto& entry : setting_keys())
    if (entry.name.starts_with(prefix)) write_row(out, entry.name.substr(prefix.size()), entry);
  const settings defaults;
  if (properties_of(defaults, section) != nullptr)
    out << "\n[" << section << ".properties] takes librdkafka properties for "
        << (section == "kafka" ? std::string{"every client"} : "the " + section)
        << ", dotted or as nested tables; see below for those that are refused.\n";
}

void write_limits(std::ostream& out) {
  out << "\n### [tenants.limits.ID]\n\n";
  write_header(out);
  for (const auto& entry : limit_keys())
    write_row(out, entry.name, entry);
}

std::string option_default(const kind_option& option) {
  if (option.form == option_form::needed || option.form == option_form::list) return "needed";
  if (option.form == option_form::table) return "none";
  return option.fallback.empty() ? "empty" : '`' + option.fallback + '`';
}

void write_handlers(std::ostream& out) {
  out << "\n## [[handlers]]\n\nThe first entry whose selectors all match takes the record.\n"
         "What none takes is `unmatched`, a key of its own above the first section of a file,\n"
         "`handlers.unmatched` in flags and environment.\n\n";
  write_header(out);
  write_row(out, "unmatched", *find_key(setting_keys(), unmatched_key));
  for (const auto& entry : handler_keys())
    write_row(out, entry.name, entry);
  out << "| `header.NAME` | | text | Selector: glob over the value of the header NAME. |\n"
         "\n[handlers.retry] takes the keys of [retry], for this handler alone.\n"
         "\nA kind's own keys (a registered C++ handler may take others):\n\n"
         "| kind | key | default | value | meaning |\n|---|---|---|---|---|\n";
  for (const auto& option : kind_options())
    out << "| " << option.kind << " | `" << option.name << "` | " << option_default(option) << " | "
        << option.type << " | " << option.help << " |\n";
}

void write_refused_properties(std::ostream& out) {
  out << "\n## Refused properties\n\n| property | why | instead |\n|---|---|---|\n";
  for (const auto& rule : property_rules()) {
    out << "| `" << rule.name << "` | " << rule.reason << " | ";
    if (!rule.own_key.empty()) out << '`' << rule.own_key << '`';
    out << " |\n";
  }
}

} // namespace

std::string configuration_document() {
  std::ostringstream out;
  out << introduction;
  for (const auto& section : section_names()) {
    if (section == "handlers")
      write_handlers(out);
    else
      write_section(out, section);
    if (section == "tenants") write_limits(out);
  }
  write_refused_properties(out);
  return out.str();
}

} // namespace streamer

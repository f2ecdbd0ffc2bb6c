#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace streamer {

/// Where a value came from.
struct origin {
  /// Later ones overrule earlier ones.
  enum class layer { built_in, default_file, file, environment, flag };
  /// Which source.
  layer from = layer::built_in;
  /// The file's path, the environment variable or the flag; empty for built_in.
  std::string name;
  /// Position in a file, from 1; 0 where there is none.
  std::uint32_t line = 0;
  std::uint32_t column = 0; ///< from 1; 0: none

  bool operator==(const origin&) const = default;
};

/// `default`, `config/local.toml:3:14`, `environment KAFKA_X`, `flag --set`.
[[nodiscard]] std::string to_string(const origin& where);

/// Where each key's value came from, by its full name (`consumer.batch_size`,
/// `kafka.properties.fetch.min.bytes`, `handlers[0].kind`).
class provenance {
 public:
  /// A later call for the same key overrules an earlier one.
  void record(std::string key, origin where);

  /// Forgets `prefix` and everything that starts with it.
  void forget(std::string_view prefix);

  /// The origin of `key`; built_in when nobody set it.
  [[nodiscard]] const origin& of(std::string_view key) const;

  /// True when a person set `key`: in the environment, by a flag, or in a file other than the
  /// shipped config/default.toml, which names every key.
  [[nodiscard]] bool is_explicit(std::string_view key) const;

 private:
  std::map<std::string, origin, std::less<>> origins_;
};

/// One thing that is wrong with the configuration. No member ever holds a secret.
struct problem {
  /// File and line, variable or flag.
  origin where;
  /// Full name of the key; empty when a whole file or variable is meant.
  std::string key;
  /// The offending value, printable and shortened; empty when it must not be shown.
  std::string value;
  /// What is wrong: continues "KEY = VALUE ".
  std::string message;
  /// What to do; may be empty.
  std::string remedy;
  /// The nearest valid key or word; may be empty.
  std::string nearest;
};

/// One line: `config/local.toml:3:14: consumer.batch_size = 0 is out of range; use ...`.
[[nodiscard]] std::string to_string(const problem& what);

} // namespace streamer

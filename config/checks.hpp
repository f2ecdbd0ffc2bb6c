#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/effective.hpp"
#include "config/problem.hpp"
#include "config/settings.hpp"

namespace streamer::config_impl {

/// Gathers problems about keys, with their positions and values.
class checklist {
 public:
  checklist(const settings& values, const provenance& where);

  /// Unless `holds`, `key` is wrong: `message` continues "KEY = VALUE ". If nobody set `key`, the
  /// position is that of `cause`, the key that makes its default wrong.
  void require(bool holds, const std::string& key, std::string message, std::string remedy,
               std::string_view cause = {});

  /// `key` is wrong, and its value must not be shown.
  void refuse_unshown(const std::string& key, std::string message, std::string remedy);

  [[nodiscard]] const settings& values() const noexcept { return values_; }
  [[nodiscard]] const provenance& where() const noexcept { return where_; }
  [[nodiscard]] std::vector<problem> take() { return std::move(found_); }

 private:
  const settings& values_;
  const provenance& where_;
  std::vector<effective_value> effective_;
  std::vector<problem> found_;
};

/// [kafka]: protocol, mechanism, credentials and certificates fit.
void check_security(checklist& check);

/// Group membership, timeouts and the properties that depend on them.
void check_consumer(checklist& check);

/// [[handlers]]: selectors, reachability, retry.
void check_handlers(checklist& check);

/// [[handlers]]: what the kinds that work outside of this process need, and conflation.
void check_outside_handlers(checklist& check);

} // namespace streamer::config_impl

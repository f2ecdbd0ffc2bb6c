#pragma once

#include "config/settings.hpp"
#include "messages/handler.hpp"

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace streamer {

/// Makes a handler from its [[handlers]] entry, or says in one line what is wrong with the entry.
using handler_factory =
    std::function<std::variant<any_handler, std::string>(const handler_settings&)>;

/// The kinds of handler that `handlers.kind` may name. Filled before the worker starts; then read
/// only.
class handler_registry {
 public:
  /// Adds a kind. A later one of the same name replaces the earlier.
  void add(std::string kind, handler_factory make);
  /// Adds a kind without options of its own.
  void add_quick(std::string kind, record_function run);
  void add_blocking(std::string kind, record_function run); ///< as add_quick; may wait
  /// Shared by all entries of the kind.
  void add_async(std::string kind, std::shared_ptr<async_handler> handler);

  [[nodiscard]] std::vector<std::string> kinds() const; ///< their names, in order
  /// The handler for an entry, or why there is none (an unknown kind names those there are).
  [[nodiscard]] std::variant<any_handler, std::string> make(const handler_settings& entry) const;

 private:
  std::map<std::string, handler_factory, std::less<>> factories_;
};

} // namespace streamer

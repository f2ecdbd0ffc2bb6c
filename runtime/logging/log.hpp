// Structured logging: component, stable event id, message, fields; one line an entry.
#pragma once

#include <atomic>
#include <concepts>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>

namespace streamer {

/// Severity, lowest first. `off` is a threshold only, never the level of an entry.
enum class log_level : std::uint8_t { trace, debug, info, warn, error, critical, off };

/// The name used in configuration and output: trace, debug, info, warn, error, critical, off.
[[nodiscard]] std::string_view to_string(log_level level) noexcept;

/// The level with this exact name ("warning" is taken for warn); nothing for any other text.
[[nodiscard]] std::optional<log_level> parse_log_level(std::string_view name) noexcept;

/// One value of a field. Text is referred to, not copied: it has to live until the log call
/// returns. There is deliberately no conversion from arbitrary types, so a secret cannot be logged
/// by accident.
class log_value {
 public:
  /// What a value can be.
  using storage = std::variant<bool, std::int64_t, std::uint64_t, double, std::string_view>;

  /// True or false.
  template <std::same_as<bool> T>
  constexpr log_value(T value) noexcept : value_{value} {}

  /// A signed number.
  template <std::signed_integral T>
    requires(!std::same_as<T, char>)
  constexpr log_value(T value) noexcept : value_{static_cast<std::int64_t>(value)} {}

  /// An unsigned number.
  template <std::unsigned_integral T>
    requires(!std::same_as<T, bool> && !std::same_as<T, char>)
  constexpr log_value(T value) noexcept : value_{static_cast<std::uint64_t>(value)} {}

  /// A number.
  template <std::floating_point T>
  constexpr log_value(T value) noexcept : value_{static_cast<double>(value)} {}

  /// A null pointer is logged as empty text.
  constexpr log_value(const char* text) noexcept
      : value_{text == nullptr ? std::string_view{} : std::string_view{text}} {}

  /// Text.
  template <class T>
    requires(std::convertible_to<const T&, std::string_view> &&
             !std::convertible_to<const T&, const char*>)
  constexpr log_value(const T& text) noexcept : value_{std::string_view{text}} {}

  [[nodiscard]] constexpr const storage& get() const noexcept { return value_; } ///< as it is held

 private:
  storage value_;
};

/// A named value. Names are snake_case literals with the unit as suffix: `backoff_ms`.
struct log_field {
  std::string_view name; ///< snake_case, with its unit
  log_value value;       ///< referred to until the call returns
};

/// Where finished lines go, without a line end. Calls are serialised; it may not log itself.
using log_sink = std::function<void(log_level level, std::string_view line)>;

/// How a logger is made.
struct log_options {
  log_level level = log_level::info; ///< threshold
  bool json = false;                 ///< JSON lines instead of text
};

namespace detail {

/// What handles share: the threshold, and the formatting and writing behind it.
class log_core {
 public:
  explicit log_core(log_level threshold) noexcept : level{threshold} {}
  log_core(const log_core&) = delete;
  log_core& operator=(const log_core&) = delete;
  virtual ~log_core() = default;

  virtual void write(log_level entry_level, std::string_view component, std::string_view event,
                     std::string_view message, std::span<const log_field> fields) noexcept = 0;

  std::atomic<log_level> level;
};

} // namespace detail

/// Writes entries for one component. Cheap to copy, safe to use from any thread, never throws.
/// A default constructed handle drops everything.
class log_handle {
 public:
  log_handle() = default;
  /// To `core`, as `component`.
  log_handle(std::shared_ptr<detail::log_core> core, std::string_view component);

  /// A handle to the same logger for another component ("consumer").
  [[nodiscard]] log_handle with(std::string_view component) const;

  /// Whether an entry of this level would be written; ask it before costly fields are built.
  [[nodiscard]] bool enabled(log_level level) const noexcept {
    return core_ != nullptr && level != log_level::off &&
           level >= core_->level.load(std::memory_order_relaxed);
  }

  /// Writes one line if the level is enabled. `event` is a stable snake_case id that operators may
  /// search for; `message` is for people. Control characters, line ends, terminal escapes and
  /// invalid UTF-8 in any argument are escaped or replaced, and over-long text is cut.
  void write(log_level level, std::string_view event, std::string_view message,
             std::span<const log_field> fields = {}) const noexcept {
    if (enabled(level)) {
      core_->write(level, component_ == nullptr ? std::string_view{} : *component_, event, message,
                   fields);
    }
  }

  using field_list = std::initializer_list<log_field>; ///< fields in braces

  /// `write` at this level.
  void trace(std::string_view event, std::string_view message, field_list f = {}) const noexcept {
    write(log_level::trace, event, message, {f.begin(), f.size()});
  }
  /// `write` at this level.
  void debug(std::string_view event, std::string_view message, field_list f = {}) const noexcept {
    write(log_level::debug, event, message, {f.begin(), f.size()});
  }
  /// `write` at this level.
  void info(std::string_view event, std::string_view message, field_list f = {}) const noexcept {
    write(log_level::info, event, message, {f.begin(), f.size()});
  }
  /// `write` at this level.
  void warn(std::string_view event, std::string_view message, field_list f = {}) const noexcept {
    write(log_level::warn, event, message, {f.begin(), f.size()});
  }
  /// `write` at this level.
  void error(std::string_view event, std::string_view message, field_list f = {}) const noexcept {
    write(log_level::error, event, message, {f.begin(), f.size()});
  }
  /// `write` at this level.
  void critical(std::string_view event, std::string_view message,
                field_list f = {}) const noexcept {
    write(log_level::critical, event, message, {f.begin(), f.size()});
  }

 private:
  std::shared_ptr<detail::log_core> core_;
  std::shared_ptr<const std::string> component_;
};

/// Owns the configuration of one log output. Handles keep what they need alive, so they may outlive
/// the logger. Thread-safe.
class logger {
 public:
  /// Writes to `sink`, or to stderr if it is empty.
  explicit logger(const log_options& options, log_sink sink = {});

  /// A handle for a component.
  [[nodiscard]] log_handle with(std::string_view component) const;

  /// Changes the threshold for every handle of this logger.
  void set_level(log_level level) noexcept;

 private:
  std::shared_ptr<detail::log_core> core_;
};

/// Takes a line of a C library's logger (librdkafka): level as syslog has it, 0 (emergency) to 7
/// (debug); anything above is trace. `event` names the library's entries: "kafka_client_log".
void log_syslog(const log_handle& log, int syslog_level, std::string_view event,
                std::string_view facility, std::string_view text) noexcept;

} // namespace streamer

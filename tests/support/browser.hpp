// A headless Chromium that a test leads by the WebDriver protocol.
#pragma once

#include "tests/support/process.hpp"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

namespace streamer::test {

/// One browser window. Ends with the object. Every call fails the test if the browser does not
/// answer as it should.
class browser {
 public:
  /// Skips the test (CI=true: fails it) if chromedriver and Chromium are not installed;
  /// scripts/test installs them.
  explicit browser(const temporary_directory& directory);
  browser(const browser&) = delete;
  browser& operator=(const browser&) = delete;
  ~browser();

  void open(const std::string& url);
  /// The value that a function body in JavaScript returns.
  [[nodiscard]] nlohmann::json run(const std::string& script);
  /// Whether an expression comes true in time.
  [[nodiscard]] bool wait_for(const std::string& expression, milliseconds timeout = 20s);
  /// Types into the element that a CSS selector finds, as a person does, and presses Enter.
  void enter(const std::string& selector, const std::string& text);
  /// A window of this size; `phone`: with a touch screen and a phone's rules for widths.
  void resize(int width, int height, bool phone);
  /// What the system prefers: `light` or `dark`.
  void prefer(const std::string& scheme);
  /// A picture of the whole page, as PNG.
  void picture(const std::filesystem::path& file);
  /// What the browser has complained of since the last call: errors, refused resources.
  [[nodiscard]] nlohmann::json complaints();

 private:
  nlohmann::json call(const std::string& method, const std::string& path,
                      const nlohmann::json& body = nlohmann::json::object());
  void devtools(const std::string& command, const nlohmann::json& parameters);

  std::uint16_t port_;
  std::unique_ptr<process> driver_;
  std::string session_;
  int width_ = 1280;
  int height_ = 800;
  bool phone_ = false;
};

} // namespace streamer::test

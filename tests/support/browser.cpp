#include "tests/support/browser.hpp"

#include "tests/support/http_probe.hpp"

#include <curl/curl.h>
#include <openssl/evp.h>

#include <algorithm>
#include <catch2/catch_test_macros.hpp>

#include <memory>
#include <vector>

namespace streamer::test {
namespace {

using nlohmann::json;

constexpr const char* driver = "/usr/bin/chromedriver";
constexpr long answer_seconds = 60;

std::size_t append(const char* data, std::size_t size, std::size_t count, void* to) {
  static_cast<std::string*>(to)->append(data, size * count);
  return size * count;
}

std::string decoded(const std::string& base64) {
  std::vector<unsigned char> bytes(base64.size());
  const auto length =
      EVP_DecodeBlock(bytes.data(), reinterpret_cast<const unsigned char*>(base64.data()),
                      static_cast<int>(base64.size()));
  return {bytes.begin(), bytes.begin() + std::max(length, 0)};
}

} // namespace

browser::browser(const temporary_directory& directory) : port_{free_port()} {
  if (!std::filesystem::exists(driver)) {
    skip_or_fail("chromedriver is not installed");
  }
  process_options options;
  options.binary = driver;
  options.arguments = {"--port=" + std::to_string(port_)};
  options.environment = {{"HOME", directory.path().string()}};
  options.directory = directory.path();
  options.output = directory / "chromedriver";
  driver_ = std::make_unique<process>(options);
  REQUIRE(wait_until([this] { return http_get(port_, "/status").status == 200; }, 20s));
  // Without a sandbox: tests run as root in containers, and load one page of ours.
  const json chrome{{"args",
                     {"--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                      "--hide-scrollbars", "--no-first-run", "--disable-background-networking"}}};
  const json wanted{{"goog:chromeOptions", chrome}, {"goog:loggingPrefs", {{"browser", "ALL"}}}};
  session_ = call("POST", "/session", {{"capabilities", {{"alwaysMatch", wanted}}}})
                 .at("sessionId")
                 .get<std::string>();
  resize(width_, height_, phone_);
}

browser::~browser() {
  if (driver_ == nullptr || session_.empty()) {
    return;
  }
  try {
    call("DELETE", "/session/" + session_); // Chromium ends with its session
  } catch (...) {                           // a failed test unwinds: the driver is killed below
  }
}

json browser::call(const std::string& method, const std::string& path, const json& body) {
  const std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> curl{curl_easy_init(),
                                                                 &curl_easy_cleanup};
  const std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)> headers{
      curl_slist_append(nullptr, "Content-Type: application/json"), &curl_slist_free_all};
  const auto url = "http://127.0.0.1:" + std::to_string(port_) + path;
  const auto text = body.dump();
  std::string answer;
  curl_easy_setopt(curl.get(), CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl.get(), CURLOPT_PROXY, "");
  curl_easy_setopt(curl.get(), CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl.get(), CURLOPT_TIMEOUT, answer_seconds);
  curl_easy_setopt(curl.get(), CURLOPT_HTTPHEADER, headers.get());
  curl_easy_setopt(curl.get(), CURLOPT_WRITEFUNCTION, &append);
  curl_easy_setopt(curl.get(), CURLOPT_WRITEDATA, &answer);
  curl_easy_setopt(curl.get(), CURLOPT_CUSTOMREQUEST, method.c_str());
  if (method == "POST") {
    curl_easy_setopt(curl.get(), CURLOPT_POSTFIELDSIZE, static_cast<long>(text.size()));
    curl_easy_setopt(curl.get(), CURLOPT_POSTFIELDS, text.c_str());
  }
  const auto code = curl_easy_perform(curl.get());
  INFO(method << " " << path << " " << text.substr(0, 500) << ": " << curl_easy_strerror(code)
              << ", " << answer.substr(0, 1'000));
  REQUIRE(code == CURLE_OK);
  long status = 0;
  curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &status);
  REQUIRE(status == 200);
  return json::parse(answer).at("value");
}

void browser::devtools(const std::string& command, const json& parameters) {
  call("POST", "/session/" + session_ + "/goog/cdp/execute",
       {{"cmd", command}, {"params", parameters}});
}

void browser::open(const std::string& url) {
  call("POST", "/session/" + session_ + "/url", {{"url", url}});
}

json browser::run(const std::string& script) {
  return call("POST", "/session/" + session_ + "/execute/sync",
              {{"script", script}, {"args", json::array()}});
}

bool browser::wait_for(const std::string& expression, milliseconds timeout) {
  return wait_until([&] { return run("return Boolean(" + expression + ")").get<bool>(); }, timeout,
                    200ms);
}

void browser::enter(const std::string& selector, const std::string& text) {
  const auto found = call("POST", "/session/" + session_ + "/element",
                          {{"using", "css selector"}, {"value", selector}});
  const auto element = found.begin().value().get<std::string>();
  // U+E007 is the Enter key.
  call("POST", "/session/" + session_ + "/element/" + element + "/value",
       {{"text", text + "\uE007"}});
}

void browser::resize(int width, int height, bool phone) {
  width_ = width;
  height_ = height;
  phone_ = phone;
  devtools("Emulation.setDeviceMetricsOverride",
           {{"width", width}, {"height", height}, {"deviceScaleFactor", 1}, {"mobile", phone}});
}

void browser::prefer(const std::string& scheme) {
  devtools("Emulation.setEmulatedMedia",
           {{"features", {{{"name", "prefers-color-scheme"}, {"value", scheme}}}}});
}

void browser::picture(const std::filesystem::path& file) {
  const auto window = std::pair{width_, height_};
  const auto whole = run("return document.documentElement.scrollHeight").get<int>();
  resize(width_, whole, phone_);
  const auto png = call("GET", "/session/" + session_ + "/screenshot").get<std::string>();
  write_file(file, decoded(png));
  resize(window.first, window.second, phone_);
}

json browser::complaints() {
  return call("POST", "/session/" + session_ + "/se/log", {{"type", "browser"}});
}

} // namespace streamer::test

#include "runtime/http/client.hpp"

#include <curl/curl.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <new>
#include <string_view>

namespace streamer {
namespace {

using easy_handle = std::unique_ptr<CURL, decltype(&curl_easy_cleanup)>;
using header_list = std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)>;

bool library_ready() {
  static const bool ready = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
  return ready;
}

struct bounded_body {
  std::string text;
  std::size_t most;
  bool overflowed = false;
};

/// Called by libcurl; taking less than it offers ends the transfer.
std::size_t take(const char* data, std::size_t size, std::size_t count, void* target) {
  auto& body = *static_cast<bounded_body*>(target);
  const auto bytes = size * count;
  if (bytes > body.most - body.text.size()) {
    body.overflowed = true;
    return 0;
  }
  try {
    body.text.append(data, bytes);
  } catch (const std::bad_alloc&) {
    return 0;
  }
  return bytes;
}

void restrict_to_plain_http(CURL* curl) {
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http");
  curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(curl, CURLOPT_PROXY, "");
  curl_easy_setopt(curl, CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
  // Signals belong to the program.
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
}

header_list headers_for(const http_get_options& options, bool with_json) {
  curl_slist* headers = nullptr;
  if (!options.authorization.empty()) {
    headers = curl_slist_append(headers, ("Authorization: " + options.authorization).c_str());
  }
  if (with_json) {
    headers = curl_slist_append(headers, "Content-Type: application/json");
  }
  return {headers, &curl_slist_free_all};
}

/// A GET, or with `json` a POST.
std::variant<http_answer, http_get_error> ask(const endpoint& where, const std::string& path,
                                              const std::string* json,
                                              const http_get_options& options) {
  const auto url = "http://" + to_string(reachable(where)) + path;
  const auto failed = [&](std::string_view why) {
    return http_get_error{(json == nullptr ? "cannot get " : "cannot post to ") + url + ": " +
                          std::string{why}};
  };
  const easy_handle curl{library_ready() ? curl_easy_init() : nullptr, &curl_easy_cleanup};
  if (curl == nullptr) {
    return failed("libcurl did not start");
  }
  bounded_body body{{}, options.max_body_bytes};
  std::array<char, CURL_ERROR_SIZE> reason{};
  const auto headers = headers_for(options, json != nullptr);
  restrict_to_plain_http(curl.get());
  curl_easy_setopt(curl.get(), CURLOPT_URL, url.c_str());
  // libcurl takes 0 for "for ever".
  curl_easy_setopt(curl.get(), CURLOPT_TIMEOUT_MS,
                   static_cast<long>(std::max<std::int64_t>(options.timeout.count(), 1)));
  curl_easy_setopt(curl.get(), CURLOPT_HTTPHEADER, headers.get());
  if (json != nullptr) {
    curl_easy_setopt(curl.get(), CURLOPT_POSTFIELDSIZE, static_cast<long>(json->size()));
    curl_easy_setopt(curl.get(), CURLOPT_POSTFIELDS, json->c_str());
  }
  curl_easy_setopt(curl.get(), CURLOPT_WRITEFUNCTION, &take);
  curl_easy_setopt(curl.get(), CURLOPT_WRITEDATA, &body);
  curl_easy_setopt(curl.get(), CURLOPT_ERRORBUFFER, reason.data());
  const auto outcome = curl_easy_perform(curl.get());
  if (body.overflowed) {
    return failed("the answer is longer than " + std::to_string(body.most) + " bytes");
  }
  if (outcome != CURLE_OK) {
    return failed(reason.front() != '\0' ? reason.data() : curl_easy_strerror(outcome));
  }
  long status = 0;
  curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &status);
  return http_answer{static_cast<unsigned>(status), std::move(body.text)};
}

} // namespace

std::variant<http_answer, http_get_error> http_get(const endpoint& where, const std::string& path,
                                                   const http_get_options& options) {
  return ask(where, path, nullptr, options);
}

std::variant<http_answer, http_get_error> http_post(const endpoint& where, const std::string& path,
                                                    const std::string& json,
                                                    const http_get_options& options) {
  return ask(where, path, &json, options);
}

} // namespace streamer

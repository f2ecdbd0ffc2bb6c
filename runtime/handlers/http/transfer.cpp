#include "runtime/handlers/http/transfer.hpp"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <new>
#include <utility>

namespace streamer {
namespace {

constexpr std::size_t most_headers = 100;

template <class Value>
void set(CURL* easy, CURLoption option, Value value) {
  // The options are set with constants of this program: a refusal is a mistake in it, seen by every
  // test, and the transfer fails then.
  static_cast<void>(curl_easy_setopt(easy, option, value));
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.front())) != 0) {
    text.remove_prefix(1);
  }
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back())) != 0) {
    text.remove_suffix(1);
  }
  return text;
}

} // namespace

transfer::transfer(const http_plan& plan) : plan_{plan}, easy_{curl_easy_init()} {
  if (!easy_) {
    throw std::bad_alloc{};
  }
  set_up();
}

void transfer::set_up() {
  auto* const easy = easy_.get();
  set(easy, CURLOPT_URL, plan_.url.c_str());
  set(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  set(easy, CURLOPT_PROXY, ""); // also none from the environment
  set(easy, CURLOPT_FOLLOWLOCATION, 0L);
  set(easy, CURLOPT_NOSIGNAL, 1L);
  set(easy, CURLOPT_POST, 1L);
  if (plan_.method != "POST") {
    set(easy, CURLOPT_CUSTOMREQUEST, plan_.method.c_str());
  }
  set(easy, CURLOPT_USERAGENT, "streamer");
  set(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(plan_.timeout.count()));
  set(easy, CURLOPT_CONNECTTIMEOUT_MS,
      static_cast<long>(std::min(plan_.connect_timeout, plan_.timeout).count()));
  set(easy, CURLOPT_SSL_VERIFYPEER, plan_.allow_insecure ? 0L : 1L);
  set(easy, CURLOPT_SSL_VERIFYHOST, plan_.allow_insecure ? 0L : 2L);
  if (!plan_.ssl_ca_location.empty()) {
    std::error_code error;
    set(easy,
        std::filesystem::is_directory(plan_.ssl_ca_location, error) ? CURLOPT_CAPATH
                                                                    : CURLOPT_CAINFO,
        plan_.ssl_ca_location.c_str());
  }
  set(easy, CURLOPT_ERRORBUFFER, error_.data());
  set(easy, CURLOPT_WRITEFUNCTION, &transfer::on_body);
  set(easy, CURLOPT_WRITEDATA, this);
  set(easy, CURLOPT_HEADERFUNCTION, &transfer::on_header);
  set(easy, CURLOPT_HEADERDATA, this);
  set(easy, CURLOPT_PRIVATE, this);
}

void transfer::prepare(http_record&& held, const secret& authorization) {
  held_.emplace(std::move(held));
  const auto record = held_->record.record();
  for (const auto& [name, value] : request_headers(record, plan_.as_event)) {
    add_header(name + ": " + value);
  }
  for (const auto& [name, value] : plan_.own_headers) {
    // Without a value curl would leave the header out.
    add_header(value.empty() ? name + ';' : name + ": " + value);
  }
  if (!authorization.empty()) {
    add_header(std::string{"Authorization: "}.append(authorization.reveal()));
  }
  add_header("Expect:"); // nobody is asked before a body
  auto* const easy = easy_.get();
  set(easy, CURLOPT_HTTPHEADER, list_.get());
  const auto body = record.value().view(); // borrowed: the record stays until the end
  set(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
  set(easy, CURLOPT_POSTFIELDS, body.empty() ? "" : body.data());
  error_[0] = '\0';
}

void transfer::add_header(const std::string& line) {
  auto* const list = curl_slist_append(list_.get(), line.c_str());
  if (list == nullptr) {
    throw std::bad_alloc{};
  }
  static_cast<void>(list_.release());
  list_.reset(list);
}

http_record transfer::release() {
  auto held = std::move(*held_);
  held_.reset();
  list_.reset();
  headers_.clear();
  body_.clear();
  body_bytes_ = 0;
  too_long_ = false;
  return held;
}

bool transfer::has_response(CURLcode ended) const {
  return ended == CURLE_OK || (ended == CURLE_WRITE_ERROR && too_long_);
}

int transfer::status() const {
  long status = 0;
  curl_easy_getinfo(easy_.get(), CURLINFO_RESPONSE_CODE, &status);
  return static_cast<int>(status);
}

std::optional<std::chrono::seconds> transfer::retry_after() const {
  curl_off_t seconds = 0;
  if (curl_easy_getinfo(easy_.get(), CURLINFO_RETRY_AFTER, &seconds) != CURLE_OK || seconds <= 0) {
    return std::nullopt;
  }
  return std::chrono::seconds{seconds};
}

std::string transfer::problem(CURLcode ended) const {
  return error_[0] != '\0' ? error_.data() : curl_easy_strerror(ended);
}

std::size_t transfer::on_body(char* bytes, std::size_t size, std::size_t count, void* self) {
  auto& me = *static_cast<transfer*>(self);
  const auto length = size * count;
  if (length >
      me.plan_.max_response_bytes - std::min(me.body_bytes_, me.plan_.max_response_bytes)) {
    me.too_long_ = true;
    return 0; // ends the transfer
  }
  me.body_bytes_ += length;
  if (!me.plan_.reply_to.empty()) {
    me.body_.append(bytes, length);
  }
  return length;
}

std::size_t transfer::on_header(char* bytes, std::size_t size, std::size_t count, void* self) {
  auto& me = *static_cast<transfer*>(self);
  const std::string_view line{bytes, size * count};
  if (line.starts_with("HTTP/")) {
    me.headers_.clear(); // of an interim response
    return line.size();
  }
  const auto colon = line.find(':');
  if (me.plan_.reply_to.empty() || colon == std::string_view::npos ||
      me.headers_.size() == most_headers) {
    return line.size();
  }
  std::string name{line.substr(0, colon)};
  std::ranges::transform(name, name.begin(), [](unsigned char c) { return std::tolower(c); });
  me.headers_.emplace_back(std::move(name), trimmed(line.substr(colon + 1)));
  return line.size();
}

} // namespace streamer

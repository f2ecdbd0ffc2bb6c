#include "http_requests.hpp"

#include <curl/curl.h>

#include <map>
#include <mutex>
#include <stop_token>
#include <thread>
#include <utility>
#include <vector>

namespace enrichment {
namespace {

constexpr std::size_t largest_body = 1 << 20;

struct request {
  std::string url;
  http_requests::on_reply then;
  http_reply reply;
};

std::size_t take_body(char* data, std::size_t, std::size_t size, void* into) {
  auto& body = static_cast<request*>(into)->reply.body;
  if (body.size() + size > largest_body) return 0; // which ends the transfer as an error
  body.append(data, size);
  return size;
}

} // namespace

class http_requests::loop {
 public:
  loop(std::size_t most, std::chrono::milliseconds timeout)
      : timeout_{timeout}, multi_{curl_multi_init()} {
    curl_multi_setopt(multi_, CURLMOPT_MAX_TOTAL_CONNECTIONS, static_cast<long>(most));
    thread_ = std::jthread{[this](const std::stop_token& stop) { run(stop); }};
  }

  ~loop() {
    thread_.request_stop();
    curl_multi_wakeup(multi_);
    thread_.join();
    curl_multi_cleanup(multi_);
  }

  void get(std::string url, on_reply then) {
    {
      const std::scoped_lock lock{mutex_};
      waiting_.push_back(std::make_unique<request>(request{std::move(url), std::move(then), {}}));
    }
    curl_multi_wakeup(multi_);
  }

 private:
  void run(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      start_waiting();
      int running = 0;
      curl_multi_perform(multi_, &running);
      finish_done();
      curl_multi_poll(multi_, nullptr, 0, 1000, nullptr);
    }
    start_waiting();
    while (!running_.empty())
      end(running_.begin()->first, 0, "stopped");
  }

  void start_waiting() {
    std::vector<std::unique_ptr<request>> fresh;
    {
      const std::scoped_lock lock{mutex_};
      fresh.swap(waiting_);
    }
    for (auto& one : fresh) {
      CURL* const easy = curl_easy_init();
      curl_easy_setopt(easy, CURLOPT_URL, one->url.c_str());
      curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
      curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(timeout_.count()));
      curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
      curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
      curl_easy_setopt(easy, CURLOPT_WRITEDATA, one.get());
      running_.emplace(easy, std::move(one));
      curl_multi_add_handle(multi_, easy);
    }
  }

  void finish_done() {
    int left = 0;
    while (const auto* const done = curl_multi_info_read(multi_, &left)) {
      if (done->msg != CURLMSG_DONE) continue;
      CURL* const easy = done->easy_handle;
      const auto code = done->data.result;
      long status = 0;
      curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
      if (code == CURLE_OK) {
        end(easy, status, {});
      } else {
        end(easy, 0, curl_easy_strerror(code));
      }
    }
  }

  void end(CURL* easy, long status, const std::string& why) {
    const auto found = running_.find(easy);
    const auto done = std::move(found->second);
    running_.erase(found);
    curl_multi_remove_handle(multi_, easy);
    curl_easy_cleanup(easy);
    done->reply.status = status;
    if (status == 0) done->reply.body = why;
    done->then(std::move(done->reply));
  }

  std::chrono::milliseconds timeout_;
  CURLM* multi_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<request>> waiting_;
  std::map<CURL*, std::unique_ptr<request>> running_; // the thread's own
  std::jthread thread_;
};

http_requests::http_requests(std::size_t most, std::chrono::milliseconds timeout)
    : loop_{std::make_unique<loop>(most, timeout)} {}
http_requests::~http_requests() = default;
void http_requests::get(std::string url, on_reply then) {
  loop_->get(std::move(url), std::move(then));
}

} // namespace enrichment

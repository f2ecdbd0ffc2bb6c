#include "tests/actor/memory_sink.hpp"

#include <algorithm>
#include <iterator>

namespace streamer::test {
namespace {

std::optional<std::string> text_of(bytes_ref bytes) {
  return bytes.is_null() ? std::nullopt : std::optional<std::string>{bytes.view()};
}

// The client puts the original's headers before the added ones.
std::vector<owned_header> headers_of(const outbound_event& e) {
  std::vector<owned_header> all;
  if (e.keep_alive && e.with_record_headers) {
    for (const auto& h : e.keep_alive->headers()) {
      all.push_back({std::string{h.name}, std::string{h.value.view()}, h.value.is_null()});
    }
  }
  all.insert(all.end(), e.headers.begin(), e.headers.end());
  return all;
}

} // namespace

std::string written_event::header(std::string_view name) const {
  const auto found =
      std::find_if(headers.begin(), headers.end(), [&](const auto& h) { return h.name == name; });
  return found == headers.end() ? std::string{} : found->value;
}

delivery_result acknowledged() { return {}; }

delivery_result refused_for_now(std::string error) {
  delivery_result r;
  r.state = delivery_state::refused_for_now;
  r.error_name = std::move(error);
  return r;
}

delivery_result refused_for_good(std::string error) {
  delivery_result r;
  r.state = delivery_state::refused_for_good;
  r.error_name = std::move(error);
  return r;
}

void memory_sink::submit(std::uint64_t request_id, event_batch_ptr batch) {
  const std::lock_guard lock{mutex_};
  requests_.push_back({request_id, std::move(batch)});
  ++submitted_;
}

std::uint64_t memory_sink::submitted() {
  const std::lock_guard lock{mutex_};
  return submitted_;
}

bool memory_sink::poll() {
  if (hold) {
    return false;
  }
  std::vector<request> requests;
  {
    const std::lock_guard lock{mutex_};
    requests.swap(requests_);
  }
  for (const auto& r : requests) {
    std::vector<delivery_result> results;
    for (const auto& e : *r.events) {
      results.push_back(judge ? judge(e) : acknowledged());
      if (results.back().state == delivery_state::acknowledged) {
        written.push_back({e.topic, e.partition_seed, text_of(e.key_bytes()),
                           text_of(e.value_bytes()), headers_of(e)});
      } else {
        ++refused;
      }
    }
    events_->on_delivered(r.id, std::move(results));
  }
  return !requests.empty();
}

std::vector<written_event> memory_sink::written_to(std::string_view topic) const {
  std::vector<written_event> found;
  std::copy_if(written.begin(), written.end(), std::back_inserter(found),
               [&](const auto& e) { return e.topic == topic; });
  return found;
}

std::size_t memory_sink::waiting() {
  const std::lock_guard lock{mutex_};
  std::size_t count = 0;
  for (const auto& r : requests_) {
    count += r.events->size();
  }
  return count;
}

} // namespace streamer::test

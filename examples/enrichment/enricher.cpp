#include "enricher.hpp"

#include <nlohmann/json.hpp>

#include <cctype>
#include <utility>

namespace enrichment {
namespace {

using nlohmann::json;
using streamer::delivery;
using streamer::outcome;

/// A key is data of somebody: as one segment of a path, whatever is in it.
std::string segment(std::string_view key) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string escaped;
  for (const unsigned char c : key) {
    if (std::isalnum(c) != 0 || c == '-' || c == '_') {
      escaped += static_cast<char>(c);
    } else {
      escaped += {'%', digits[c >> 4], digits[c & 15]};
    }
  }
  return escaped;
}

/// What a status means for the record: a service that is not there may come back, a key that it
/// does not know will not become known by asking again.
outcome judge(delivery& record, const http_reply& reply, const std::string& topic) {
  if (reply.status == 0) return outcome::retry("no answer: " + reply.body);
  if (reply.status == 404) return outcome::skip("unknown to the service");
  if (reply.status == 429 || reply.status >= 500) {
    return outcome::retry("status " + std::to_string(reply.status));
  }
  if (reply.status != 200) return outcome::reject("status " + std::to_string(reply.status));
  const auto event = record.record();
  auto value = json::parse(event.value().view(), nullptr, false);
  auto known = json::parse(reply.body, nullptr, false);
  if (!value.is_object()) return outcome::reject("the event is no JSON object");
  if (known.is_discarded()) return outcome::retry("the service did not answer with JSON");
  value["enriched"] = std::move(known);
  streamer::outbound_event out;
  out.topic = topic;
  out.key = std::string{event.key().view()};
  out.value = value.dump();
  record.emit(std::move(out));
  return outcome::success();
}

} // namespace

void enricher::handle(std::span<delivery> batch) {
  for (auto& one : batch) {
    if (one.record().key().is_null()) {
      one.complete(outcome::reject("an event without a key"));
      continue;
    }
    auto url = base_ + "/" + segment(one.record().key().view());
    // A function that is copied cannot hold what can only be moved.
    auto record = std::make_shared<delivery>(std::move(one));
    requests_->get(std::move(url), [record, topic = topic_](const http_reply& reply) {
      if (record->cancel().cancelled()) return; // nobody waits for it any more
      record->complete(judge(*record, reply, topic));
    });
  }
}

} // namespace enrichment

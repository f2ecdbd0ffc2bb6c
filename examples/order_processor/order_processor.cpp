#include "order_processor.hpp"

#include <nlohmann/json.hpp>

#include <string>
#include <utility>

namespace orders {
namespace {

/// The same event, when it is read again after a crash, has the same id: whoever reads the outputs
/// can drop the second of two.
std::string id_of(const streamer::record_view& event) {
  return event.topic() + "-" + std::to_string(event.partition().value()) + "-" +
         std::to_string(event.offset().value());
}

streamer::outbound_event answer(const streamer::record_view& event, const char* topic,
                                const char* type) {
  streamer::outbound_event answer;
  answer.topic = topic;
  answer.key = std::string{event.key().view()};
  answer.value = std::string{event.value().view()};
  answer.headers = {{"ce_specversion", "1.0"},
                    {"ce_id", id_of(event)},
                    {"ce_source", "/order_processor"},
                    {"ce_type", type},
                    {"ce_tenantid", std::string{event.tenant()}},
                    {"content-type", "application/json"}};
  return answer;
}

} // namespace

streamer::outcome process(const streamer::record_view& event, streamer::emitter& out) {
  using streamer::outcome;
  if (event.header("ce_type").view() != "order.placed") {
    return outcome::skip("not a new order");
  }
  if (event.key().is_null()) {
    return outcome::reject("an order without a number");
  }
  const auto order = nlohmann::json::parse(event.value().view(), nullptr, false);
  const auto amount = order.is_object() ? order.find("amount_cents") : order.end();
  if (amount == order.end() || !amount->is_number_unsigned()) {
    return outcome::reject("no order: it has no amount_cents");
  }
  const bool large = amount->get<unsigned long long>() >= review_from_cents;
  out.emit(large ? answer(event, "orders.review", "order.held")
                 : answer(event, "orders.accepted", "order.accepted"));
  return outcome::success();
}

} // namespace orders

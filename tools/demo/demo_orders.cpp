#include "tools/demo/demo_orders.hpp"

#include <nlohmann/json.hpp>
#include <utility>

#include "tools/demo/demo_event.hpp"

namespace streamer::tools {
namespace {

outcome book_order(const record_view& record, const std::string& output, emitter& out) {
  const auto order = nlohmann::json::parse(record.value().view(), nullptr, false);
  if (!order.is_object()) return outcome::reject("the order is not a JSON object");
  const auto payment = order.value("payment", "");
  if (payment == "declined") return outcome::reject("the payment was declined");
  if (payment == "gateway gone") return outcome::retry("the payment gateway does not answer");
  if (payment == "gateway busy" && record.attempt() < demo_healing_attempt) {
    return outcome::retry("the payment gateway is busy");
  }
  outbound_event event;
  event.topic = output;
  event.keep_alive = record.ref();
  event.with_record_headers = true;
  event.headers.push_back({demo_header::attempt, std::to_string(record.attempt())});
  out.emit(std::move(event));
  return outcome::success();
}

} // namespace

record_function demo_orders(std::string output) {
  return [output = std::move(output)](const record_view& record, emitter& out) {
    return book_order(record, output, out);
  };
}

} // namespace streamer::tools

#include "daily_totals.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <ctime>
#include <optional>
#include <utility>

namespace payments {
namespace {

using nlohmann::json;

constexpr std::int64_t day_seconds = 86'400;

/// `2026-03-01` of `2026-03-01T12:00:00Z`; nothing if it is no time in UTC.
std::optional<std::string_view> day_in(std::string_view time) {
  constexpr std::string_view form = "dddd-dd-ddTdd:dd:dd";
  if (time.size() <= form.size() || time.back() != 'Z') return std::nullopt;
  const bool fits = std::equal(form.begin(), form.end(), time.begin(), [](char wanted, char is) {
    return wanted == 'd' ? is >= '0' && is <= '9' : is == wanted;
  });
  return fits ? std::optional{time.substr(0, 10)} : std::nullopt;
}

} // namespace

std::string day_of(std::int64_t seconds) {
  const std::time_t time = seconds;
  std::tm parts{};
  gmtime_r(&time, &parts);
  std::array<char, 16> text{};
  return {text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%d", &parts)};
}

streamer::outcome daily_totals::operator()(const streamer::record_view& event,
                                           streamer::emitter& out) const {
  using streamer::outcome;
  const auto source = event.header("ce_source").view();
  const auto id = event.header("ce_id").view();
  if (id.empty()) return outcome::reject("no ce_id: it could not be told from the same again");
  if (event.key().is_null()) return outcome::reject("a payment without an account");
  const auto day = day_in(event.header("ce_time").view());
  if (!day) return outcome::reject("ce_time is no time in UTC");
  if (*day < day_of(now_() - open_days * day_seconds)) {
    return outcome::reject("too late: its day is closed");
  }
  const auto value = json::parse(event.value().view(), nullptr, false);
  const auto cents = value.is_object() ? value.find("cents") : value.end();
  if (cents == value.end() || !cents->is_number_integer()) {
    return outcome::reject("no payment: it has no cents");
  }
  // A database that refuses throws, which is a retry: nothing has been counted then.
  const auto now = store_->add(
      {source, id, event.tenant(), event.key().view(), *day, cents->get<std::int64_t>()});
  // Also where it had been counted before: nobody knows whether the total went out that time.
  streamer::outbound_event told;
  told.topic = topic_;
  told.key = std::string{event.key().view()};
  told.value = json{{"account", event.key().view()},
                    {"day", *day},
                    {"cents", now.cents},
                    {"payments", now.payments}}
                   .dump(-1, ' ', false, json::error_handler_t::replace);
  told.headers = {{"ce_tenantid", std::string{event.tenant()}},
                  {"content-type", "application/json"}};
  out.emit(std::move(told));
  return outcome::success();
}

} // namespace payments

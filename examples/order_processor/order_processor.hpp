// Decides what becomes of an order.
#pragma once

#include <streamer/handler.hpp>

namespace orders {

/// Orders of at least this much, in cents, are looked at by a person.
inline constexpr long long review_from_cents = 40'000;

/// Takes the events of an order (`streamer ingest orders` makes some). A placed order goes to
/// `orders.accepted`, or to `orders.review` if it is a large one; what comes later in an order's
/// life is skipped. What is no order is rejected: no attempt would make it one.
[[nodiscard]] streamer::outcome process(const streamer::record_view& event, streamer::emitter& out);

} // namespace orders

#include "runtime/system/event_bridge.hpp"

#include <caf/send.hpp>

namespace streamer {

template <class Message>
void event_bridge::tell_consumers(Message message) {
  if (const auto consumers = entries_->consumers()) {
    caf::anon_send(consumers, std::move(message));
  }
}

void event_bridge::on_assigned(std::vector<assigned_partition> partitions) {
  // Written down first: should the supervisor die before it reads the message, its
  // successor finds the epochs here and has the partitions announced again.
  for (const auto& p : partitions) {
    router_->expect(p.epoch);
  }
  tell_consumers(partitions_assigned{std::move(partitions)});
}

void event_bridge::on_revoking(std::vector<assignment_epoch> epochs) {
  tell_consumers(partitions_revoking{std::move(epochs)});
}

void event_bridge::on_stopping(std::vector<assignment_epoch> epochs) {
  tell_consumers(partitions_stopping{std::move(epochs)});
}

void event_bridge::on_lost(std::vector<assignment_epoch> epochs) {
  tell_consumers(partitions_lost{std::move(epochs)});
}

void event_bridge::on_records(assignment_epoch epoch, record_batch_ptr batch) {
  const auto records = static_cast<std::int64_t>(batch->records().size());
  std::int64_t bytes = 0;
  for (std::size_t i = 0; i < batch->records().size(); ++i) {
    bytes += static_cast<std::int64_t>(batch->charged_bytes(i));
  }
  // Whoever reads them answers for the credit; unread, it goes back.
  auto unread = guard_unread([credit = credit_, records, bytes] { credit->give(records, bytes); });
  if (const auto to = router_->find(epoch)) {
    caf::anon_send(to, records_fetched{std::move(batch), std::move(unread)});
  }
}

void event_bridge::on_end_reached(assignment_epoch epoch, offset_id position) {
  if (const auto to = router_->find(epoch)) {
    caf::anon_send(to, end_reached{position});
  }
}

void event_bridge::on_committed(std::vector<commit_result> results) {
  tell_consumers(commits_answered{std::move(results)});
}

void event_bridge::on_failed(source_failure failure) {
  caf::anon_send(root_, source_failed{std::move(failure)});
}

void event_bridge::on_left() { tell_consumers(source_left{}); }

void event_bridge::on_delivered(std::uint64_t request, std::vector<delivery_result> results) {
  if (const auto producer = entries_->producer()) {
    caf::anon_send(producer, delivered{request, std::move(results)});
  }
}

void event_bridge::on_sink_failed(std::string what) {
  caf::anon_send(root_, sink_failed{std::move(what)});
}

} // namespace streamer

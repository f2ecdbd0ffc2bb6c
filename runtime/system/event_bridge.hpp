#pragma once

#include "actors/consumer/credit.hpp"
#include "actors/consumer/record_router.hpp"
#include "actors/consumer/record_source.hpp"
#include "actors/producer/event_sink.hpp"
#include "actors/supervision/root_supervisor.hpp"

#include <memory>

namespace streamer {

/// Turns what the Kafka clients' threads tell into messages to actors, and nothing else.
/// What finds no actor is undone: records nobody takes give their credit back.
class event_bridge final : public source_events, public sink_events {
 public:
  event_bridge(std::shared_ptr<record_router> router, std::shared_ptr<entry_points> entries,
               std::shared_ptr<credit_pool> credit)
      : router_{std::move(router)}, entries_{std::move(entries)}, credit_{std::move(credit)} {}

  /// Before the clients start: whom to tell that they cannot go on.
  void set_root(root_supervisor_actor root) { root_ = std::move(root); }

  void on_assigned(std::vector<assigned_partition> partitions) override;
  void on_revoking(std::vector<assignment_epoch> epochs) override;
  void on_stopping(std::vector<assignment_epoch> epochs) override;
  void on_lost(std::vector<assignment_epoch> epochs) override;
  void on_records(assignment_epoch epoch, record_batch_ptr batch) override;
  void on_end_reached(assignment_epoch epoch, offset_id position) override;
  void on_committed(std::vector<commit_result> results) override;
  void on_failed(source_failure failure) override;
  void on_left() override;

  void on_delivered(std::uint64_t request, std::vector<delivery_result> results) override;
  void on_sink_failed(std::string what) override;

 private:
  template <class Message>
  void tell_consumers(Message message);

  std::shared_ptr<record_router> router_;
  std::shared_ptr<entry_points> entries_;
  std::shared_ptr<credit_pool> credit_;
  root_supervisor_actor root_;
};

} // namespace streamer

#include "tests/actor/journal.hpp"

#include <algorithm>
#include <utility>

namespace streamer::test {
namespace {

step step_of(outcome_kind kind) {
  switch (kind) {
    case outcome_kind::success: return step::succeeded;
    case outcome_kind::skip: return step::skipped;
    case outcome_kind::retry:
    case outcome_kind::reject: break;
  }
  return step::failed;
}

} // namespace

void journal::note(const record_view& record, step what, std::size_t events) {
  if (what == step::began && on_began) {
    on_began(record);
  }
  const std::lock_guard lock{mutex_};
  notes_.push_back({{record.topic(), record.partition()},
                    record.offset(),
                    std::string{record.key().view()},
                    std::string{record.tenant()},
                    record.attempt(),
                    what,
                    events});
}

std::vector<attempt_note> journal::notes() const {
  const std::lock_guard lock{mutex_};
  return notes_;
}

std::size_t journal::count(step what, const topic_partition& tp, offset_id offset) const {
  const std::lock_guard lock{mutex_};
  return static_cast<std::size_t>(std::count_if(notes_.begin(), notes_.end(), [&](const auto& n) {
    return n.what == what && n.tp == tp && n.offset == offset;
  }));
}

std::size_t journal::count(step what) const {
  const std::lock_guard lock{mutex_};
  return static_cast<std::size_t>(
      std::count_if(notes_.begin(), notes_.end(), [&](const auto& n) { return n.what == what; }));
}

std::size_t journal::count_tenant(step what, const std::string& tenant) const {
  const std::lock_guard lock{mutex_};
  return static_cast<std::size_t>(std::count_if(notes_.begin(), notes_.end(), [&](const auto& n) {
    return n.what == what && n.tenant == tenant;
  }));
}

bool journal::handled(const topic_partition& tp, offset_id offset) const {
  return count(step::succeeded, tp, offset) + count(step::skipped, tp, offset) > 0;
}

std::size_t journal::events_of(const topic_partition& tp, offset_id offset) const {
  const std::lock_guard lock{mutex_};
  const auto found = std::find_if(notes_.begin(), notes_.end(), [&](const auto& n) {
    return n.what == step::succeeded && n.tp == tp && n.offset == offset;
  });
  return found == notes_.end() ? 0 : found->events;
}

std::vector<std::int64_t> journal::begun(const topic_partition& tp) const {
  const std::lock_guard lock{mutex_};
  std::vector<std::int64_t> offsets;
  for (const auto& n : notes_) {
    if (n.what == step::began && n.tp == tp) {
      offsets.push_back(n.offset.value());
    }
  }
  return offsets;
}

std::string emission_name(const topic_partition& tp, offset_id offset, std::size_t index) {
  return to_string(tp) + "/" + std::to_string(offset.value()) + "/" + std::to_string(index);
}

record_function noted(std::shared_ptr<journal> notes, record_function run) {
  return [notes = std::move(notes), run = std::move(run)](const record_view& record, emitter& out) {
    notes->note(record, step::began);
    outcome result;
    try {
      result = run(record, out);
    } catch (...) {
      notes->note(record, step::failed);
      throw;
    }
    std::size_t index = 0;
    for (auto& e : out.events()) {
      const topic_partition tp{record.topic(), record.partition()};
      e.headers.push_back({emitted_from, emission_name(tp, record.offset(), index++), false});
    }
    notes->note(record, step_of(result.kind), out.events().size());
    return result;
  };
}

void held_handler::handle(std::span<delivery> batch) {
  const std::lock_guard lock{mutex_};
  biggest_batch_ = std::max(biggest_batch_, batch.size());
  ++calls_;
  for (auto& d : batch) {
    notes_->note(d.record(), step::began);
    auto result = at_once ? at_once(d.record()) : std::nullopt;
    if (result) {
      finish(d, std::move(*result));
    } else {
      held_.push_back(std::move(d));
    }
  }
}

std::size_t held_handler::calls() const {
  const std::lock_guard lock{mutex_};
  return calls_;
}

std::size_t held_handler::held() const {
  const std::lock_guard lock{mutex_};
  return held_.size();
}

std::size_t held_handler::biggest_batch() const {
  const std::lock_guard lock{mutex_};
  return biggest_batch_;
}

std::vector<std::int64_t> held_handler::offsets() const {
  const std::lock_guard lock{mutex_};
  std::vector<std::int64_t> all;
  for (const auto& d : held_) {
    all.push_back(d.record().offset().value());
  }
  return all;
}

std::optional<delivery> held_handler::take(std::int64_t offset) {
  const std::lock_guard lock{mutex_};
  const auto found = std::find_if(held_.begin(), held_.end(), [&](const auto& d) {
    return d.record().offset().value() == offset;
  });
  if (found == held_.end()) {
    return std::nullopt;
  }
  std::optional<delivery> taken{std::move(*found)};
  held_.erase(found);
  return taken;
}

std::vector<delivery> held_handler::take_all() {
  const std::lock_guard lock{mutex_};
  return std::exchange(held_, {});
}

bool held_handler::complete(std::int64_t offset, outcome result) {
  auto d = take(offset);
  return d && finish(*d, std::move(result));
}

std::size_t held_handler::complete_all(const outcome& result) {
  std::size_t taken = 0;
  for (auto& d : take_all()) {
    taken += finish(d, result) ? 1U : 0U;
  }
  return taken;
}

// Noted first: once the outcome is given, a commit may follow on another thread.
bool held_handler::finish(delivery& d, outcome result) {
  const auto record = d.record();
  notes_->note(record, step_of(result.kind));
  if (d.complete(std::move(result))) {
    return true;
  }
  notes_->note(record, step::late);
  return false;
}

} // namespace streamer::test

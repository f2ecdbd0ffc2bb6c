#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <set>
#include <utility>
#include <vector>

namespace streamer {

/// Weighted fair queueing over flows (start-time fair queueing): each flow is first in, first
/// out; between flows the one goes next that has got the least for its weight. A flow that was
/// idle or waited aside claims nothing for that time.
///
/// Entries have a size and are taken in parts. What one take gives a flow is at most the quantum,
/// so over any time in which two flows have a backlog what they got, each divided by its weight,
/// differs by at most one quantum each. A take costs O(log flows). A plain value.
template <class Item>
class fair_queue {
 public:
  /// Small numbers, for they index a vector.
  using flow = std::uint32_t;

  /// Part of one entry: `count` of it from `from` on.
  struct part {
    flow of = 0;
    Item item;
    std::size_t from = 0;
    std::size_t count = 0;
  };

  /// `quantum`: most that one take gives, at least 1.
  explicit fair_queue(std::size_t quantum) : quantum_{std::max<std::size_t>(1, quantum)} {}

  /// Puts an entry of `size` (not 0) behind the others of its flow. `weight` is greater than 0.
  void push(flow f, double weight, Item item, std::size_t size) {
    if (f >= flows_.size()) {
      flows_.resize(f + 1);
    }
    auto& state = flows_[f];
    state.weight = weight;
    state.entries.push_back({std::move(item), 0, size});
    state.backlog += size;
    backlog_ += size;
    if (state.entries.size() == 1) {
      make_ready(f);
    }
  }

  /// The next part, of at most `most`. `allow(flow, n)` says how many of `n` the flow may have now
  /// (and takes them to be given); a flow that may have none waits aside until `wake`. Nothing: no
  /// flow has anything that may go.
  template <class Allow>
  std::optional<part> take(std::size_t most, Allow allow) {
    while (most > 0 && !ready_.empty()) {
      const auto [tag, f] = *ready_.begin();
      auto& state = flows_[f];
      auto& front = state.entries.front();
      const auto granted = allow(f, std::min({most, quantum_, front.size - front.from}));
      ready_.erase(ready_.begin());
      if (granted == 0) {
        aside_.push_back(f);
        continue;
      }
      now_ = tag;
      state.tag = tag + static_cast<double>(granted) / state.weight;
      latest_ = std::max(latest_, state.tag);
      part next{f, front.item, front.from, granted};
      front.from += granted;
      state.backlog -= granted;
      backlog_ -= granted;
      if (front.from == front.size) {
        state.entries.pop_front();
      }
      if (!state.entries.empty()) {
        ready_.emplace(state.tag, f);
      } else if (backlog_ == 0) {
        now_ = latest_; // whoever comes next begins anew
      }
      return next;
    }
    return std::nullopt;
  }

  /// Flows that waited aside are looked at again.
  void wake() {
    for (const auto f : std::exchange(aside_, {})) {
      make_ready(f);
    }
  }

  /// Takes out all that a flow has, as parts in order.
  std::vector<part> remove(flow f) {
    std::vector<part> removed;
    if (backlog_of(f) == 0) {
      return removed;
    }
    auto& state = flows_[f];
    for (auto& e : state.entries) {
      removed.push_back({f, std::move(e.item), e.from, e.size - e.from});
    }
    ready_.erase({state.tag, f});
    std::erase(aside_, f);
    backlog_ -= std::exchange(state.backlog, 0);
    state.entries.clear();
    return removed;
  }

  void clear() { *this = fair_queue{quantum_}; }

  /// The front entry of a flow that has a backlog, and how much of it is gone.
  [[nodiscard]] std::pair<const Item&, std::size_t> front(flow f) const {
    const auto& e = flows_[f].entries.front();
    return {e.item, e.from};
  }

  [[nodiscard]] bool empty() const { return backlog_ == 0; }
  /// Sum of what is left of all entries, or of those of one flow.
  [[nodiscard]] std::size_t backlog() const { return backlog_; }
  [[nodiscard]] std::size_t backlog_of(flow f) const {
    return f < flows_.size() ? flows_[f].backlog : 0;
  }

 private:
  struct entry {
    Item item;
    std::size_t from = 0;
    std::size_t size = 0;
  };
  struct flow_state {
    std::deque<entry> entries;
    double weight = 1.0;
    double tag = 0; // when it may go next, in virtual time
    std::size_t backlog = 0;
  };

  void make_ready(flow f) {
    auto& state = flows_[f];
    state.tag = std::max(state.tag, now_);
    ready_.emplace(state.tag, f);
  }

  std::size_t quantum_;
  std::vector<flow_state> flows_;
  std::set<std::pair<double, flow>> ready_;
  std::vector<flow> aside_;
  double now_ = 0;    // virtual time: the tag of what was taken last
  double latest_ = 0; // the greatest tag that was given
  std::size_t backlog_ = 0;
};

} // namespace streamer

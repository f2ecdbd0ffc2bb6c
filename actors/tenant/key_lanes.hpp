#pragma once

#include "messages/ids.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

namespace streamer {

/// Which record a lane waits for.
struct lane_owner {
  assignment_epoch epoch;
  slot_id slot;
  friend bool operator==(const lane_owner&, const lane_owner&) = default;
};

/// Order per key: of the records of one lane, one is in work and the others wait
/// behind it in the order of their arrival. A lane exists only while it has an
/// owner, so memory grows with the records in hand and not with the keys ever
/// seen. Lane 0 stands for "no order" and must not be passed. A plain value.
template <class Item>
class key_lanes {
 public:
  /// Takes the lane for `owner` if it is free. False: it is not.
  bool occupy(lane_id lane, lane_owner owner) {
    if (spare_.empty()) {
      return lanes_.try_emplace(lane, queue{owner, none, none}).second;
    }
    auto& entry = spare_.back();
    entry.key() = lane;
    entry.mapped() = {owner, none, none};
    auto placed = lanes_.insert(std::move(entry));
    if (!placed.inserted) {
      entry = std::move(placed.node);
      return false;
    }
    spare_.pop_back();
    return true;
  }

  [[nodiscard]] bool busy(lane_id lane) const { return !lanes_.empty() && lanes_.contains(lane); }

  /// Puts an item behind the owner of a busy lane.
  void wait(lane_id lane, lane_owner as, Item item) {
    auto& q = lanes_.at(lane);
    const auto n = new_node(as, std::move(item));
    (q.tail == none ? q.head : nodes_[q.tail].next) = n;
    q.tail = n;
    ++waiting_;
  }

  /// The owner is done: the next item becomes the owner and is returned; without
  /// one the lane is gone. Nothing happens if somebody else owns the lane.
  std::optional<Item> release(lane_id lane, lane_owner owner) {
    const auto found = lanes_.find(lane);
    if (found == lanes_.end() || found->second.owner != owner) {
      return std::nullopt;
    }
    auto& q = found->second;
    if (q.head == none) {
      remove(found);
      return std::nullopt;
    }
    const auto n = q.head;
    q.owner = nodes_[n].as;
    q.head = nodes_[n].next;
    if (q.head == none) {
      q.tail = none;
    }
    return std::optional<Item>{take_node(n)};
  }

  /// If the item next in line may take the owner's place, it becomes the owner and is returned:
  /// the owner is passed over. `may` gets that item. Nothing happens if somebody else owns the
  /// lane.
  template <class May>
  std::optional<Item> pass_over(lane_id lane, lane_owner owner, May may) {
    const auto found = lanes_.find(lane);
    if (found == lanes_.end() || found->second.owner != owner || found->second.head == none ||
        !may(std::as_const(*nodes_[found->second.head].item))) {
      return std::nullopt;
    }
    return release(lane, owner);
  }

  /// Takes out all waiting items of an epoch, in arrival order per lane.
  std::vector<Item> remove_waiting(assignment_epoch epoch) {
    std::vector<Item> removed;
    for (auto& [lane, q] : lanes_) {
      auto n = q.head;
      q.head = q.tail = none;
      while (n != none) {
        const auto next = nodes_[n].next;
        if (nodes_[n].as.epoch == epoch) {
          removed.push_back(take_node(n));
        } else {
          nodes_[n].next = none;
          (q.tail == none ? q.head : nodes_[q.tail].next) = n;
          q.tail = n;
        }
        n = next;
      }
    }
    return removed;
  }

  /// Frees the lanes that an epoch's records own; returns the items that may run
  /// now in their stead (they own their lanes).
  std::vector<Item> release_owned_by(assignment_epoch epoch) {
    std::vector<std::pair<lane_id, lane_owner>> owned;
    for (const auto& [lane, q] : lanes_) {
      if (q.owner.epoch == epoch) {
        owned.emplace_back(lane, q.owner);
      }
    }
    std::vector<Item> next;
    for (const auto& [lane, owner] : owned) {
      if (auto item = release(lane, owner)) {
        next.push_back(std::move(*item));
      }
    }
    return next;
  }

  [[nodiscard]] std::size_t lanes() const { return lanes_.size(); }
  [[nodiscard]] std::size_t waiting() const { return waiting_; }
  [[nodiscard]] bool empty() const { return lanes_.empty(); }

 private:
  static constexpr std::uint32_t none = UINT32_MAX;
  static constexpr std::size_t most_spare = 4'096;

  struct node {
    lane_owner as;
    std::optional<Item> item;
    std::uint32_t next = none;
  };
  struct queue {
    lane_owner owner;
    std::uint32_t head;
    std::uint32_t tail;
  };

  std::uint32_t new_node(lane_owner as, Item&& item) {
    if (free_ == none) {
      nodes_.push_back({as, std::move(item), none});
      return static_cast<std::uint32_t>(nodes_.size() - 1);
    }
    const auto n = free_;
    free_ = nodes_[n].next;
    nodes_[n] = {as, std::move(item), none};
    return n;
  }

  void remove(typename std::unordered_map<lane_id, queue>::iterator lane) {
    if (spare_.size() < most_spare) {
      spare_.push_back(lanes_.extract(lane));
    } else {
      lanes_.erase(lane);
    }
  }

  Item take_node(std::uint32_t n) {
    Item item = std::move(*nodes_[n].item);
    nodes_[n].item.reset();
    nodes_[n].next = free_;
    free_ = n;
    --waiting_;
    return item;
  }

  std::unordered_map<lane_id, queue> lanes_;
  // Lanes come and go with the records: their memory is used again.
  std::vector<typename std::unordered_map<lane_id, queue>::node_type> spare_;
  std::vector<node> nodes_;
  std::uint32_t free_ = none;
  std::size_t waiting_ = 0;
};

} // namespace streamer

#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "engine/messages.hpp"

namespace cloacina::engine {

/// An execution in its owner's memory: the state that `plan` decides on, and what the loop has to
/// do about it.
struct Entry {
  ExecutionState state;
  std::uint32_t slot = 0;
  std::uint32_t generation = 0;
  bool insert = false;                 ///< its row is not stored yet
  bool owned = true;                   ///< false: stored for anybody to claim, then forgotten
  bool update = false;                 ///< its row has changed
  bool queued = false;                 ///< in the loop's list for the next batch
  bool left_over = false;              ///< it did not fit into the batch under way
  bool busy = false;                   ///< counts against the capacity
  bool held = false;                   ///< in the loop's list of those with held tasks
  bool finished = false;               ///< final and stored; waits for callbacks
  std::uint32_t bodies = 0;            ///< to be started, or started and not reported back
  std::uint32_t callbacks = 0;         ///< that have not returned
  std::vector<TaskIndex> dirty_tasks;  ///< rows for the next batch
  std::string input_text;              ///< until it is stored
  std::string output_text;             ///< while it is being stored
  std::string idempotency_key;
  StopFlag stopped = std::make_shared<std::atomic<bool>>(false);
  std::vector<std::shared_ptr<Completion>> completions;
  std::vector<std::shared_ptr<Acceptance>> cancels;
  std::vector<ExecutionId> requests;  ///< control requests that the next batch applies
  std::shared_ptr<Acceptance> acceptance;

  [[nodiscard]] SlotRef ref() const noexcept { return {slot, generation}; }
};

/// All executions in memory, by slot and by id. One thread.
class ExecutionTable {
 public:
  /// The reference stays valid until `erase`.
  Entry& add(ExecutionState&& state);
  void erase(Entry& entry);
  void clear();

  /// Null when the slot was given to another execution since.
  [[nodiscard]] Entry* find(SlotRef ref) noexcept;
  [[nodiscard]] Entry* find(ExecutionId id) noexcept;
  [[nodiscard]] Entry& at(std::uint32_t slot) noexcept { return *slots_[slot]; }
  [[nodiscard]] std::size_t size() const noexcept { return by_id_.size(); }
  /// Every entry; must not add or erase.
  template <class Visit>
  void for_each(Visit&& visit) {
    for (auto& slot : slots_)
      if (slot) visit(*slot);
  }

 private:
  std::vector<std::unique_ptr<Entry>> slots_;
  std::vector<std::uint32_t> generations_;
  std::vector<std::uint32_t> free_;
  std::unordered_map<ExecutionId, std::uint32_t> by_id_;
};

}  // namespace cloacina::engine

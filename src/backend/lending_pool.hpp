#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "backend/database.hpp"

namespace cloacina::backend {

/// Things that are expensive to make, made when they are needed and lent until one of them breaks.
/// Thread-safe; what is lent may outlive who holds the pool.
template <class Thing>
class LendingPool : public std::enable_shared_from_this<LendingPool<Thing>> {
 public:
  /// Comes back when the pointer dies.
  using Lent = std::unique_ptr<Thing, std::function<void(Thing*)>>;
  using Idle = std::vector<std::unique_ptr<Thing>>;
  struct Rules {
    std::size_t most = 1;  ///< lent and idle
    std::function<std::unique_ptr<Thing>()> make;
    /// Of what came back: whether it is of further use. If not, the idle ones are thought to be of
    /// none either. Throws nothing.
    std::function<bool(Thing&)> is_of_use;
    /// Called after `longest_wait` in vain, to throw.
    std::function<void()> all_are_lent{};
    std::chrono::milliseconds longest_wait{0};  ///< 0: as long as it takes
  };

  explicit LendingPool(Rules rules) : rules_(std::move(rules)) {
    if (rules_.most == 0) rules_.most = 1;
  }

  /// Blocks while all are lent; who came first is first. `choose(idle, may_make)` returns the index
  /// of one of them, or their number for a new one. Throws what making one throws.
  template <class Choose>
  [[nodiscard]] Lent take(Choose&& choose) {
    std::unique_ptr<Thing> thing;
    {
      std::unique_lock lock{mutex_};
      wait_for_turn(lock);
      idle_.reserve(idle_.size() + lent_ + 1);  // so that giving back never allocates
      if (!idle_.empty()) {
        std::size_t const index = choose(idle_, idle_.size() + lent_ < rules_.most);
        if (index < idle_.size()) {
          std::swap(idle_[index], idle_.back());
          thing = std::move(idle_.back());
          idle_.pop_back();
        }
      }
      ++lent_;
    }
    try {
      if (!thing) thing = rules_.make();
      std::function<void(Thing*)> deleter{[pool = this->shared_from_this()](Thing* used) {
        pool->give_back(std::unique_ptr<Thing>{used});
      }};
      return {thing.release(), std::move(deleter)};
    } catch (...) {
      give_back(std::move(thing));
      throw;
    }
  }
  /// Any of them: the last that came back.
  [[nodiscard]] Lent take() {
    return take([](Idle const& idle, bool) { return idle.size() - 1; });
  }
  /// How many wait for their turn.
  [[nodiscard]] std::size_t waiting() {
    std::lock_guard const lock{mutex_};
    return waiting_.size();
  }

 private:
  void wait_for_turn(std::unique_lock<std::mutex>& lock) {
    auto const mine = waiting_.insert(waiting_.end(), nullptr);
    auto const is_my_turn = [&] { return waiting_.begin() == mine && lent_ < rules_.most; };
    if (rules_.longest_wait.count() == 0) {
      returned_.wait(lock, is_my_turn);
    } else if (!returned_.wait_for(lock, rules_.longest_wait, is_my_turn)) {
      waiting_.erase(mine);
      returned_.notify_all();
      return rules_.all_are_lent();
    }
    waiting_.erase(mine);
    returned_.notify_all();  // there may be another one for the next
  }
  void give_back(std::unique_ptr<Thing> thing) noexcept {
    bool const keep = thing && rules_.is_of_use(*thing);
    Idle dropped;
    {
      std::lock_guard lock{mutex_};
      --lent_;
      if (keep) {
        idle_.push_back(std::move(thing));
      } else if (thing) {
        dropped.swap(idle_);  // what has ended it has ended them
      }
    }
    returned_.notify_all();
  }

  Rules rules_;
  std::mutex mutex_;
  std::condition_variable returned_;
  Idle idle_;
  std::list<std::nullptr_t> waiting_;  // in the order of coming
  std::size_t lent_ = 0;
};

/// Of sessions for reading.
using ReaderPool = LendingPool<Session>;
[[nodiscard]] inline std::shared_ptr<ReaderPool> make_reader_pool(
    std::size_t most, std::function<std::unique_ptr<Session>()> make) {
  return std::make_shared<ReaderPool>(
      ReaderPool::Rules{most, std::move(make), [](Session& session) {
                          session.rollback();
                          return !session.broken();
                        }});
}

}  // namespace cloacina::backend

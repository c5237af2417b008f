#include "engine/inbox.hpp"

#include <iterator>
#include <utility>

namespace cloacina::engine {

Inbox::Lane& Inbox::add_lane() {
  std::lock_guard lock{mutex_};
  return *lanes_.emplace_back(std::make_unique<Lane>());
}

void Inbox::push(Lane& lane, FinishedTask&& finished) {
  {
    std::lock_guard lock{lane.mutex_};
    lane.finished_.push_back(std::move(finished));
  }
  announce();
}

bool Inbox::push(Request&& request) {
  {
    std::lock_guard lock{mutex_};
    if (closed_) return false;
    requests_.push_back(std::move(request));
  }
  announce();
  return true;
}

bool Inbox::push(std::vector<Request>&& requests) {
  {
    std::lock_guard lock{mutex_};
    if (closed_) return false;
    requests_.insert(requests_.end(), std::make_move_iterator(requests.begin()),
                     std::make_move_iterator(requests.end()));
  }
  announce();
  return true;
}

std::vector<Request> Inbox::close() {
  std::lock_guard lock{mutex_};
  closed_ = true;
  return std::exchange(requests_, {});
}

void Inbox::wake() { announce(); }

// Either this thread sees `sleeping_`, or the engine sees `pending_` before it sleeps: both are
// sequentially consistent, each side writes its own flag before it reads the other's.
void Inbox::announce() {
  if (pending_.exchange(true)) return;
  if (!sleeping_.load()) return;
  { std::lock_guard lock{mutex_}; }
  changed_.notify_one();
}

void Inbox::drain(std::vector<FinishedTask>& finished, std::vector<Request>& requests) {
  finished.clear();
  requests.clear();
  pending_.store(false);
  std::lock_guard lock{mutex_};
  // Lanes first: a body that ends because of a request that came before must not be seen without
  // that request.
  for (auto& lane : lanes_) {
    std::lock_guard lane_lock{lane->mutex_};
    if (finished.empty()) {
      finished.swap(lane->finished_);
    } else {
      finished.insert(finished.end(), std::make_move_iterator(lane->finished_.begin()),
                      std::make_move_iterator(lane->finished_.end()));
      lane->finished_.clear();
    }
  }
  requests.swap(requests_);
}

void Inbox::wait(std::chrono::steady_clock::time_point until) {
  std::unique_lock lock{mutex_};
  sleeping_.store(true);
  changed_.wait_until(lock, until, [this] { return pending_.load(); });
  sleeping_.store(false);
}

}  // namespace cloacina::engine

#include "engine/watcher.hpp"

#include <utility>

#include "engine/start_thread.hpp"
#include "engine/thread_name.hpp"
#include "engine/thread_role.hpp"

namespace cloacina::engine {

void Watcher::start(Look look, void const* owner) {
  look_ = std::move(look);
  owner_ = owner;
}

// `next_` is reset before anybody is looked at: whoever begins meanwhile either is seen or asks to
// be watched.
void Watcher::look_until_stopped() {
  std::unique_lock lock{mutex_};
  while (!stop_) {
    auto const next = next_.load();
    if (next == INT64_MAX) {
      changed_.wait(lock);
      continue;
    }
    auto const now = Clock::now();
    if (now.time_since_epoch().count() < next) {
      changed_.wait_until(lock, Clock::time_point{Clock::duration{next}});
      continue;
    }
    next_.store(INT64_MAX);
    lock.unlock();
    auto const again = look_(now);
    lock.lock();
    if (again && again->time_since_epoch().count() < next_.load())
      next_.store(again->time_since_epoch().count());
  }
}

void Watcher::watch(Clock::time_point deadline) {
  auto const when = deadline.time_since_epoch().count();
  if (when >= next_.load(std::memory_order_relaxed)) return;
  {
    std::lock_guard lock{mutex_};
    if (when >= next_.load() || stop_) return;
    next_.store(when);
    if (!thread_.joinable()) start_thread();
  }
  changed_.notify_one();
}

void Watcher::start_thread() {
  auto thread = engine::start_thread([this] {
    ThreadRole const role{ThreadRole::helper, owner_};
    name_thread("cloacina-watch");
    look_until_stopped();
  });
  missing_ = !thread;
  if (thread) thread_ = std::move(*thread);
}

void Watcher::start_missing() {
  if (!missing_.load(std::memory_order_relaxed)) return;
  std::lock_guard lock{mutex_};
  if (!stop_ && !thread_.joinable()) start_thread();
}

void Watcher::shut_down() {
  std::thread thread;
  {
    std::lock_guard lock{mutex_};
    stop_ = true;
    thread.swap(thread_);
  }
  changed_.notify_one();
  if (thread.joinable()) thread.join();
}

}  // namespace cloacina::engine

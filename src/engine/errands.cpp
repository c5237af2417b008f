#include "engine/errands.hpp"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <utility>

#include "engine/log.hpp"
#include "engine/start_thread.hpp"
#include "engine/stuck.hpp"
#include "engine/thread_name.hpp"
#include "engine/thread_role.hpp"
#include "engine/user_call.hpp"

namespace cloacina::engine {
namespace {

// Each is a thread for ever: beyond this the errands that come wait.
constexpr unsigned most_replacements = 16;

}  // namespace

struct Errands::Shared {
  struct Errand {
    std::function<void()> run;
    std::function<void()> given_up;
  };

  std::shared_ptr<void const> owner;
  std::shared_ptr<Watcher> watcher;

  std::mutex mutex;
  std::condition_variable changed;
  std::deque<Errand> waiting;
  std::function<void()> given_up;  // of the one under way
  std::optional<Clock::time_point> busy_since;
  unsigned current = 0;  // of the threads that there were, the one that works
  bool started = false;
  bool stop = false;
  bool ended = false;

  void work(unsigned number);
  void start(std::shared_ptr<Shared> const& self);
};

void Errands::Shared::work(unsigned number) {
  ThreadRole const role{ThreadRole::stop_callback, owner.get()};
  name_thread("cloacina-stop");
  std::unique_lock lock{mutex};
  for (;;) {
    changed.wait(lock, [this] { return stop || !waiting.empty(); });
    if (waiting.empty()) break;
    auto errand = std::move(waiting.front());
    waiting.pop_front();
    given_up = std::move(errand.given_up);
    busy_since = Clock::now();
    lock.unlock();
    watcher->watch(Clock::now() + stuck_after);
    call_user(errand.run, "a stop callback");
    errand.run = nullptr;  // without the lock: what it holds may be a user's
    lock.lock();
    if (number != current) return;  // it was replaced
    busy_since.reset();
    given_up = nullptr;
  }
  ended = true;
  changed.notify_all();
}

// Detached: it may never come back, and holds what it touches.
void Errands::Shared::start(std::shared_ptr<Shared> const& self) {
  auto thread = start_thread([self, number = current] { self->work(number); });
  started = thread.has_value();
  if (thread) thread->detach();
}

Errands::Errands(std::shared_ptr<void const> owner, std::shared_ptr<Watcher> watcher)
    : shared_(std::make_shared<Shared>()) {
  shared_->owner = std::move(owner);
  shared_->watcher = std::move(watcher);
}

Errands::~Errands() { shut_down(Clock::now()); }

void Errands::post(std::function<void()> errand, std::function<void()> given_up) {
  bool started = false;
  {
    std::lock_guard lock{shared_->mutex};
    if (shared_->stop) return;
    shared_->waiting.push_back({std::move(errand), std::move(given_up)});
    if (!shared_->started) shared_->start(shared_);
    started = shared_->started;
  }
  shared_->changed.notify_one();
  if (!started) shared_->watcher->watch(Clock::now() + stuck_after);  // it tries again
}

std::optional<Errands::Clock::time_point> Errands::expire(Clock::time_point now) {
  std::function<void()> given_up;
  bool replaced = false;
  std::optional<Clock::time_point> next;
  {
    std::lock_guard lock{shared_->mutex};
    if (!shared_->started && !shared_->waiting.empty()) shared_->start(shared_);
    if (!shared_->started && !shared_->waiting.empty()) next = now + stuck_after;
    if (!shared_->busy_since) return next;
    if (*shared_->busy_since + stuck_after > now) return *shared_->busy_since + stuck_after;
    given_up = std::exchange(shared_->given_up, nullptr);
    replaced = shared_->current < most_replacements;
    if (replaced) {
      shared_->busy_since.reset();
      ++shared_->current;
      shared_->start(shared_);
    } else {
      shared_->busy_since = now;
      next = now + stuck_after;
    }
  }
  if (given_up) given_up();
  if (replaced)
    log_warning(
        "cloacina: a stop callback or a retry condition does not return; its thread is left behind "
        "and replaced");
  return next;
}

void Errands::shut_down(Clock::time_point deadline) {
  std::unique_lock lock{shared_->mutex};
  if (std::exchange(shared_->stop, true) || !shared_->started) return;
  shared_->changed.notify_all();
  shared_->changed.wait_until(lock, deadline, [this] { return shared_->ended; });
}

}  // namespace cloacina::engine

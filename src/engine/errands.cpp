#include "engine/errands.hpp"

#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <string>
#include <thread>
#include <utility>

#include "engine/log.hpp"
#include "engine/thread_name.hpp"
#include "engine/thread_role.hpp"

namespace cloacina::engine {
namespace {

using namespace std::chrono_literals;

constexpr auto stuck_after = 1s;

void run(std::function<void()> const& errand) {
  try {
    errand();
  } catch (std::exception const& error) {
    log_warning(std::string{"cloacina: a stop callback threw: "} + error.what());
  } catch (...) {
    log_warning("cloacina: a stop callback threw something that is not an exception");
  }
}

}  // namespace

struct Errands::Shared {
  std::shared_ptr<void const> owner;
  std::shared_ptr<Watcher> watcher;

  std::mutex mutex;
  std::condition_variable changed;
  std::deque<std::function<void()>> waiting;
  std::optional<Clock::time_point> busy_since;
  unsigned current = 0;  // of the threads that there were, the one that works
  bool started = false;
  bool stop = false;
  bool ended = false;

  void work(unsigned number);
  void start_thread(std::shared_ptr<Shared> const& self);
};

void Errands::Shared::work(unsigned number) {
  ThreadRole const role{ThreadRole::stop_callback, owner.get()};
  name_thread("cloacina-stop");
  std::unique_lock lock{mutex};
  for (;;) {
    changed.wait(lock, [this] { return stop || !waiting.empty(); });
    if (waiting.empty()) break;
    auto errand = std::exchange(waiting.front(), nullptr);
    waiting.pop_front();
    busy_since = Clock::now();
    lock.unlock();
    watcher->watch(Clock::now() + stuck_after);
    run(errand);
    errand = nullptr;  // without the lock: what it holds may be a user's
    lock.lock();
    if (number != current) return;  // it was replaced
    busy_since.reset();
  }
  ended = true;
  changed.notify_all();
}

// Detached: it may never come back, and holds what it touches.
void Errands::Shared::start_thread(std::shared_ptr<Shared> const& self) {
  std::thread{[self, number = current] { self->work(number); }}.detach();
}

Errands::Errands(std::shared_ptr<void const> owner, std::shared_ptr<Watcher> watcher)
    : shared_(std::make_shared<Shared>()) {
  shared_->owner = std::move(owner);
  shared_->watcher = std::move(watcher);
}

Errands::~Errands() { shut_down(Clock::now()); }

void Errands::post(std::function<void()> errand) {
  {
    std::lock_guard lock{shared_->mutex};
    if (shared_->stop) return;
    shared_->waiting.push_back(std::move(errand));
    if (!std::exchange(shared_->started, true)) shared_->start_thread(shared_);
  }
  shared_->changed.notify_one();
}

std::optional<Errands::Clock::time_point> Errands::expire(Clock::time_point now) {
  std::lock_guard lock{shared_->mutex};
  if (!shared_->busy_since) return std::nullopt;
  if (*shared_->busy_since + stuck_after > now) return *shared_->busy_since + stuck_after;
  log_warning(
      "cloacina: a stop callback or a retry condition does not return; its thread is left behind "
      "and replaced");
  shared_->busy_since.reset();
  ++shared_->current;
  shared_->start_thread(shared_);
  return std::nullopt;
}

void Errands::shut_down(Clock::time_point deadline) {
  std::unique_lock lock{shared_->mutex};
  if (std::exchange(shared_->stop, true) || !shared_->started) return;
  shared_->changed.notify_all();
  shared_->changed.wait_until(lock, deadline, [this] { return shared_->ended; });
}

}  // namespace cloacina::engine

#include "engine/observations.hpp"

#include <atomic>
#include <chrono>
#include <iterator>
#include <utility>

#include "core/sabotage.hpp"
#include "engine/log.hpp"
#include "engine/thread_name.hpp"
#include "engine/thread_role.hpp"

namespace cloacina::engine {

struct Observations::Shared {
  std::shared_ptr<Observer> observer;
  Environment environment;
  std::shared_ptr<void const> owner;
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<Observation> waiting;
  bool stop = false;
  bool ended = false;
  std::atomic<bool> left_behind{false};  // the runner is gone: what is left is nobody's news

  void tell(Observation const& seen) noexcept try {
    switch (seen.kind) {
      case Observation::Kind::execution:
        return observer->on_execution(seen.id, seen.workflow->name, seen.workflow_status,
                                      seen.when);
      case Observation::Kind::task:
        return observer->on_task(seen.id, seen.workflow->name, seen.workflow->tasks[seen.task].id,
                                 seen.task_status, seen.attempt, seen.detail, seen.when);
      case Observation::Kind::takeover:
        return observer->on_takeover(seen.executions, seen.when);
    }
  } catch (std::exception const& error) {
    log_warning(std::string{"cloacina: an observer threw: "} + error.what());
  } catch (...) {
    log_warning("cloacina: an observer threw something that is not an exception");
  }

  void deliver_until_stopped() {
    ThreadRole const role{ThreadRole::observer, owner.get()};
    name_thread("cloacina-events");
    std::vector<Observation> batch;
    std::unique_lock lock{mutex};
    for (;;) {
      changed.wait(lock, [this] { return stop || !waiting.empty(); });
      if (waiting.empty() || left_behind) break;
      batch.clear();
      batch.swap(waiting);
      lock.unlock();
      for (auto const& seen : batch) {
        if (left_behind) return;
        tell(seen);
      }
      lock.lock();
    }
    ended = true;
    changed.notify_all();
  }
};

Observations::Observations(std::shared_ptr<Observer> observer, Environment const& environment,
                           std::shared_ptr<void const> owner)
    : shared_(std::make_shared<Shared>()) {
  shared_->observer = std::move(observer);
  shared_->owner = std::move(owner);
  shared_->environment = environment;
  if (!environment.conductor)
    thread_ = std::thread{[shared = shared_] { shared->deliver_until_stopped(); }};
}

Observations::~Observations() {
  if (!thread_.joinable()) return;
  static bool const goes_on =
      is_sabotaged("callback_after_destruction");  // for the trial lifecycle
  if (goes_on) {
    {
      std::lock_guard lock{shared_->mutex};
      Observation late;
      late.kind = Observation::Kind::takeover;
      shared_->waiting.assign(20'000, late);  // so that a slow destruction ends before them
    }
    shared_->changed.notify_all();
    thread_.detach();
    return;
  }
  bool const by_itself = thread_.get_id() == std::this_thread::get_id();
  bool ended = false;
  {
    std::unique_lock lock{shared_->mutex};
    shared_->stop = true;
    shared_->changed.notify_all();
    ended = !by_itself && shared_->changed.wait_for(lock, std::chrono::seconds{1},
                                                    [this] { return shared_->ended; });
    shared_->left_behind = !ended;
  }
  if (ended) {
    thread_.join();
  } else {
    if (!by_itself) log_warning("cloacina: an observer does not return; its thread is left behind");
    thread_.detach();
  }
}

void Observations::post(std::vector<Observation>&& observations) {
  if (observations.empty()) return;
  if (auto const& conductor = shared_->environment.conductor) {
    conductor->post(Conductor::Role::reader, [shared = shared_, batch = std::move(observations)] {
      for (auto const& seen : batch) shared->tell(seen);
    });
    return;
  }
  {
    std::lock_guard lock{shared_->mutex};
    shared_->waiting.insert(shared_->waiting.end(), std::make_move_iterator(observations.begin()),
                            std::make_move_iterator(observations.end()));
  }
  shared_->changed.notify_all();
}

}  // namespace cloacina::engine

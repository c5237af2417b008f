#include "engine/threaded_bodies.hpp"

#include <algorithm>
#include <atomic>
#include <iterator>
#include <utility>

#include <cloacina/detail/task_body.hpp>

namespace cloacina::engine {

ThreadedBodies::ThreadedBodies(std::shared_ptr<Crew> crew, std::size_t workers,
                               std::size_t coroutines, BodySettings settings,
                               Environment const& environment, std::shared_ptr<Inbox> inbox)
    : services_{.settings = settings,
                .environment = environment,
                .inbox = std::move(inbox),
                .sleeper = std::make_shared<RealSleeper>(),
                .watcher = std::make_shared<Watcher>(),
                .errands = nullptr,
                .lease_end = std::make_shared<std::atomic<std::int64_t>>(INT64_MAX)} {
  services_.errands = std::make_shared<Errands>(services_.inbox, services_.watcher);
  if (!crew) own_crew_ = crew = Crew::make(workers);
  workers_ = std::make_unique<WorkerPool>(std::move(crew), workers, services_);
  io_ = std::make_unique<IoThread>(coroutines, services_);
  services_.watcher->start([this](Clock::time_point now) { return look(now); },
                           services_.inbox.get());
}

ThreadedBodies::~ThreadedBodies() { shut_down(Clock::now()); }

std::optional<ThreadedBodies::Clock::time_point> ThreadedBodies::look(Clock::time_point now) {
  std::optional<Clock::time_point> next;
  for (auto const due : {workers_->expire(now), io_->expire(now), services_.errands->expire(now),
                         look_at_lease(now)})
    if (due && (!next || *due < *next)) next = due;
  return next;
}

// R6: once the lease may be over, at-most-once bodies are asked to stop; the engine renews it long
// before that.
std::optional<ThreadedBodies::Clock::time_point> ThreadedBodies::look_at_lease(
    Clock::time_point now) {
  auto const end = services_.lease_end->load();
  if (end == INT64_MAX || end == lease_over_) return std::nullopt;
  if (now.time_since_epoch().count() < end) return Clock::time_point{Clock::duration{end}};
  lease_over_ = end;
  workers_->stop_at_most_once();
  io_->stop_at_most_once();
  return std::nullopt;
}

void ThreadedBodies::start(std::vector<ReadyTask>&& ready) {
  if (!lease_matters_ && std::any_of(ready.begin(), ready.end(), [](ReadyTask const& task) {
        return task.definition().execution == ExecutionMode::at_most_once;
      })) {
    lease_matters_ = true;
    services_.watcher->watch(Clock::time_point{Clock::duration{services_.lease_end->load()}});
  }
  auto const synchronous = [](ReadyTask const& task) { return !task.definition().body->co_run; };
  auto const first = std::stable_partition(ready.begin(), ready.end(), synchronous);
  if (first != ready.end()) {
    io_->start({std::make_move_iterator(first), std::make_move_iterator(ready.end())});
    ready.erase(first, ready.end());
  }
  if (!ready.empty()) workers_->start(std::move(ready));
}

void ThreadedBodies::start_beside(ReadyTask&& ready) {
  if (ready.definition().body->co_run)
    io_->start_beside(std::move(ready));
  else
    workers_->start_beside(std::move(ready));
}

void ThreadedBodies::call(std::function<void()> callback) { workers_->call(std::move(callback)); }

void ThreadedBodies::stop_execution(ExecutionId id) {
  workers_->stop_execution(id);
  io_->stop_execution(id);
}

void ThreadedBodies::stop_all() {
  workers_->stop_all();
  io_->stop_all();
}

void ThreadedBodies::close() {
  workers_->close();
  io_->close();
}

std::vector<ReadyTask> ThreadedBodies::take_back() {
  auto taken = workers_->take_back();
  auto more = io_->take_back();
  taken.insert(taken.end(), std::make_move_iterator(more.begin()),
               std::make_move_iterator(more.end()));
  return taken;
}

void ThreadedBodies::set_lease_end(std::chrono::nanoseconds monotonic) {
  auto const earlier = services_.lease_end->exchange(monotonic.count());
  services_.watcher->start_missing();
  if (lease_matters_) services_.watcher->watch(Clock::time_point{monotonic});
  if (earlier > Clock::now().time_since_epoch().count()) return;  // nobody waits for it
  workers_->lease_moved();
  io_->lease_moved();
}

void ThreadedBodies::shut_down(Clock::time_point deadline) {
  services_.watcher->shut_down();
  io_->shut_down(deadline);
  workers_->shut_down(deadline);
  if (own_crew_) {
    own_crew_->shut_down(deadline);
  } else {
    workers_->leave_behind();
  }
  services_.errands->shut_down(deadline);
}

}  // namespace cloacina::engine

#include "engine/threaded_bodies.hpp"

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

#include <cloacina/detail/task_body.hpp>

namespace cloacina::engine {
namespace {

using Clock = ThreadedBodies::Clock;

// R6: once the lease may be over, at-most-once bodies are asked to stop; the engine renews it long
// before that.
std::optional<Clock::time_point> watch_lease(std::int64_t lease_end, Clock::time_point now,
                                             std::optional<Clock::time_point> next,
                                             WorkerPool& workers, IoThread* io) {
  if (lease_end == INT64_MAX) return next;
  Clock::time_point const end{std::chrono::nanoseconds{lease_end}};
  if (now < end) return next ? std::min(*next, end) : end;
  workers.stop_at_most_once();
  if (io) io->stop_at_most_once();
  return next;
}

}  // namespace

ThreadedBodies::ThreadedBodies(std::size_t workers, std::size_t coroutines, BodySettings settings,
                               Environment const& environment, std::shared_ptr<Inbox> inbox) {
  auto const sleeper = std::make_shared<RealSleeper>();
  workers_ = std::make_shared<WorkerPool>(workers, settings, environment, inbox, sleeper);
  auto const to_io = std::make_shared<std::weak_ptr<IoThread>>();
  io_ = std::make_shared<IoThread>(
      coroutines, settings, environment, inbox, sleeper,
      [pool = std::weak_ptr{workers_}, to_io,
       lease_end = lease_end_](Clock::time_point now) -> std::optional<Clock::time_point> {
        auto const alive = pool.lock();
        if (!alive) return std::nullopt;
        return watch_lease(lease_end->load(), now, alive->expire(now), *alive, to_io->lock().get());
      });
  *to_io = io_;
  workers_->on_deadline([io = std::weak_ptr{io_}](Clock::time_point deadline) {
    if (auto const alive = io.lock()) alive->watch(deadline);
  });
}

void ThreadedBodies::start(std::vector<ReadyTask>&& ready) {
  auto const synchronous = [](ReadyTask const& task) { return !task.definition().body->co_run; };
  auto const first = std::stable_partition(ready.begin(), ready.end(), synchronous);
  if (first != ready.end()) {
    io_->start({std::make_move_iterator(first), std::make_move_iterator(ready.end())});
    ready.erase(first, ready.end());
  }
  if (!ready.empty()) workers_->start(std::move(ready));
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

std::vector<ReadyTask> ThreadedBodies::take_back() {
  auto taken = workers_->take_back();
  auto more = io_->take_back();
  taken.insert(taken.end(), std::make_move_iterator(more.begin()),
               std::make_move_iterator(more.end()));
  return taken;
}

void ThreadedBodies::set_lease_end(std::chrono::nanoseconds monotonic) {
  lease_end_->store(monotonic.count());
  workers_->set_lease_end(monotonic);
  io_->watch(Clock::time_point{monotonic});
}

std::shared_ptr<void> ThreadedBodies::lend_slot() { return workers_->lend_slot(); }

void ThreadedBodies::shut_down(Clock::time_point deadline) {
  io_->shut_down(deadline);
  workers_->shut_down(deadline);
}

}  // namespace cloacina::engine

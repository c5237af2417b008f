#include "engine/worker_pool.hpp"

#include <cxxabi.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <iterator>
#include <map>
#include <mutex>
#include <stop_token>
#include <thread>
#include <utility>

#include "engine/call_aside.hpp"
#include "engine/log.hpp"
#include "engine/thread_name.hpp"
#include "engine/thread_role.hpp"

namespace cloacina::engine {
namespace {

struct ReadyBatch {
  std::vector<ReadyTask> tasks;
  std::atomic<std::size_t> next{0};

  /// Null when all are taken.
  ReadyTask* take() noexcept {
    if (next.load(std::memory_order_relaxed) >= tasks.size()) return nullptr;
    auto const index = next.fetch_add(1);
    return index < tasks.size() ? &tasks[index] : nullptr;
  }
};

}  // namespace

struct WorkerPool::Worker {
  explicit Worker(Inbox::Lane& its_lane) : lane(its_lane) {}

  Inbox::Lane& lane;
  std::thread thread;  // guarded by Shared::mutex
  bool ended = false;  // guarded by Shared::mutex

  std::mutex mutex;  // guards what follows: the body that runs now
  ReadyTask const* running = nullptr;
  std::stop_source stop{std::nostopstate};
  Clock::time_point started{};
  std::optional<std::chrono::milliseconds> limit;
  bool reported = false;                        // as timed out: what it returns is dropped
  bool abandoned = false;                       // stuck: its thread ends when the body does
  std::optional<Clock::time_point> give_up_at;  // after a timeout
};

struct WorkerPool::Shared {
  BodyServices services;
  std::size_t threads = 0;
  std::size_t replaced = 0;
  std::size_t surplus = 0;  // workers that shall end: their lent slot was given back

  std::mutex mutex;
  std::condition_variable work_there;
  std::condition_variable worker_ended;
  std::condition_variable lease_moved;
  std::map<int, std::deque<std::shared_ptr<ReadyBatch>>, std::greater<>> batches;  // by priority
  std::deque<std::function<void()>> calls;
  std::vector<std::shared_ptr<Worker>> workers;
  std::size_t idle = 0;
  bool stopping = false;
  std::atomic<int> top_priority{
      INT32_MIN};  // of what waits; a hint that a held batch is not the best any more

  /// The next task, or a callback, or (both empty) the end.
  ReadyTask* next(std::shared_ptr<ReadyBatch>& held, int& held_priority,
                  std::function<void()>& callback, Worker const& self);
  void serve(Worker& self);
  [[nodiscard]] bool wait_for_lease();
  [[nodiscard]] bool begin(ReadyTask const& ready, Worker& self, std::stop_source const& stop);
  void run(ReadyTask& ready, Worker& self);
  [[nodiscard]] FinishedTask outcome(ReadyTask& ready, Worker& self, std::stop_token stop);
  /// Whether its answer counts: it may have been given already, by who saw to its limit.
  [[nodiscard]] bool finish(Worker& self);
  /// Asks the bodies to stop for which `which(task)` holds.
  template <class Which>
  void stop_those(Which&& which);
};

ReadyTask* WorkerPool::Shared::next(std::shared_ptr<ReadyBatch>& held, int& held_priority,
                                    std::function<void()>& callback, Worker const& self) {
  if (held && held_priority >= top_priority.load(std::memory_order_relaxed)) {
    if (auto* task = held->take()) return task;
  }
  held.reset();
  std::unique_lock lock{mutex};
  for (;;) {
    if (self.abandoned) return nullptr;
    // Before the end too: a shutdown answers waiters, and their handlers come here.
    if (!calls.empty()) {
      callback = std::move(calls.front());
      calls.pop_front();
      return nullptr;
    }
    if (stopping) return nullptr;
    if (surplus > 0) {
      --surplus;
      return nullptr;
    }
    while (!batches.empty()) {
      auto& [priority, queue] = *batches.begin();
      if (auto* task = queue.front()->take()) {
        held = queue.front();
        held_priority = priority;
        top_priority.store(priority, std::memory_order_relaxed);
        return task;
      }
      queue.pop_front();
      if (queue.empty()) batches.erase(batches.begin());
    }
    top_priority.store(INT32_MIN, std::memory_order_relaxed);
    ++idle;
    work_there.wait(lock);
    --idle;
  }
}

// R6: past the end of the lease nothing new starts, until it is renewed or this runner learns that
// it is dead.
bool WorkerPool::Shared::wait_for_lease() {
  if (services.may_start(Clock::now())) return true;
  std::unique_lock lock{mutex};
  lease_moved.wait(lock, [this] { return stopping || services.may_start(Clock::now()); });
  return !stopping;
}

// Registered first, asked second: whoever ends the lease, or sets the flag of an execution, looks
// at the registered bodies afterwards.
bool WorkerPool::Shared::begin(ReadyTask const& ready, Worker& self, std::stop_source const& stop) {
  for (;;) {
    if (!wait_for_lease()) return false;
    auto const now = Clock::now();
    {
      std::lock_guard lock{self.mutex};
      self.running = &ready;
      self.stop = stop;
      self.started = now;
      self.limit = time_limit(ready.definition(), services.settings);
      self.reported = false;
      self.give_up_at.reset();
    }
    if (services.may_start(now)) break;
    (void)finish(self);
  }
  if (!ready.stopped->load()) return true;
  (void)finish(self);
  return false;
}

bool WorkerPool::Shared::finish(Worker& self) {
  std::lock_guard lock{self.mutex};
  self.running = nullptr;
  self.stop = std::stop_source{std::nostopstate};
  return !self.reported;
}

FinishedTask WorkerPool::Shared::outcome(ReadyTask& ready, Worker& self, std::stop_token stop) {
  auto const limit = self.limit;
  std::optional<Instant> deadline;
  if (limit) {
    deadline = services.environment.now() + *limit;
    services.watcher->watch(self.started + *limit);
  }
  auto run = make_run(ready, std::move(stop), deadline, *services.sleeper);
  auto finished = run_body(ready, std::move(run), services.settings);
  // Late is late, whether somebody saw it or not.
  if (limit && self.started + *limit <= Clock::now()) return timed_out(ready, *limit);
  return finished;
}

void WorkerPool::Shared::run(ReadyTask& ready, Worker& self) {
  std::stop_source const stop;
  if (!begin(ready, self, stop)) return services.inbox->push(self.lane, dropped(ready));
  try {
    auto finished = outcome(ready, self, stop.get_token());
    if (finish(self)) services.inbox->push(self.lane, std::move(finished));
  } catch (abi::__forced_unwind const&) {
    if (finish(self)) services.inbox->push(self.lane, ended_its_thread(ready));
    throw;
  }
  ready = ReadyTask{};  // frees workflow and context here, not on the thread that drops the batch
}

void WorkerPool::Shared::serve(Worker& self) {
  std::shared_ptr<ReadyBatch> held;
  int held_priority = 0;
  for (;;) {
    std::function<void()> callback;
    if (auto* task = next(held, held_priority, callback, self)) {
      run(*task, self);
      std::lock_guard lock{self.mutex};
      if (self.abandoned) return;
    } else if (callback) {
      ThreadRole const calling{ThreadRole::callback, services.inbox.get()};
      callback();
    } else {
      return;
    }
  }
}

thread_local std::weak_ptr<WorkerPool::Shared> WorkerPool::of_this_thread_;

void WorkerPool::work(std::shared_ptr<Shared> const& shared, std::shared_ptr<Worker> const& self) {
  ThreadRole const role{ThreadRole::worker, shared->services.inbox.get()};
  of_this_thread_ = shared;
  name_thread("cloacina-worker");
  auto const ended = [&] {
    std::lock_guard lock{shared->mutex};
    self->ended = true;
    shared->worker_ended.notify_all();
  };
  try {
    shared->serve(*self);
  } catch (abi::__forced_unwind const&) {
    log_warning("cloacina: a body or a callback ended its thread, which is replaced");
    std::unique_lock lock{self->mutex};
    bool const replaced = self->abandoned;
    lock.unlock();
    if (!replaced) add_worker(shared);
    ended();
    throw;  // swallowing it would end the process
  }
  ended();
}

WorkerPool::WorkerPool(std::size_t threads, BodyServices services)
    : shared_(std::make_shared<Shared>()) {
  shared_->services = std::move(services);
  shared_->threads = threads;
  for (std::size_t i = 0; i < threads; ++i) add_worker(shared_);
}

WorkerPool::~WorkerPool() { shut_down(Clock::now()); }

void WorkerPool::add_worker(std::shared_ptr<Shared> const& shared) {
  std::lock_guard lock{shared->mutex};
  if (shared->stopping) return;
  std::erase_if(shared->workers, [](auto const& worker) {
    if (!worker->ended) return false;
    worker->thread.join();
    return true;
  });
  auto worker = std::make_shared<Worker>(shared->services.inbox->add_lane());
  worker->thread = std::thread{&WorkerPool::work, shared, worker};
  shared->workers.push_back(std::move(worker));
}

std::shared_ptr<void> WorkerPool::lend_slot_of_this_thread() {
  auto const mine = of_this_thread_.lock();
  if (!mine) return nullptr;
  add_worker(mine);
  return {nullptr, [shared = mine](void*) {
            {
              std::lock_guard lock{shared->mutex};
              ++shared->surplus;
            }
            shared->work_there.notify_one();
          }};
}

void WorkerPool::start(std::vector<ReadyTask>&& ready) {
  std::map<int, std::shared_ptr<ReadyBatch>> by_priority;
  auto const tasks = ready.size();
  for (auto& task : ready) {
    auto& batch = by_priority[task.definition().priority];
    if (!batch) {
      batch = std::make_shared<ReadyBatch>();
      batch->tasks.reserve(tasks);
    }
    batch->tasks.push_back(std::move(task));
  }
  std::size_t wake = 0;
  {
    std::lock_guard lock{shared_->mutex};
    for (auto& [priority, batch] : by_priority) {
      shared_->batches[priority].push_back(std::move(batch));
      if (priority > shared_->top_priority.load(std::memory_order_relaxed))
        shared_->top_priority.store(priority);
    }
    wake = std::min(tasks, shared_->idle);
  }
  if (wake > 1) {
    shared_->work_there.notify_all();
  } else if (wake == 1) {
    shared_->work_there.notify_one();
  }
}

void WorkerPool::call(std::function<void()> callback) {
  {
    std::lock_guard lock{shared_->mutex};
    if (!shared_->stopping) {
      shared_->calls.push_back(std::exchange(callback, nullptr));
      shared_->top_priority.store(INT32_MAX);  // whoever holds a batch comes by
    }
  }
  if (callback) return call_aside({std::move(callback)});  // no worker will come any more
  shared_->work_there.notify_one();
}

template <class Which>
void WorkerPool::Shared::stop_those(Which&& which) {
  std::lock_guard lock{mutex};
  for (auto const& worker : workers) {
    std::lock_guard worker_lock{worker->mutex};
    if (worker->running && which(*worker->running))
      services.errands->post([stop = worker->stop]() mutable { stop.request_stop(); });
  }
}

void WorkerPool::stop_execution(ExecutionId id) {
  shared_->stop_those([id](ReadyTask const& task) { return task.id == id; });
}

void WorkerPool::stop_all() {
  shared_->stop_those([](ReadyTask const&) { return true; });
}

void WorkerPool::stop_at_most_once() {
  shared_->stop_those([](ReadyTask const& task) {
    return task.definition().execution == ExecutionMode::at_most_once;
  });
}

std::vector<ReadyTask> WorkerPool::take_back() {
  std::vector<ReadyTask> taken;
  std::lock_guard lock{shared_->mutex};
  for (auto& [priority, queue] : shared_->batches)
    for (auto& batch : queue)
      while (auto* task = batch->take()) taken.push_back(std::move(*task));
  return taken;
}

void WorkerPool::lease_moved() {
  { std::lock_guard lock{shared_->mutex}; }
  shared_->lease_moved.notify_all();
}

std::optional<WorkerPool::Clock::time_point> WorkerPool::expire(Clock::time_point now) {
  std::optional<Clock::time_point> next;
  std::size_t stuck = 0;
  auto const& services = shared_->services;
  {
    std::lock_guard lock{shared_->mutex};
    for (auto const& worker : shared_->workers) {
      std::lock_guard worker_lock{worker->mutex};
      if (!worker->running || worker->abandoned || !worker->limit) continue;
      auto const& task = *worker->running;
      if (!worker->reported && worker->started + *worker->limit <= now) {
        worker->reported = true;
        worker->give_up_at = now + stuck_after;
        services.end_overdue(worker->lane, task.identity(), *worker->limit,
                             [stop = worker->stop]() mutable { stop.request_stop(); });
      } else if (worker->give_up_at && *worker->give_up_at <= now) {
        bool const replace = shared_->replaced < shared_->threads;
        log_warning("cloacina: task '" + task.definition().id + "' of execution " +
                    task.id.to_string() + " ignores its stop token; its thread is " +
                    (replace ? "left behind and replaced" : "lost: too many are stuck already"));
        worker->give_up_at.reset();
        if (replace) {
          worker->abandoned = true;
          ++shared_->replaced;
          ++stuck;
        }
        continue;
      }
      auto const due =
          worker->reported ? worker->give_up_at : std::optional{worker->started + *worker->limit};
      if (due && (!next || *due < *next)) next = due;
    }
  }
  for (; stuck > 0; --stuck) add_worker(shared_);
  return next;
}

void WorkerPool::shut_down(Clock::time_point deadline) {
  std::unique_lock lock{shared_->mutex};
  shared_->stopping = true;
  shared_->work_there.notify_all();
  shared_->lease_moved.notify_all();
  auto const all_ended = [this] {
    return std::all_of(shared_->workers.begin(), shared_->workers.end(),
                       [](auto const& w) { return w->ended; });
  };
  shared_->worker_ended.wait_until(lock, deadline, all_ended);
  auto workers = std::move(shared_->workers);
  shared_->workers.clear();
  auto calls = std::exchange(shared_->calls, {});
  lock.unlock();
  // Every worker is stuck: who waits for these is answered all the same.
  call_aside({std::make_move_iterator(calls.begin()), std::make_move_iterator(calls.end())});
  for (auto& worker : workers) {
    if (!worker->thread.joinable()) continue;
    bool ended = false;
    {
      std::lock_guard guard{shared_->mutex};
      ended = worker->ended;
    }
    // A thread that joins itself would never return: a runner may be destroyed by one of its own
    // bodies.
    if (ended && worker->thread.get_id() != std::this_thread::get_id()) {
      worker->thread.join();
    } else {
      worker->thread.detach();
    }
  }
}

}  // namespace cloacina::engine

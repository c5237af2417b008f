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
#include <string>
#include <thread>
#include <utility>

#include <cloacina/error.hpp>

#include "core/sabotage.hpp"
#include "engine/log.hpp"
#include "engine/start_thread.hpp"
#include "engine/thread_name.hpp"
#include "engine/thread_role.hpp"
#include "engine/user_call.hpp"

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

  Inbox::Lane& lane;   // handed on when the worker has ended
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
  std::size_t missing = 0;  // workers that the system refused
  std::size_t surplus = 0;  // workers that shall end: their lent slot was given back
  std::atomic<std::size_t> lent{0};

  std::mutex mutex;
  std::condition_variable work_there;
  std::condition_variable worker_ended;
  std::condition_variable lease_moved;
  std::map<int, std::deque<std::shared_ptr<ReadyBatch>>, std::greater<>> batches;  // by priority
  std::deque<std::function<void()>> calls;
  std::vector<std::shared_ptr<Worker>> workers;
  std::vector<Inbox::Lane*> free_lanes;
  std::size_t idle = 0;
  std::atomic<bool> closed{false};  // no body starts any more
  bool stopping = false;            // and no callback
  std::atomic<int> top_priority{
      INT32_MIN};  // of what waits; a hint that a held batch is not the best any more

  /// The next task, or a callback, or (both empty) the end.
  ReadyTask* next(std::shared_ptr<ReadyBatch>& held, int& held_priority,
                  std::function<void()>& callback, Worker const& self);
  void serve(Worker& self);
  [[nodiscard]] bool wait_for_lease();
  [[nodiscard]] bool begin(ReadyTask const& ready, Worker& self, std::stop_source const& stop);
  void run(ReadyTask& ready, Worker& self);
  void run_begun(ReadyTask& ready, Worker& self, std::stop_token stop);
  /// Whether its answer counts: it may have been given already, by who saw to its limit.
  [[nodiscard]] bool finish(Worker& self);
  void answer(Worker& self, FinishedTask&& finished) {
    services.inbox->push(self.lane, std::move(finished));
  }
  /// With the mutex held: those that have ended, to be joined without it.
  [[nodiscard]] std::vector<std::thread> take_ended();
  /// Asks the bodies to stop for which `which(task)` holds.
  template <class Which>
  void stop_those(Which&& which);
};

ReadyTask* WorkerPool::Shared::next(std::shared_ptr<ReadyBatch>& held, int& held_priority,
                                    std::function<void()>& callback, Worker const& self) {
  if (held && held_priority >= top_priority.load(std::memory_order_relaxed)) {
    if (auto* task = held->take()) return task;  // dropped, once the pool is closed
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
  if (!closed && services.may_start(Clock::now())) return true;
  std::unique_lock lock{mutex};
  lease_moved.wait(lock, [this] { return closed || services.may_start(Clock::now()); });
  return !closed;
}

// Registered first, asked second: whoever closes the pool, ends the lease, or sets the flag of an
// execution looks at the registered bodies afterwards. False: it was answered.
bool WorkerPool::Shared::begin(ReadyTask const& ready, Worker& self, std::stop_source const& stop) {
  while (wait_for_lease()) {
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
    bool const stopped = ready.stopped->load();
    if (!closed && !stopped && services.may_start(now)) return true;
    if (!finish(self)) return false;
    if (stopped) break;
  }
  answer(self, dropped(ready));
  return false;
}

bool WorkerPool::Shared::finish(Worker& self) {
  std::lock_guard lock{self.mutex};
  self.running = nullptr;
  self.stop = std::stop_source{std::nostopstate};
  return !self.reported;
}

void WorkerPool::Shared::run_begun(ReadyTask& ready, Worker& self, std::stop_token stop) {
  auto const limit = self.limit;
  std::optional<Instant> deadline;
  if (limit) {
    deadline = services.environment.now() + *limit;
    services.watcher->watch(self.started + *limit);
  }
  auto run = make_run(ready, std::move(stop), deadline, *services.sleeper);
  auto const error = run_body(ready, run);
  // Late is late, whether somebody saw it or not.
  bool const late = limit && self.started + *limit <= Clock::now();
  if (!finish(self)) return;
  answer(self, late ? timed_out(ready, *limit)
                    : came_to_end(ready, std::move(run), error, services.settings));
}

void WorkerPool::Shared::run(ReadyTask& ready, Worker& self) {
  std::stop_source const stop;
  if (!begin(ready, self, stop)) return;
  try {
    run_begun(ready, self, stop.get_token());
  } catch (abi::__forced_unwind const&) {
    if (finish(self)) answer(self, ended_its_thread(ready));
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
      call_user(callback, "a callback or a handler");
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
    bool replaced = false;
    {
      std::lock_guard lock{self->mutex};
      replaced = self->abandoned;
    }
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
  if (shared_->missing == 0) return;
  auto const refused = std::to_string(shared_->missing);
  shut_down(Clock::now() + stuck_after);
  throw ConfigurationError{"the system refuses " + refused + " of " + std::to_string(threads) +
                               " worker threads; lower max_concurrent_tasks, or raise its limit of "
                               "threads",
                           "max_concurrent_tasks"};
}

WorkerPool::~WorkerPool() { shut_down(Clock::now()); }

// A thread that the system refuses is missing until it is asked again.
void WorkerPool::add_worker(std::shared_ptr<Shared> const& shared) {
  std::lock_guard lock{shared->mutex};
  if (shared->stopping) return;
  if (shared->free_lanes.empty()) shared->free_lanes.push_back(&shared->services.inbox->add_lane());
  auto worker = std::make_shared<Worker>(*shared->free_lanes.back());
  auto thread = start_thread([shared, worker] { work(shared, worker); });
  if (!thread) {
    ++shared->missing;
    return;
  }
  shared->free_lanes.pop_back();
  worker->thread = std::move(*thread);
  shared->workers.push_back(std::move(worker));
}

std::vector<std::thread> WorkerPool::Shared::take_ended() {
  std::vector<std::thread> ended;
  std::erase_if(workers, [&](auto const& worker) {
    if (!worker->ended) return false;
    free_lanes.push_back(&worker->lane);
    ended.push_back(std::move(worker->thread));
    return true;
  });
  return ended;
}

std::shared_ptr<void> WorkerPool::lend_slot_of_this_thread() {
  auto const mine = of_this_thread_.lock();
  if (!mine) return nullptr;
  std::vector<std::thread> ended;
  bool another = true;
  {
    std::lock_guard lock{mine->mutex};
    ended = mine->take_ended();
    if (mine->surplus > 0) {
      --mine->surplus;  // one that was about to end goes on instead
      another = false;
    }
  }
  for (auto& thread : ended) thread.join();
  if (another) add_worker(mine);
  ++mine->lent;
  return {nullptr, [shared = mine](void*) {
            --shared->lent;
            {
              std::lock_guard lock{shared->mutex};
              ++shared->surplus;
              shared->top_priority.store(INT32_MAX);  // also one that holds a batch comes by
            }
            shared->work_there.notify_one();
          }};
}

std::size_t WorkerPool::lent() const noexcept { return shared_->lent.load(); }

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

void WorkerPool::close() {
  shared_->closed = true;
  lease_moved();
  stop_all();
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
  std::vector<std::string> said;  // a log sink is a user's: without the locks
  std::size_t wanted = 0;
  {
    std::lock_guard lock{shared_->mutex};
    wanted = std::exchange(shared_->missing, 0);
    for (auto const& worker : shared_->workers) {
      std::lock_guard worker_lock{worker->mutex};
      if (!worker->running || worker->abandoned || !worker->limit) continue;
      if (!worker->reported && worker->started + *worker->limit <= now) {
        worker->reported = true;
        worker->give_up_at = now + stuck_after;
        shared_->services.end_overdue(worker->lane, worker->running->identity(), *worker->limit,
                                      [stop = worker->stop]() mutable { stop.request_stop(); });
      } else if (worker->give_up_at && *worker->give_up_at <= now) {
        if (give_up(*worker, now, said)) ++wanted;
      }
      auto const due =
          worker->reported ? worker->give_up_at : std::optional{worker->started + *worker->limit};
      if (due && (!next || *due < *next)) next = due;
    }
  }
  for (auto const& text : said) log_warning(text);
  for (; wanted > 0; --wanted) add_worker(shared_);
  std::lock_guard lock{shared_->mutex};
  if (shared_->missing > 0 && (!next || now + stuck_after < *next)) next = now + stuck_after;
  return next;
}

bool WorkerPool::give_up(Worker& worker, Clock::time_point now, std::vector<std::string>& said) {
  worker.give_up_at.reset();
  if (!worker.stop.stop_requested()) {  // the request waits behind others: it is not deaf
    worker.give_up_at = now + stuck_after;
    return false;
  }
  bool const replace = shared_->replaced < shared_->threads;
  auto const& task = *worker.running;
  said.push_back("cloacina: task '" + task.definition().id + "' of execution " +
                 task.id.to_string() + " ignores its stop token; its thread is " +
                 (replace ? "left behind and replaced" : "lost: too many are stuck already"));
  if (!replace) return false;
  worker.abandoned = true;
  ++shared_->replaced;
  return true;
}

void WorkerPool::shut_down(Clock::time_point deadline) {
  close();
  std::unique_lock lock{shared_->mutex};
  shared_->stopping = true;
  shared_->work_there.notify_all();
  shared_->lease_moved.notify_all();
  auto const all_ended = [this] {
    return std::all_of(shared_->workers.begin(), shared_->workers.end(),
                       [](auto const& w) { return w->ended; });
  };
  // What the trial never_returns must notice.
  static bool const for_ever = is_sabotaged("join_without_deadline");
  shared_->worker_ended.wait_until(lock, for_ever ? Clock::time_point::max() : deadline, all_ended);
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

#include "engine/worker_pool.hpp"

#include <algorithm>
#include <utility>

#include "engine/log.hpp"
#include "engine/thread_name.hpp"
#include "engine/thread_role.hpp"

namespace cloacina::engine {
namespace {

using namespace std::chrono_literals;

// After its stop was requested a body has this long before its thread is given up.
constexpr auto stuck_after = 1s;

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

void call_now(std::function<void()> const& callback) {
  ThreadRole const calling{ThreadRole::callback};
  callback();
}

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
  BodySettings settings;
  Environment environment;
  std::shared_ptr<Inbox> inbox;
  std::shared_ptr<detail::Sleeper> sleeper;
  std::size_t threads = 0;
  std::size_t replaced = 0;
  std::size_t surplus = 0;  // workers that shall end: their lent slot was given back
  std::function<void(Clock::time_point)> watch;

  std::mutex mutex;
  std::condition_variable work_there;
  std::condition_variable worker_ended;
  std::map<int, std::deque<std::shared_ptr<ReadyBatch>>, std::greater<>> batches;  // by priority
  std::deque<std::function<void()>> calls;
  std::vector<std::shared_ptr<Worker>> workers;
  std::size_t idle = 0;
  bool stop = false;
  std::atomic<int> top_priority{
      INT32_MIN};  // of what waits; a hint that a held batch is not the best any more
  std::atomic<std::int64_t> lease_end{INT64_MAX};
  std::condition_variable lease_moved;

  /// The next task, or a callback, or (both empty) the end.
  ReadyTask* next(std::shared_ptr<ReadyBatch>& held, int& held_priority,
                  std::function<void()>& callback, Worker const& self);
  [[nodiscard]] bool wait_for_lease(Clock::time_point now);
  void run(ReadyTask& ready, Worker& self);
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
    if (stop) return nullptr;
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
bool WorkerPool::Shared::wait_for_lease(Clock::time_point now) {
  if (now.time_since_epoch().count() < lease_end.load(std::memory_order_relaxed)) return true;
  std::unique_lock lock{mutex};
  lease_moved.wait(
      lock, [this] { return stop || Clock::now().time_since_epoch().count() < lease_end.load(); });
  return !stop;
}

void WorkerPool::Shared::run(ReadyTask& ready, Worker& self) {
  auto const now = Clock::now();
  auto const limit = time_limit(ready.definition(), settings);
  if (!wait_for_lease(now)) return inbox->push(self.lane, dropped(ready));
  std::stop_source stop_source;
  {
    std::lock_guard lock{self.mutex};
    self.running = &ready;
    self.stop = stop_source;
    self.started = now;
    self.limit = limit;
    self.reported = false;
    self.give_up_at.reset();
  }
  // Registered first, asked second: whoever sets the flag looks at the registered bodies
  // afterwards.
  FinishedTask finished;
  if (ready.stopped->load()) {
    finished = dropped(ready);
  } else {
    std::optional<Instant> deadline;
    if (limit) {
      deadline = environment.now() + *limit;
      watch(now + *limit);
    }
    finished =
        run_body(ready, make_run(ready, stop_source.get_token(), deadline, *sleeper), settings);
  }
  bool reported = false;
  {
    std::lock_guard lock{self.mutex};
    self.running = nullptr;
    self.stop = std::stop_source{std::nostopstate};
    reported = self.reported;
  }
  if (!reported) inbox->push(self.lane, std::move(finished));
  ready = ReadyTask{};  // frees workflow and context here, not on the thread that drops the batch
}

void WorkerPool::work(std::shared_ptr<Shared> shared, std::shared_ptr<Worker> self) {
  ThreadRole const role{ThreadRole::worker};
  name_thread("cloacina-worker");
  std::shared_ptr<ReadyBatch> held;
  int held_priority = 0;
  for (;;) {
    std::function<void()> callback;
    if (auto* task = shared->next(held, held_priority, callback, *self)) {
      shared->run(*task, *self);
      std::lock_guard lock{self->mutex};
      if (self->abandoned) break;
    } else if (callback) {
      call_now(callback);
    } else {
      break;
    }
  }
  std::lock_guard lock{shared->mutex};
  self->ended = true;
  shared->worker_ended.notify_all();
}

WorkerPool::WorkerPool(std::size_t threads, BodySettings settings, Environment const& environment,
                       std::shared_ptr<Inbox> inbox, std::shared_ptr<detail::Sleeper> sleeper)
    : shared_(std::make_shared<Shared>()) {
  shared_->settings = settings;
  shared_->environment = environment;
  shared_->inbox = std::move(inbox);
  shared_->sleeper = std::move(sleeper);
  shared_->threads = threads;
  shared_->watch = [](Clock::time_point) {};
  for (std::size_t i = 0; i < threads; ++i) add_worker(shared_);
}

WorkerPool::~WorkerPool() { shut_down(Clock::now()); }

void WorkerPool::add_worker(std::shared_ptr<Shared> const& shared) {
  std::lock_guard lock{shared->mutex};
  if (shared->stop) return;
  std::erase_if(shared->workers, [](auto const& worker) {
    if (!worker->ended) return false;
    worker->thread.join();
    return true;
  });
  auto worker = std::make_shared<Worker>(shared->inbox->add_lane());
  worker->thread = std::thread{&WorkerPool::work, shared, worker};
  shared->workers.push_back(std::move(worker));
}

std::shared_ptr<void> WorkerPool::lend_slot() {
  add_worker(shared_);
  return {nullptr, [shared = shared_](void*) {
            {
              std::lock_guard lock{shared->mutex};
              ++shared->surplus;
            }
            shared->work_there.notify_one();
          }};
}

void WorkerPool::on_deadline(std::function<void(Clock::time_point)> watch) {
  shared_->watch = std::move(watch);
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
    if (!shared_->stop) {
      shared_->calls.push_back(std::exchange(callback, nullptr));
      shared_->top_priority.store(INT32_MAX);  // whoever holds a batch comes by
    }
  }
  if (callback) return call_now(callback);  // no worker will come any more
  shared_->work_there.notify_one();
}

void WorkerPool::stop_execution(ExecutionId id) {
  std::vector<std::stop_source> sources;
  {
    std::lock_guard lock{shared_->mutex};
    for (auto const& worker : shared_->workers) {
      std::lock_guard worker_lock{worker->mutex};
      if (worker->running && worker->running->id == id) sources.push_back(worker->stop);
    }
  }
  for (auto& source : sources)
    source.request_stop();  // callbacks of users run here: without a lock
}

void WorkerPool::stop_all() {
  std::vector<std::stop_source> sources;
  {
    std::lock_guard lock{shared_->mutex};
    for (auto const& worker : shared_->workers) {
      std::lock_guard worker_lock{worker->mutex};
      if (worker->running) sources.push_back(worker->stop);
    }
  }
  for (auto& source : sources) source.request_stop();
}

void WorkerPool::stop_at_most_once() {
  std::vector<std::stop_source> sources;
  {
    std::lock_guard lock{shared_->mutex};
    for (auto const& worker : shared_->workers) {
      std::lock_guard worker_lock{worker->mutex};
      if (worker->running && worker->running->definition().execution == ExecutionMode::at_most_once)
        sources.push_back(worker->stop);
    }
  }
  for (auto& source : sources) source.request_stop();
}

std::vector<ReadyTask> WorkerPool::take_back() {
  std::vector<ReadyTask> taken;
  std::lock_guard lock{shared_->mutex};
  for (auto& [priority, queue] : shared_->batches)
    for (auto& batch : queue)
      while (auto* task = batch->take()) taken.push_back(std::move(*task));
  return taken;
}

void WorkerPool::set_lease_end(std::chrono::nanoseconds monotonic) {
  auto const earlier = shared_->lease_end.exchange(monotonic.count());
  if (earlier > Clock::now().time_since_epoch().count()) return;  // nobody waits for it
  { std::lock_guard lock{shared_->mutex}; }
  shared_->lease_moved.notify_all();
}

std::optional<WorkerPool::Clock::time_point> WorkerPool::expire(Clock::time_point now) {
  std::optional<Clock::time_point> next;
  std::vector<std::stop_source> sources;
  std::size_t stuck = 0;
  {
    std::lock_guard lock{shared_->mutex};
    for (auto const& worker : shared_->workers) {
      std::lock_guard worker_lock{worker->mutex};
      if (!worker->running || worker->abandoned || !worker->limit) continue;
      if (!worker->reported && worker->started + *worker->limit <= now) {
        worker->reported = true;
        worker->give_up_at = now + stuck_after;
        sources.push_back(worker->stop);
        shared_->inbox->push(worker->lane, timed_out(*worker->running, *worker->limit));
      } else if (worker->give_up_at && *worker->give_up_at <= now) {
        auto const& task = *worker->running;
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
  for (auto& source : sources) source.request_stop();
  for (; stuck > 0; --stuck) add_worker(shared_);
  return next;
}

void WorkerPool::shut_down(Clock::time_point deadline) {
  std::unique_lock lock{shared_->mutex};
  shared_->stop = true;
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
  if (!calls.empty()) {
    // Every worker is stuck. Who waits for these is answered all the same, and not by the thread
    // that shuts down.
    std::thread{[shared = shared_, calls = std::move(calls)] {
      for (auto const& callback : calls) call_now(callback);
    }}.detach();
  }
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

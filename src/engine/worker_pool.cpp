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
#include <utility>

#include <cloacina/error.hpp>

#include "core/sabotage.hpp"
#include "engine/log.hpp"
#include "engine/start_thread.hpp"
#include "engine/stuck.hpp"
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

/// A worker's place: the body that it runs now.
struct WorkerPool::Worker {
  explicit Worker(Inbox::Lane& its_lane) : lane(its_lane) {}

  Inbox::Lane& lane;
  Crew::Member* member = nullptr;  // guarded by Shared::mutex; null: the place is free
  bool is_poll = false;            // as well: the thread is not the crew's
  Clock::time_point arrived{};     // the thread's own

  std::mutex mutex;  // guards what follows
  ReadyTask const* running = nullptr;
  std::stop_source stop{std::nostopstate};
  Clock::time_point started{};
  std::optional<std::chrono::milliseconds> limit;
  bool reported = false;                        // as timed out: what it returns is dropped
  std::optional<Clock::time_point> give_up_at;  // after a timeout
};

struct WorkerPool::Shared final : Crew::Site, std::enable_shared_from_this<Shared> {
  Shared(std::shared_ptr<Crew> its_crew, std::size_t most, BodyServices its_services)
      : crew(std::move(its_crew)), most_threads(most), services(std::move(its_services)) {}

  std::shared_ptr<Crew> crew;
  std::size_t const most_threads;
  BodyServices services;
  std::atomic<std::size_t> lent{0};

  std::mutex mutex;
  std::condition_variable worker_left;
  std::map<int, std::deque<std::shared_ptr<ReadyBatch>>, std::greater<>> batches;  // by priority
  std::deque<std::function<void()>> calls;
  std::vector<std::unique_ptr<Worker>> workers;  // one for each thread that was here at once
  std::atomic<std::size_t> present{0};           // threads here that may come back
  std::atomic<bool> work_left{false};            // that a thread could do now
  std::atomic<bool> closed{false};               // no body starts any more
  bool stopping = false;                         // and no callback
  std::atomic<int> top_priority{
      INT32_MIN};  // of what waits; a hint that a held batch is not the best any more

  void work(Crew::Member& member) override;
  [[nodiscard]] bool has_work() const noexcept override { return work_left && has_room(); }

  [[nodiscard]] bool has_room() const noexcept { return present < most_threads + lent; }
  /// A place for the calling thread; null if there are enough.
  [[nodiscard]] Worker* arrive(Crew::Member& member);
  void leave(Worker& self);
  /// With the lock.
  [[nodiscard]] Worker& free_place();
  /// A place for a poll, beside those of the crew's threads, and its end.
  [[nodiscard]] Worker& receive(Crew::Member& member);
  void see_off(Worker& place);
  void run_beside(Guest& guest);
  [[nodiscard]] bool may_start() const noexcept {
    return closed || services.may_start(Clock::now());
  }
  /// The next task, or a callback, or (both empty) it is time to leave.
  ReadyTask* next(std::shared_ptr<ReadyBatch>& held, int& held_priority,
                  std::function<void()>& callback, Worker const& self);
  void serve(Worker& self);
  enum class Begun : unsigned char { yes, answered, lease_is_over };
  [[nodiscard]] Begun begin(ReadyTask const& ready, Worker& self, std::stop_source const& stop);
  void run(ReadyTask& ready, Worker& self);
  void run_begun(ReadyTask& ready, Worker& self, std::stop_token stop);
  void put_back(ReadyTask&& ready);
  /// With the lock. False: the thread keeps its place, because the crew has no other one.
  [[nodiscard]] bool leave_behind(Worker& worker);
  /// Whether its answer counts: it may have been given already, by who saw to its limit.
  [[nodiscard]] bool finish(Worker& self);
  void answer(Worker& self, FinishedTask&& finished) {
    services.inbox->push(self.lane, std::move(finished));
  }
  /// Asks the bodies to stop for which `which(task)` holds.
  template <class Which>
  void stop_those(Which&& which);
};

thread_local WorkerPool::Shared* WorkerPool::of_this_thread_ = nullptr;

void WorkerPool::Shared::work(Crew::Member& member) {
  struct Visit {
    Shared& pool;
    Worker& self;
    Visit(Shared& its_pool, Worker& worker) : pool(its_pool), self(worker) {
      of_this_thread_ = &pool;
    }
    ~Visit() {
      of_this_thread_ = nullptr;
      pool.leave(self);
    }
    Visit(Visit const&) = delete;
    Visit& operator=(Visit const&) = delete;
  };
  auto* const self = arrive(member);
  if (!self) return;
  Visit const visit{*this, *self};
  ThreadRole const role{ThreadRole::worker, services.inbox.get()};
  serve(*self);
}

WorkerPool::Worker* WorkerPool::Shared::arrive(Crew::Member& member) {
  std::lock_guard lock{mutex};
  if (!has_room()) return nullptr;
  ++present;
  auto& self = free_place();
  self.member = &member;
  self.is_poll = false;
  self.arrived = Clock::now();
  return &self;
}

WorkerPool::Worker& WorkerPool::Shared::free_place() {
  auto place = std::find_if(workers.begin(), workers.end(),
                            [](auto const& worker) { return !worker->member; });
  if (place == workers.end())
    place = workers.insert(workers.end(), std::make_unique<Worker>(services.inbox->add_lane()));
  return **place;
}

void WorkerPool::Shared::leave(Worker& self) {
  bool more = false;
  {
    std::lock_guard lock{mutex};
    if (!self.member->abandoned) --present;
    self.member = nullptr;
    more = work_left;
  }
  worker_left.notify_all();
  if (more) crew->call(shared_from_this(), 1);
}

// R6: past the end of the lease nothing new starts, until it is renewed or this runner learns that
// it is dead. What waits for that holds no thread.
ReadyTask* WorkerPool::Shared::next(std::shared_ptr<ReadyBatch>& held, int& held_priority,
                                    std::function<void()>& callback, Worker const& self) {
  bool const leaves = crew->is_wanted_elsewhere(*this, self.arrived);
  if (held && !leaves && held_priority >= top_priority.load(std::memory_order_relaxed)) {
    if (auto* task = held->take()) return task;  // dropped, once the pool is closed
  }
  held.reset();
  std::lock_guard lock{mutex};
  if (self.member->abandoned || leaves) return nullptr;
  // Before the end too: a shutdown answers waiters, and their handlers come here.
  if (!calls.empty()) {
    callback = std::move(calls.front());
    calls.pop_front();
    return nullptr;
  }
  while (!batches.empty() && may_start()) {
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
  work_left = false;
  top_priority.store(batches.empty() ? INT32_MIN : INT32_MAX, std::memory_order_relaxed);
  return nullptr;
}

// Registered first, asked second: whoever closes the pool, ends the lease, or sets the flag of an
// execution looks at the registered bodies afterwards.
WorkerPool::Shared::Begun WorkerPool::Shared::begin(ReadyTask const& ready, Worker& self,
                                                    std::stop_source const& stop) {
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
  bool const dropping = closed || ready.stopped->load();
  bool const lease_holds = services.may_start(now);
  if (!dropping && lease_holds) return Begun::yes;
  if (!finish(self)) return Begun::answered;
  if (!dropping) return Begun::lease_is_over;
  answer(self, dropped(ready));
  return Begun::answered;
}

void WorkerPool::Shared::put_back(ReadyTask&& ready) {
  auto const batch = std::make_shared<ReadyBatch>();
  auto const priority = ready.definition().priority;
  batch->tasks.push_back(std::move(ready));
  std::lock_guard lock{mutex};
  batches[priority].push_front(batch);
  top_priority.store(INT32_MAX);  // it is seen before what is held
  work_left = true;               // the lease may have been renewed meanwhile
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
  switch (begin(ready, self, stop)) {
    case Begun::answered:
      return;
    case Begun::lease_is_over:
      if (ready.is_poll()) return answer(self, dropped(ready));
      return put_back(std::move(ready));
    case Begun::yes:
      break;
  }
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
      if (self.member->abandoned) return;
    } else if (callback) {
      ThreadRole const calling{ThreadRole::callback, services.inbox.get()};
      call_user(callback, "a callback or a handler");
    } else {
      return;
    }
  }
}

WorkerPool::WorkerPool(std::shared_ptr<Crew> crew, std::size_t most_threads, BodyServices services)
    : shared_(std::make_shared<Shared>(std::move(crew), most_threads, std::move(services))) {}

WorkerPool::~WorkerPool() { shut_down(Clock::now()); }

std::shared_ptr<void> WorkerPool::lend_slot_of_this_thread() {
  if (!of_this_thread_) return nullptr;
  auto const mine = of_this_thread_->shared_from_this();
  if (!mine->crew->lend()) mine->services.watcher->watch(Clock::now() + stuck_after);
  ++mine->lent;
  if (mine->work_left) mine->crew->call(mine, 1);  // there is room for one more
  return {nullptr, [mine](void*) {
            --mine->lent;
            mine->crew->take_back();
          }};
}

// Its thread is no member of the crew: it goes to no other work, and nobody replaces it.
struct WorkerPool::Guest {
  ReadyTask poll;
  Crew::Member member{};
  Worker* place = nullptr;
};

void WorkerPool::start_beside(ReadyTask&& ready) {
  std::shared_ptr<Guest> const guest{new Guest{std::move(ready)}};
  guest->place = &shared_->receive(guest->member);
  auto thread = start_thread([pool = shared_, guest] { pool->run_beside(*guest); });
  if (thread) return thread->detach();
  // The system refuses the thread for now: it is polled again when its time comes.
  shared_->answer(*guest->place, dropped(guest->poll));
  shared_->see_off(*guest->place);
}

void WorkerPool::Shared::run_beside(Guest& guest) {
  struct Stay {
    Shared& pool;
    Worker& place;
    ~Stay() { pool.see_off(place); }
  } const stay{*this, *guest.place};
  name_thread("cloacina-poll");
  ThreadRole const role{ThreadRole::worker, services.inbox.get()};
  run(guest.poll, *guest.place);
}

WorkerPool::Worker& WorkerPool::Shared::receive(Crew::Member& member) {
  std::lock_guard lock{mutex};
  auto& place = free_place();
  place.member = &member;
  place.is_poll = true;
  return place;
}

void WorkerPool::Shared::see_off(Worker& place) {
  {
    std::lock_guard lock{mutex};
    place.member = nullptr;
  }
  worker_left.notify_all();
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
  {
    std::lock_guard lock{shared_->mutex};
    for (auto& [priority, batch] : by_priority) {
      shared_->batches[priority].push_back(std::move(batch));
      if (priority > shared_->top_priority.load(std::memory_order_relaxed))
        shared_->top_priority.store(priority);
    }
    shared_->work_left = true;
  }
  shared_->crew->call(shared_, tasks);
}

void WorkerPool::call(std::function<void()> callback) {
  {
    std::lock_guard lock{shared_->mutex};
    if (!shared_->stopping) {
      shared_->calls.push_back(std::exchange(callback, nullptr));
      shared_->top_priority.store(INT32_MAX);  // whoever holds a batch comes by
      shared_->work_left = true;
    }
  }
  if (callback) return call_aside({std::move(callback)});  // no worker will come any more
  shared_->crew->call(shared_, 1);
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
  {
    std::lock_guard lock{shared_->mutex};
    if (shared_->batches.empty()) return;
    shared_->work_left = true;
  }
  shared_->crew->call(shared_, shared_->most_threads);
}

std::optional<WorkerPool::Clock::time_point> WorkerPool::expire(Clock::time_point now) {
  std::optional<Clock::time_point> next;
  std::vector<std::string> said;  // a log sink is a user's: without the locks
  {
    std::lock_guard lock{shared_->mutex};
    for (auto const& worker : shared_->workers) {
      std::lock_guard worker_lock{worker->mutex};
      if (!worker->running || worker->member->abandoned || !worker->limit) continue;
      if (!worker->reported && worker->started + *worker->limit <= now) {
        worker->reported = true;
        worker->give_up_at = now + stuck_after;
        shared_->services.end_overdue(worker->lane, worker->running->identity(), *worker->limit,
                                      [stop = worker->stop]() mutable { stop.request_stop(); });
      } else if (worker->give_up_at && *worker->give_up_at <= now) {
        give_up(*worker, now, said);
      }
      auto const due =
          worker->reported ? worker->give_up_at : std::optional{worker->started + *worker->limit};
      if (due && (!next || *due < *next)) next = due;
    }
  }
  for (auto const& text : said) log_warning(text);
  if (auto const again = shared_->crew->start_missing(now); again && (!next || *again < *next))
    next = again;
  if (!said.empty() && shared_->work_left) shared_->crew->call(shared_, said.size());
  return next;
}

void WorkerPool::give_up(Worker& worker, Clock::time_point now, std::vector<std::string>& said) {
  worker.give_up_at.reset();
  if (!worker.stop.stop_requested()) {  // the request waits behind others: it is not deaf
    worker.give_up_at = now + stuck_after;
    return;
  }
  auto const& task = *worker.running;
  auto const what = task.is_poll()                  ? "left behind"
                    : shared_->leave_behind(worker) ? "left behind and replaced"
                                                    : "lost: too many are stuck already";
  said.push_back("cloacina: " + task.to_string() + " ignores its stop token; its thread is " +
                 what);
}

bool WorkerPool::Shared::leave_behind(Worker& worker) {
  if (!crew->leave_behind(*worker.member)) return false;
  --present;
  return true;
}

void WorkerPool::leave_behind() {
  {
    std::lock_guard lock{shared_->mutex};
    for (auto const& worker : shared_->workers)
      if (worker->member && !worker->is_poll) (void)shared_->leave_behind(*worker);
  }
  (void)shared_->crew->start_missing(Clock::now());
}

void WorkerPool::shut_down(Clock::time_point deadline) {
  close();
  std::unique_lock lock{shared_->mutex};
  shared_->stopping = true;
  auto const all_left = [this] {
    return shared_->calls.empty() &&
           std::all_of(shared_->workers.begin(), shared_->workers.end(),
                       [](auto const& worker) { return !worker->member; });
  };
  // What the trial never_returns must notice.
  static bool const for_ever = is_sabotaged("join_without_deadline");
  shared_->worker_left.wait_until(lock, for_ever ? Clock::time_point::max() : deadline, all_left);
  auto calls = std::exchange(shared_->calls, {});
  lock.unlock();
  // Every worker is stuck: who waits for these is answered all the same.
  call_aside({std::make_move_iterator(calls.begin()), std::make_move_iterator(calls.end())});
}

}  // namespace cloacina::engine

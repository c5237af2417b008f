#include "engine/io_thread.hpp"

#include <condition_variable>
#include <deque>
#include <list>
#include <mutex>
#include <string>
#include <thread>
#include <utility>

#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/co_spawn.hpp>
#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <asio/redirect_error.hpp>
#include <asio/steady_timer.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>

#include <cloacina/detail/task_body.hpp>
#include <cloacina/error.hpp>

#include "engine/log.hpp"
#include "engine/start_thread.hpp"
#include "engine/stuck.hpp"
#include "engine/thread_name.hpp"
#include "engine/thread_role.hpp"

namespace cloacina::engine {
asio::awaitable<void> RealSleeper::sleep(std::chrono::nanoseconds duration, std::stop_token stop) {
  if (stop.stop_requested()) throw_stopped();
  auto const executor = co_await asio::this_coro::executor;
  asio::steady_timer timer{executor};
  timer.expires_after(duration);
  asio::error_code error;
  auto token = asio::redirect_error(asio::use_awaitable, error);
  co_await timer.async_wait(token);
  if (error || stop.stop_requested()) throw_stopped();
}

void RealSleeper::block(std::chrono::nanoseconds duration, std::stop_token stop) {
  std::mutex mutex;
  std::condition_variable_any changed;
  std::unique_lock lock{mutex};
  changed.wait_for(lock, stop, duration, [] { return false; });
  if (stop.stop_requested()) throw_stopped();
}

/// A coroutine body under way.
struct IoThread::Running {
  ReadyTask ready;
  detail::TaskRun run;
  std::stop_source stop;
  asio::cancellation_signal cancel;
  std::list<std::shared_ptr<Running>>::iterator place;  // in Shared::running
  Clock::time_point started{};
  std::optional<std::chrono::milliseconds> limit;
  bool reported = false;                        // guarded by Shared::mutex: its answer was given
  std::optional<Clock::time_point> give_up_at;  // guarded by Shared::mutex: after a timeout
};

struct IoThread::Shared {
  BodyServices services;
  std::size_t most = 0;
  Inbox::Lane* lane = nullptr;

  /// What Asio holds for us. Suspended bodies live in the context and hold this object: it is
  /// destroyed by hand once the thread has ended.
  struct Io {
    asio::io_context context{1};
    asio::executor_work_guard<asio::io_context::executor_type> work{context.get_executor()};
  };

  std::mutex mutex;        // guards what follows
  std::shared_ptr<Io> io;  // null before the thread has started, and once it has ended
  std::thread thread;
  std::deque<ReadyTask> waiting;                // polls before all else
  std::list<std::shared_ptr<Running>> running;  // changed by the io thread only
  std::size_t polls = 0;                        // of those
  std::condition_variable changed;
  bool closed = false;  // no body starts any more
  bool ended = false;
  bool left_behind = false;  // nobody waits for the thread: it clears up itself

  /// With the lock. What it has to do waits if the system refuses the thread for now.
  void start_thread(std::shared_ptr<Shared> const& self);
  void work();
  /// Does something on the io thread, if there is one.
  template <class Work>
  void post(Work&& work);
  /// `place`, asked with the lock: where among those that wait.
  template <class Place>
  void accept(std::shared_ptr<Shared> const& self, std::vector<ReadyTask>&& ready, Place place);
  template <class Which>
  void stop_those(std::shared_ptr<Shared> const& self, Which which);
  /// Its stop callbacks, where they hold nobody up, then what it waits for.
  static void stop(std::shared_ptr<Shared> const& self, std::shared_ptr<Running> const& body);
  void start_waiting(std::shared_ptr<Shared> const& self);
  [[nodiscard]] std::shared_ptr<Running> next_body();
  void start_one(std::shared_ptr<Shared> const& self, std::shared_ptr<Running> const& body);
  void finish(Running& body, std::exception_ptr error);
  /// Whether its answer counts: it may have been given already, by who saw to its limit.
  [[nodiscard]] bool claim_answer(Running& body);
  void remove(Running const& body);
};

void IoThread::Shared::start_thread(std::shared_ptr<Shared> const& self) {
  io = std::make_shared<Io>();
  auto started = engine::start_thread([self] { self->work(); });
  if (started) {
    thread = std::move(*started);
    asio::post(io->context, [self] { self->start_waiting(self); });
  } else {
    io = nullptr;
    services.watcher->watch(Clock::now() + stuck_after);  // it tries again
  }
}

void IoThread::Shared::work() {
  ThreadRole const role{ThreadRole::io, services.inbox.get()};
  name_thread("cloacina-io");
  auto const mine = [this] {
    std::lock_guard lock{mutex};
    return io;
  }();
  for (;;) {
    try {
      mine->context.run();
      break;
    } catch (std::exception const& error) {
      log_error(std::string{"cloacina: a handler on the io thread threw: "} + error.what());
    } catch (...) {
      log_error("cloacina: a handler on the io thread threw something that is not an exception");
    }
  }
  std::shared_ptr<Io> left;  // with the bodies that are suspended
  std::lock_guard lock{mutex};
  ended = true;
  if (left_behind) left = std::move(io);
  changed.notify_all();
}

template <class Work>
void IoThread::Shared::post(Work&& work) {
  std::shared_ptr<Io> alive;
  {
    std::lock_guard lock{mutex};
    alive = io;
  }
  if (alive) asio::post(alive->context, std::forward<Work>(work));
}

template <class Place>
void IoThread::Shared::accept(std::shared_ptr<Shared> const& self, std::vector<ReadyTask>&& ready,
                              Place place) {
  {
    std::lock_guard lock{mutex};
    if (!lane) lane = &services.inbox->add_lane();
    if (closed) {
      for (auto const& task : ready) services.inbox->push(*lane, dropped(task));
      return;
    }
    if (!io) start_thread(self);
    waiting.insert(place(), std::make_move_iterator(ready.begin()),
                   std::make_move_iterator(ready.end()));
  }
  post([self] { self->start_waiting(self); });
}

template <class Which>
void IoThread::Shared::stop_those(std::shared_ptr<Shared> const& self, Which which) {
  std::lock_guard lock{mutex};
  for (auto const& body : running)
    if (which(body->ready)) services.errands->post([self, body] { stop(self, body); });
}

void IoThread::Shared::stop(std::shared_ptr<Shared> const& self,
                            std::shared_ptr<Running> const& body) {
  body->stop.request_stop();
  self->post([body] { body->cancel.emit(asio::cancellation_type::all); });
}

// R6: past the end of the lease nothing new starts.
std::shared_ptr<IoThread::Running> IoThread::Shared::next_body() {
  std::lock_guard lock{mutex};
  auto const now = Clock::now();
  if (!io || closed || waiting.empty() || !services.may_start(now)) return nullptr;
  if (running.size() - polls >= most && !waiting.front().is_poll()) return nullptr;
  auto body = std::make_shared<Running>();
  body->ready = std::move(waiting.front());
  waiting.pop_front();
  body->started = now;
  body->limit = time_limit(body->ready.definition(), services.settings);
  body->place = running.insert(running.end(), body);
  polls += body->ready.is_poll() ? 1 : 0;
  return body;
}

void IoThread::Shared::start_waiting(std::shared_ptr<Shared> const& self) {
  while (auto const body = next_body()) start_one(self, body);
}

void IoThread::Shared::start_one(std::shared_ptr<Shared> const& self,
                                 std::shared_ptr<Running> const& body) {
  if (body->ready.stopped->load()) {
    if (claim_answer(*body)) services.inbox->push(*lane, dropped(body->ready));
    return remove(*body);
  }
  std::optional<Instant> deadline;
  if (body->limit) {
    deadline = services.environment.now() + *body->limit;
    services.watcher->watch(body->started + *body->limit);
  }
  body->run = make_run(body->ready, body->stop.get_token(), deadline, *services.sleeper);
  // The handler may run when the context is destroyed, after everything else here: it holds what it
  // touches.
  auto done = [self, body](std::exception_ptr error) {
    self->finish(*body, error);
    self->remove(*body);
    self->start_waiting(self);
  };
  try {
    asio::co_spawn(io->context, body->ready.definition().body->co_run(body->run),
                   asio::bind_cancellation_slot(body->cancel.slot(), std::move(done)));
  } catch (...) {
    finish(*body, std::current_exception());
    remove(*body);
  }
}

void IoThread::Shared::remove(Running const& body) {
  std::lock_guard lock{mutex};
  polls -= body.ready.is_poll() ? 1 : 0;
  running.erase(body.place);
}

// What it returns after its limit, or after somebody saw that it was over, is dropped.
void IoThread::Shared::finish(Running& body, std::exception_ptr error) {
  bool const late = body.limit && body.started + *body.limit <= Clock::now();
  if (!claim_answer(body)) return;
  services.inbox->push(*lane, late ? timed_out(body.ready, *body.limit)
                                   : came_to_end(body.ready, std::move(body.run), std::move(error),
                                                 services.settings));
}

bool IoThread::Shared::claim_answer(Running& body) {
  std::lock_guard lock{mutex};
  return !std::exchange(body.reported, true);
}

IoThread::IoThread(std::size_t most_bodies, BodyServices services)
    : shared_(std::make_shared<Shared>()) {
  shared_->services = std::move(services);
  shared_->most = most_bodies;
}

IoThread::~IoThread() { shut_down(Clock::now()); }

void IoThread::start(std::vector<ReadyTask>&& ready) {
  auto& waiting = shared_->waiting;
  shared_->accept(shared_, std::move(ready), [&waiting] { return waiting.end(); });
}

void IoThread::start_beside(ReadyTask&& ready) {
  std::vector<ReadyTask> one;
  one.push_back(std::move(ready));
  auto& waiting = shared_->waiting;
  shared_->accept(shared_, std::move(one), [&waiting] { return waiting.begin(); });
}

void IoThread::stop_execution(ExecutionId id) {
  shared_->stop_those(shared_, [id](ReadyTask const& task) { return task.id == id; });
}

void IoThread::stop_all() {
  shared_->stop_those(shared_, [](ReadyTask const&) { return true; });
}

void IoThread::close() {
  {
    std::lock_guard lock{shared_->mutex};
    shared_->closed = true;
    for (auto const& ready : std::exchange(shared_->waiting, {}))
      shared_->services.inbox->push(*shared_->lane, dropped(ready));
  }
  stop_all();
}

void IoThread::stop_at_most_once() {
  shared_->stop_those(shared_, [](ReadyTask const& task) {
    return task.definition().execution == ExecutionMode::at_most_once;
  });
}

std::vector<ReadyTask> IoThread::take_back() {
  std::lock_guard lock{shared_->mutex};
  std::vector<ReadyTask> taken{std::make_move_iterator(shared_->waiting.begin()),
                               std::make_move_iterator(shared_->waiting.end())};
  shared_->waiting.clear();
  return taken;
}

std::size_t IoThread::running() const {
  std::lock_guard lock{shared_->mutex};
  return shared_->running.size() - shared_->polls;
}

void IoThread::lease_moved() {
  shared_->post([shared = shared_] { shared->start_waiting(shared); });
}

std::optional<IoThread::Clock::time_point> IoThread::expire(Clock::time_point now) {
  std::optional<Clock::time_point> next;
  std::vector<std::shared_ptr<Running>> overdue;
  std::vector<std::string> said;  // a log sink is a user's: without the lock
  {
    std::lock_guard lock{shared_->mutex};
    if (!shared_->io && !shared_->closed && !shared_->waiting.empty())
      shared_->start_thread(shared_);
    for (auto const& body : shared_->running) {
      if (!body->limit) continue;
      if (!body->reported && body->started + *body->limit <= now) {
        body->reported = true;
        body->give_up_at = now + stuck_after;
        overdue.push_back(body);
      } else if (body->give_up_at && *body->give_up_at <= now) {
        body->give_up_at.reset();
        if (!body->stop.stop_requested()) {  // the request waits behind others: it is not deaf
          body->give_up_at = now + stuck_after;
        } else {
          said.push_back("cloacina: the coroutine of " + body->ready.to_string() +
                         " ignores that it was asked to stop; if it blocks, no other coroutine "
                         "runs");
        }
      }
      auto const due =
          body->reported ? body->give_up_at : std::optional{body->started + *body->limit};
      if (due && (!next || *due < *next)) next = due;
    }
  }
  for (auto const& text : said) log_warning(text);
  for (auto& body : overdue)
    shared_->services.end_overdue(*shared_->lane, body->ready.identity(), *body->limit,
                                  [shared = shared_, body] { Shared::stop(shared, body); });
  return next;
}

void IoThread::shut_down(Clock::time_point deadline) {
  close();
  bool ended = false;
  std::thread thread;
  std::shared_ptr<Shared::Io> io;  // destroys the bodies that are suspended
  {
    std::unique_lock lock{shared_->mutex};
    thread.swap(shared_->thread);
    if (!thread.joinable()) return;
    shared_->io->context.stop();
    ended = shared_->changed.wait_until(lock, deadline, [this] { return shared_->ended; });
    shared_->left_behind = !ended;
    if (ended) io = std::move(shared_->io);
  }
  if (ended) {
    thread.join();
  } else {
    log_warning(
        "cloacina: a coroutine body does not return to the io thread, which is left behind");
    thread.detach();
  }
}

}  // namespace cloacina::engine

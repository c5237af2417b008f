#include "engine/io_thread.hpp"

#include <condition_variable>
#include <mutex>
#include <utility>
#include <vector>

#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/co_spawn.hpp>
#include <asio/executor_work_guard.hpp>
#include <asio/post.hpp>
#include <asio/redirect_error.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>

#include <cloacina/detail/task_body.hpp>
#include <cloacina/error.hpp>

#include "engine/log.hpp"
#include "engine/thread_name.hpp"
#include "engine/thread_role.hpp"

namespace cloacina::engine {
namespace {

// The engine waits so long for the io thread, which a body that blocks it keeps from answering.
constexpr std::chrono::milliseconds longest_answer{50};

[[noreturn]] void throw_stopped() { throw TaskError{"the task was asked to stop while it waited"}; }

}  // namespace

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

/// A coroutine body under way. Lives on the io thread.
struct IoThread::Running {
  ReadyTask ready;
  detail::TaskRun run;
  std::stop_source stop;
  asio::cancellation_signal cancel;
  std::optional<std::chrono::milliseconds> limit;
  Clock::time_point started{};
  bool reported = false;

  void request_stop() {
    stop.request_stop();
    cancel.emit(asio::cancellation_type::all);
  }
};

struct IoThread::Shared {
  BodySettings settings;
  Environment environment;
  std::shared_ptr<Inbox> inbox;
  std::shared_ptr<detail::Sleeper> sleeper;
  Expire expire_others;
  std::size_t most = 0;
  Inbox::Lane* lane = nullptr;

  /// What Asio holds for us. Suspended bodies live in the context and hold this object: it is
  /// destroyed by hand once the thread has ended.
  struct Io {
    asio::io_context context{1};
    asio::executor_work_guard<asio::io_context::executor_type> work{context.get_executor()};
    asio::steady_timer timer{context};
  };
  std::shared_ptr<Io> io = std::make_shared<Io>();
  std::atomic<std::int64_t> armed{INT64_MAX};  // when limits are looked at next, on Clock

  // of the io thread
  std::deque<ReadyTask> waiting;
  std::list<std::shared_ptr<Running>> running;

  std::mutex mutex;
  std::condition_variable changed;
  bool ended = false;
  bool left_behind = false;  // nobody waits for the thread: it clears up itself

  /// Null once the thread has ended. From any thread; the io thread itself needs no lock.
  [[nodiscard]] std::shared_ptr<Io> still_there() {
    std::lock_guard lock{mutex};
    return io;
  }
  void start_waiting(std::shared_ptr<Shared> const& self);
  void start_one(std::shared_ptr<Shared> const& self, ReadyTask&& ready);
  void arm(std::shared_ptr<Shared> const& self, Clock::time_point at);
  void look(std::shared_ptr<Shared> const& self);
  void finish(Running& body, std::exception_ptr error);
};

void IoThread::Shared::start_waiting(std::shared_ptr<Shared> const& self) {
  while (!waiting.empty() && running.size() < most) {
    auto ready = std::move(waiting.front());
    waiting.pop_front();
    start_one(self, std::move(ready));
  }
}

void IoThread::Shared::start_one(std::shared_ptr<Shared> const& self, ReadyTask&& ready) {
  if (ready.stopped->load()) return inbox->push(*lane, dropped(ready));
  auto const place = running.insert(running.end(), std::make_shared<Running>());
  auto body = *place;
  body->ready = std::move(ready);
  body->limit = time_limit(body->ready.definition(), settings);
  body->started = Clock::now();
  std::optional<Instant> deadline;
  if (body->limit) {
    deadline = environment.now() + *body->limit;
    arm(self, body->started + *body->limit);
  }
  body->run = make_run(body->ready, body->stop.get_token(), deadline, *sleeper);
  // The handler may run when the context is destroyed, after everything else here: it holds what it
  // touches.
  auto done = [self, place, body](std::exception_ptr error) {
    self->finish(*body, error);
    self->running.erase(place);
    self->start_waiting(self);
  };
  try {
    asio::co_spawn(io->context, body->ready.definition().body->co_run(body->run),
                   asio::bind_cancellation_slot(body->cancel.slot(), std::move(done)));
  } catch (...) {
    finish(*body, std::current_exception());
    running.erase(place);
  }
}

void IoThread::Shared::finish(Running& body, std::exception_ptr error) {
  if (body.reported) return;
  inbox->push(*lane, error ? threw(body.ready, error)
                           : returned(body.ready, std::move(body.run), settings));
}

void IoThread::Shared::arm(std::shared_ptr<Shared> const& self, Clock::time_point at) {
  auto const when = at.time_since_epoch().count();
  if (when >= armed.load()) return;
  armed.store(when);
  io->timer.expires_at(at);
  io->timer.async_wait([self](asio::error_code error) {
    if (!error) self->look(self);
  });
}

// `armed` is reset before anybody is looked at: whoever starts meanwhile either is seen here or
// asks to be watched.
void IoThread::Shared::look(std::shared_ptr<Shared> const& self) {
  armed.store(INT64_MAX);
  auto const now = Clock::now();
  auto next = expire_others(now);
  for (auto const& body : std::vector<std::shared_ptr<Running>>{running.begin(), running.end()}) {
    if (!body->limit || body->reported) continue;
    auto const due = body->started + *body->limit;
    if (due <= now) {
      inbox->push(*lane, timed_out(body->ready, *body->limit));
      body->reported = true;
      body->request_stop();
    } else if (!next || due < *next) {
      next = due;
    }
  }
  if (next) arm(self, *next);
}

IoThread::IoThread(std::size_t most_bodies, BodySettings settings, Environment const& environment,
                   std::shared_ptr<Inbox> inbox, std::shared_ptr<detail::Sleeper> sleeper,
                   Expire expire_others)
    : shared_(std::make_shared<Shared>()) {
  shared_->settings = settings;
  shared_->environment = environment;
  shared_->inbox = std::move(inbox);
  shared_->sleeper = std::move(sleeper);
  shared_->expire_others = std::move(expire_others);
  shared_->most = most_bodies;
  shared_->lane = &shared_->inbox->add_lane();
  thread_ = std::thread{[shared = shared_] {
    ThreadRole const role{ThreadRole::io};
    name_thread("cloacina-io");
    for (;;) {
      try {
        shared->io->context.run();
        break;
      } catch (std::exception const& error) {
        log_error(std::string{"cloacina: a handler on the io thread threw: "} + error.what());
      } catch (...) {
        log_error("cloacina: a handler on the io thread threw something that is not an exception");
      }
    }
    std::shared_ptr<Shared::Io> left;  // with the bodies that are suspended
    std::lock_guard lock{shared->mutex};
    shared->ended = true;
    if (shared->left_behind) left = std::move(shared->io);
    shared->changed.notify_all();
  }};
}

IoThread::~IoThread() { shut_down(Clock::now()); }

void IoThread::start(std::vector<ReadyTask>&& ready) {
  auto const io = shared_->still_there();
  if (!io) return;
  asio::post(io->context, [shared = shared_, batch = std::move(ready)]() mutable {
    for (auto& task : batch) shared->waiting.push_back(std::move(task));
    shared->start_waiting(shared);
  });
}

void IoThread::stop_execution(ExecutionId id) {
  auto const io = shared_->still_there();
  if (!io) return;
  asio::post(io->context, [shared = shared_, id] {
    for (auto const& body :
         std::vector<std::shared_ptr<Running>>{shared->running.begin(), shared->running.end()})
      if (body->ready.id == id) body->request_stop();
  });
}

void IoThread::stop_all() {
  auto const io = shared_->still_there();
  if (!io) return;
  asio::post(io->context, [shared = shared_] {
    for (auto const& body :
         std::vector<std::shared_ptr<Running>>{shared->running.begin(), shared->running.end()})
      body->request_stop();
  });
}

void IoThread::stop_at_most_once() {
  auto const io = shared_->still_there();
  if (!io) return;
  asio::post(io->context, [shared = shared_] {
    for (auto const& body :
         std::vector<std::shared_ptr<Running>>{shared->running.begin(), shared->running.end()})
      if (body->ready.definition().execution == ExecutionMode::at_most_once) body->request_stop();
  });
}

std::vector<ReadyTask> IoThread::take_back() {
  struct Answer {
    std::mutex mutex;
    std::condition_variable there;
    std::vector<ReadyTask> tasks;
    bool given = false;
    bool late = false;
  };
  auto const io = shared_->still_there();
  if (!io) return {};
  auto answer = std::make_shared<Answer>();
  asio::post(io->context, [shared = shared_, answer] {
    std::lock_guard lock{answer->mutex};
    if (answer->late) return;
    answer->tasks.assign(std::make_move_iterator(shared->waiting.begin()),
                         std::make_move_iterator(shared->waiting.end()));
    shared->waiting.clear();
    answer->given = true;
    answer->there.notify_one();
  });
  std::unique_lock lock{answer->mutex};
  if (!answer->there.wait_for(lock, longest_answer, [&] { return answer->given; }))
    answer->late = true;
  return std::move(answer->tasks);
}

void IoThread::watch(Clock::time_point deadline) {
  if (deadline.time_since_epoch().count() >= shared_->armed.load()) return;
  auto const io = shared_->still_there();
  if (!io) return;
  asio::post(io->context, [shared = shared_, deadline] { shared->arm(shared, deadline); });
}

void IoThread::shut_down(Clock::time_point deadline) {
  if (!thread_.joinable()) return;
  shared_->io->context.stop();
  bool ended = false;
  std::shared_ptr<Shared::Io> io;  // destroys the bodies that are suspended
  {
    std::unique_lock lock{shared_->mutex};
    ended = shared_->changed.wait_until(lock, deadline, [this] { return shared_->ended; });
    shared_->left_behind = !ended;
    if (ended) io = std::move(shared_->io);
  }
  if (ended) {
    thread_.join();
  } else {
    log_warning(
        "cloacina: a coroutine body does not return to the io thread, which is left behind");
    thread_.detach();
  }
}

}  // namespace cloacina::engine

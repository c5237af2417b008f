// A body that is an `async def`: the engine's coroutine waits for the Python one, without a thread.
#include <chrono>
#include <mutex>
#include <optional>
#include <stop_token>
#include <utility>

#include <asio/any_io_executor.hpp>
#include <asio/post.hpp>
#include <asio/redirect_error.hpp>
#include <asio/steady_timer.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>

#include <cloacina/error.hpp>

#include "body.hpp"
#include "context.hpp"
#include "errors.hpp"
#include "waiting.hpp"

namespace cloaca {
namespace {

using cloacina::Context;
using cloacina::TaskContext;

/// One call of an `async def`, between the engine's io thread and the loop's thread.
class AsyncCall : public std::enable_shared_from_this<AsyncCall> {
 public:
  AsyncCall(std::shared_ptr<PythonBody const> body, TaskContext<> const& context)
      : body_(std::move(body)), handle_(body_->handle(context)), given_(context.context()) {}

  // On the loop's thread, with the lock held.

  /// The coroutine to await.
  py::object begin() {
    auto passed = py::cast(given_);
    passed_ = Kept{passed};
    return body_->call(passed, std::move(handle_));
  }
  void returned(py::handle value) {
    try {
      changes_ = body_->changes(given_, passed_.get(), value);
    } catch (py::error_already_set& error) {
      failure_ = body_->failure(error);
    } catch (py::builtin_exception const& error) {
      error.set_error();
      py::error_already_set raised;
      failure_ = body_->failure(raised);
    } catch (...) {
      failure_ = std::current_exception();  // a value that the library refuses
    }
    end();
  }
  void raised(py::handle exception) {
    if (has_ended()) return;
    PyErr_SetObject(reinterpret_cast<PyObject*>(Py_TYPE(exception.ptr())), exception.ptr());
    py::error_already_set error;
    failure_ = body_->failure(error);
    end();
  }

  // On the io thread.

  void wake(asio::any_io_executor executor, asio::steady_timer& timer) {
    std::lock_guard const lock{mutex_};
    executor_ = std::move(executor);
    timer_ = &timer;
  }
  /// Nobody waits any more.
  void leave() noexcept {
    std::lock_guard const lock{mutex_};
    executor_.reset();
    timer_ = nullptr;
  }
  [[nodiscard]] bool has_ended() const {
    std::lock_guard const lock{mutex_};
    return ended_;
  }
  /// Once it has ended.
  void hand_over(TaskContext<>& context) {
    if (failure_) std::rethrow_exception(failure_);
    ChangesWriter{context}.write(std::move(changes_));
  }

 private:
  void end() {
    passed_ = {};
    std::lock_guard const lock{mutex_};
    ended_ = true;
    if (!executor_) return;
    asio::post(*executor_, [self = shared_from_this()] {
      std::lock_guard const again{self->mutex_};
      if (self->timer_ != nullptr) self->timer_->cancel();
    });
  }

  std::shared_ptr<PythonBody const> body_;
  std::optional<TaskHandle> handle_;
  Context given_;
  Kept passed_;
  cloacina::detail::ContextDelta changes_;
  std::exception_ptr failure_;

  mutable std::mutex mutex_;  // guards what follows
  std::optional<asio::any_io_executor> executor_;
  asio::steady_timer* timer_ = nullptr;
  bool ended_ = false;
};

/// The event loop that belongs to the io thread of one runner.
class EventLoop {
 public:
  /// With the lock held.
  [[nodiscard]] static EventLoop& of_this_thread() {
    thread_local EventLoop loop;
    return loop;
  }
  [[nodiscard]] Kept const& object() const noexcept { return object_; }

  EventLoop(EventLoop const&) = delete;
  EventLoop& operator=(EventLoop const&) = delete;

 private:
  EventLoop() : object_(py::module_::import("cloaca._event_loop").attr("EventLoop")()) {}
  ~EventLoop() {
    if (is_ending()) return;
    Gil const gil;
    try {
      object_.get().attr("stop")();
    } catch (py::error_already_set& error) {
      error.discard_as_unraisable("cloaca: stopping the event loop of a runner");
    }
  }

  Kept object_;
};

/// A coroutine that was handed over to its loop.
struct Started {
  Kept loop, task;
};

Started start(std::shared_ptr<AsyncCall> const& call) {
  Gil const gil;
  return until_the_end([&] {
    try {
      auto const& loop = EventLoop::of_this_thread().object();
      return Started{loop, Kept{loop.get().attr("start")(call)}};
    } catch (py::error_already_set& error) {
      throw cloacina::TaskError{"Python task execution failed: " + describe(error).summary};
    }
  });
}

/// What the engine's stop does: the Python coroutine is cancelled.
struct Cancel {
  Started started;
  void operator()() const {
    Gil const gil;
    try {
      started.loop.get().attr("cancel")(started.task.get());
    } catch (py::error_already_set& error) {
      error.discard_as_unraisable("cloaca: cancelling a coroutine");
    }
  }
};

/// The call must not use the timer once this coroutine is gone.
struct Waiting {
  std::shared_ptr<AsyncCall> call;
  explicit Waiting(std::shared_ptr<AsyncCall> waited_for) : call(std::move(waited_for)) {}
  Waiting(Waiting const&) = delete;
  Waiting& operator=(Waiting const&) = delete;
  ~Waiting() { call->leave(); }
};

asio::awaitable<void> run(std::shared_ptr<PythonBody const> body, TaskContext<>& context) {
  // Stop is passed on to the Python coroutine, which ends in its own way.
  co_await asio::this_coro::throw_if_cancelled(false);
  auto const executor = co_await asio::this_coro::executor;
  asio::steady_timer timer{executor};
  auto const call = std::make_shared<AsyncCall>(std::move(body), context);
  Waiting const waiting{call};
  call->wake(executor, timer);
  std::stop_callback const stop{context.stop_token(), Cancel{start(call)}};
  while (!call->has_ended()) {
    timer.expires_at(std::chrono::steady_clock::time_point::max());
    asio::error_code error;
    auto token = asio::redirect_error(asio::use_awaitable, error);
    co_await timer.async_wait(token);
  }
  call->hand_over(context);
}

}  // namespace

cloacina::TaskFunction asynchronous_body(std::shared_ptr<PythonBody const> body) {
  return [body = std::move(body)](TaskContext<>& context) { return run(body, context); };
}

void bind_async_call(py::module_& module) {
  py::class_<AsyncCall, std::shared_ptr<AsyncCall>>(module, "AsyncCall")
      .def("begin", &AsyncCall::begin)
      .def("returned",
           [](AsyncCall& call, py::handle value) { until_the_end([&] { call.returned(value); }); })
      .def("raised", [](AsyncCall& call, py::handle exception) {
        until_the_end([&] { call.raised(exception); });
      });
  module.def("mark_event_loop_thread", &mark_event_loop_thread);
  module.def("refuse_to_block_event_loop", &refuse_to_block_event_loop, py::arg("what"));
}

}  // namespace cloaca

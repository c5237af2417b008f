#include "async_call.hpp"

#include <chrono>
#include <utility>

#include <asio/post.hpp>
#include <asio/redirect_error.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>

#include "bindings.hpp"
#include "errors.hpp"
#include "waiting.hpp"

namespace cloaca {
namespace {

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
      std::rethrow_exception(call->failure_of(error));
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

asio::awaitable<void> awaited(std::shared_ptr<AsyncCall> call, std::stop_token stop) {
  co_await asio::this_coro::throw_if_cancelled(false);
  auto const executor = co_await asio::this_coro::executor;
  asio::steady_timer timer{executor};
  Waiting const waiting{call};
  call->wake(executor, timer);
  std::stop_callback const cancel{std::move(stop), Cancel{start(call)}};
  while (!call->has_ended()) {
    timer.expires_at(std::chrono::steady_clock::time_point::max());
    asio::error_code error;
    auto token = asio::redirect_error(asio::use_awaitable, error);
    co_await timer.async_wait(token);
  }
  if (auto const& failure = call->failure()) std::rethrow_exception(failure);
}

}  // namespace

py::object AsyncCall::begin() {
  auto passed = argument();
  passed_ = Kept{passed};
  return call(passed);
}

void AsyncCall::returned(py::handle value) {
  failure_ = caught([&] { take(passed_.get(), value); },
                    [this](py::error_already_set& error) { return failure_of(error); });
  end();
}

void AsyncCall::raised(py::handle exception) {
  if (has_ended()) return;
  PyErr_SetObject(reinterpret_cast<PyObject*>(Py_TYPE(exception.ptr())), exception.ptr());
  py::error_already_set error;
  failure_ = failure_of(error);
  end();
}

void AsyncCall::wake(asio::any_io_executor executor, asio::steady_timer& timer) {
  std::lock_guard const lock{mutex_};
  executor_ = std::move(executor);
  timer_ = &timer;
}

void AsyncCall::leave() noexcept {
  std::lock_guard const lock{mutex_};
  executor_.reset();
  timer_ = nullptr;
}

bool AsyncCall::has_ended() const {
  std::lock_guard const lock{mutex_};
  return ended_;
}

void AsyncCall::end() {
  passed_ = {};
  std::lock_guard const lock{mutex_};
  ended_ = true;
  if (!executor_) return;
  asio::post(*executor_, [self = shared_from_this()] {
    std::lock_guard const again{self->mutex_};
    if (self->timer_ != nullptr) self->timer_->cancel();
  });
}

asio::awaitable<void> end_of(std::shared_ptr<AsyncCall> call, std::stop_token stop) {
  return awaited(std::move(call), std::move(stop));
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

#pragma once

#include <atomic>
#include <exception>
#include <functional>
#include <memory>
#include <type_traits>
#include <utility>

#include <asio/any_io_executor.hpp>
#include <asio/associated_cancellation_slot.hpp>
#include <asio/associated_executor.hpp>
#include <asio/async_result.hpp>
#include <asio/error.hpp>
#include <asio/executor_work_guard.hpp>
#include <asio/post.hpp>
#include <asio/system_error.hpp>

namespace cloacina::detail {

/// Runs something on one of a runner's workers; where handlers go that have no executor of their
/// own.
using RunOnWorker = std::function<void(std::function<void()>)>;

/// A handler that is called once, on its own executor, and the work guard that keeps that executor
/// running.
template <class Handler, class Result>
class AsyncOperation {
 public:
  AsyncOperation(Handler&& handler, RunOnWorker fallback)
      : handler_(std::move(handler)), fallback_(std::move(fallback)) {}

  /// The first call wins; from any thread.
  static void complete(std::shared_ptr<AsyncOperation> const& self, std::exception_ptr error,
                       Result result) {
    if (self->completed_.exchange(true)) return;
    auto deliver = [self, error = std::move(error), result = std::move(result)]() mutable {
      asio::get_associated_cancellation_slot(self->handler_).clear();
      auto handler = std::move(self->handler_);
      self->guard_.reset();
      std::move(handler)(std::move(error), std::move(result));
    };
    if constexpr (has_executor) {
      asio::post(self->guard_.get_executor(), std::move(deliver));
    } else {
      self->fallback_(std::move(deliver));
    }
  }

  /// Asio cancellation ends the wait, not the run.
  static void cancel_with_slot(std::shared_ptr<AsyncOperation> const& self) {
    auto slot = asio::get_associated_cancellation_slot(self->handler_);
    if (!slot.is_connected()) return;
    slot.assign([weak = std::weak_ptr{self}](asio::cancellation_type) {
      auto const alive = weak.lock();
      if (!alive) return;
      auto aborted = std::make_exception_ptr(asio::system_error{asio::error::operation_aborted});
      complete(alive, std::move(aborted), Result{});
    });
  }

 private:
  struct None {
    void reset() {}
  };
  struct NoExecutor {};
  using Executor = typename asio::associated_executor<Handler, NoExecutor>::type;
  static constexpr bool has_executor = !std::is_same_v<Executor, NoExecutor>;

  static auto make_guard(Handler const& handler) {
    if constexpr (has_executor) {
      return asio::executor_work_guard<Executor>{
          asio::associated_executor<Handler, NoExecutor>::get(handler)};
    } else {
      return None{};
    }
  }

  Handler handler_;
  RunOnWorker fallback_;
  std::conditional_t<
      has_executor,
      asio::executor_work_guard<std::conditional_t<has_executor, Executor, asio::any_io_executor>>,
      None>
      guard_ = make_guard(handler_);
  std::atomic<bool> completed_{false};
};

/// Starts an operation for any completion token: `start(done)` begins it, `done(error, result)`
/// ends it.
template <class Result, class Start, class Token>
auto async_operation(RunOnWorker fallback, Start start, Token&& token) {
  auto initiate = [](auto handler, RunOnWorker run_on_worker, Start begin) {
    using Operation = AsyncOperation<std::decay_t<decltype(handler)>, Result>;
    auto operation = std::make_shared<Operation>(std::move(handler), std::move(run_on_worker));
    Operation::cancel_with_slot(operation);
    begin([operation](std::exception_ptr error, Result result) {
      Operation::complete(operation, std::move(error), std::move(result));
    });
  };
  return asio::async_initiate<Token, void(std::exception_ptr, Result)>(
      std::move(initiate), token, std::move(fallback), std::move(start));
}

}  // namespace cloacina::detail

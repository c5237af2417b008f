#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include <cloacina/detail/async_operation.hpp>
#include <cloacina/execution_id.hpp>
#include <cloacina/execution_result.hpp>
#include <cloacina/status.hpp>
#include <cloacina/time.hpp>

namespace cloacina {

namespace engine {
class Completion;
}
namespace detail {
class Machine;
}

/// An execution that was submitted. A value: copies stand for the same execution; it may outlive
/// its runner, whose shutdown ends every wait with `RunnerStopped`. Thread-safe.
class ExecutionHandle {
 public:
  ExecutionHandle() noexcept =
      default;  ///< what an asynchronous submission that failed hands over; ask it nothing
  ExecutionHandle(std::shared_ptr<engine::Completion> completion,
                  std::weak_ptr<detail::Machine> machine) noexcept
      : completion_(std::move(completion)), machine_(std::move(machine)) {}

  [[nodiscard]] ExecutionId id() const;
  /// As it is stored now. Blocks for one read.
  [[nodiscard]] WorkflowStatus status() const;
  /// Blocks until the execution is final, however it ended. Throws `RunnerStopped`; `StateError`
  /// where waiting would wait for itself (in a coroutine body, a callback, an observer).
  [[nodiscard]] ExecutionResult wait() const;
  /// The same for at most `timeout`; nothing if it has passed.
  [[nodiscard]] std::optional<ExecutionResult> wait_for(WaitTime timeout) const;
  /// `DefaultRunner::cancel` of this execution. Blocks until that is stored; throws `StateError`
  /// naming the state if it is final.
  void cancel(std::string_view reason = {}) const;

  /// Waits without a thread; completes with `void(std::exception_ptr, ExecutionResult)`.
  template <class Token>
  auto async_wait(Token&& token) const {
    return async_wait_as<ExecutionResult>(std::forward<Token>(token));
  }

 protected:
  template <class Result, class Token>
  auto async_wait_as(Token&& token) const {
    auto start = [handle = *this](auto done) {
      handle.when_final([done](std::exception_ptr error, ExecutionResult result) {
        done(std::move(error), Result{std::move(result)});
      });
    };
    return detail::async_operation<Result>(run_on_worker(), std::move(start),
                                           std::forward<Token>(token));
  }

 private:
  void when_final(std::function<void(std::exception_ptr, ExecutionResult)> done) const;
  [[nodiscard]] detail::RunOnWorker run_on_worker() const;
  void check_not_forked() const;
  [[nodiscard]] std::shared_ptr<detail::Machine> machine() const;

  std::shared_ptr<engine::Completion> completion_;
  std::weak_ptr<detail::Machine> machine_;
};

/// The handle of a workflow declared by macro: its results know their keys.
template <class WorkflowType>
class TypedHandle : public ExecutionHandle {
 public:
  using Result = TypedResult<WorkflowType>;

  TypedHandle() noexcept = default;
  explicit TypedHandle(ExecutionHandle handle) noexcept : ExecutionHandle(std::move(handle)) {}

  [[nodiscard]] Result wait() const { return Result{ExecutionHandle::wait()}; }
  [[nodiscard]] std::optional<Result> wait_for(WaitTime timeout) const {
    auto result = ExecutionHandle::wait_for(timeout);
    if (!result) return std::nullopt;
    return Result{std::move(*result)};
  }
  template <class Token>
  auto async_wait(Token&& token) const {
    return this->template async_wait_as<Result>(std::forward<Token>(token));
  }
};

}  // namespace cloacina

#pragma once

#include <atomic>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <variant>

#include <cloacina/execution_result.hpp>

#include "engine/execution_state.hpp"
#include "engine/signal.hpp"

namespace cloacina::engine {

/// The end of one execution, as those who wait for it in this process see it. Thread-safe.
class Completion {
 public:
  explicit Completion(ExecutionId id) : id_(id) {}

  [[nodiscard]] ExecutionId id() const {
    std::lock_guard lock{mutex_};
    return id_;
  }
  /// An idempotency key was taken: this now stands for the earlier execution. Before the acceptance
  /// is answered.
  void refer_to(ExecutionId earlier) {
    std::lock_guard lock{mutex_};
    id_ = earlier;
  }

  /// The execution ended; its state becomes a result when somebody asks, on that thread.
  void fulfil(ExecutionState&& state);
  void fulfil(ExecutionResult result);
  void fail(std::exception_ptr error);

  [[nodiscard]] Signal& signal() noexcept { return signal_; }
  /// Only when the signal is set. Throws what `fail` was given.
  [[nodiscard]] ExecutionResult result();

 private:
  mutable std::mutex mutex_;
  ExecutionId id_;
  std::variant<std::monostate, std::unique_ptr<ExecutionState>, ExecutionResult, std::exception_ptr>
      end_;
  Signal signal_;
};

/// One call that submitted executions: answered once all of them are stored or refused.
class Acceptance {
 public:
  explicit Acceptance(std::size_t executions) : left_(executions) {
    if (executions == 0) signal_.set();
  }
  void accepted() { count_down(); }
  /// The first error is the one that the caller sees.
  void refused(std::exception_ptr error) {
    {
      std::lock_guard lock{mutex_};
      if (!error_) error_ = std::move(error);
    }
    count_down();
  }
  [[nodiscard]] Signal& signal() noexcept { return signal_; }
  [[nodiscard]] std::exception_ptr error() const {
    std::lock_guard lock{mutex_};
    return error_;
  }

 private:
  void count_down() {
    if (left_.fetch_sub(1) == 1) signal_.set();
  }
  std::atomic<std::size_t> left_;
  mutable std::mutex mutex_;
  std::exception_ptr error_;
  Signal signal_;
};

}  // namespace cloacina::engine

#pragma once

#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>

#include <cloacina/workflow_builder.hpp>

#include "retry.hpp"

namespace cloaca {

/// What a body may ask about its own run, also after it has returned.
struct TaskHandle {
  std::string task_id;
  std::string execution_id;
  std::uint32_t attempt = 1;
  std::string idempotency_key;
  std::stop_token stop;
};

/// What a task does, as Python gave it. Immutable; shared by all that run it.
struct PythonBody {
  std::string task;
  Kept function;
  bool wants_handle = false;
  OwnedPolicy retry;

  /// Nothing if the body does not want one.
  [[nodiscard]] std::optional<TaskHandle> handle(cloacina::TaskContext<> const& context) const;
  /// Calls the function; with the lock held.
  [[nodiscard]] py::object call(py::handle context, std::optional<TaskHandle> handle) const;
  /// What came of it. Raises TypeError for what a body must not return.
  [[nodiscard]] cloacina::detail::ContextDelta changes(cloacina::Context const& given,
                                                       py::handle passed,
                                                       py::handle returned) const;
  /// The error of the attempt; its condition is asked here, where the exception's class is known.
  [[nodiscard]] std::exception_ptr failure(py::error_already_set& error) const;
};

/// Hands what a body changed to the engine, as it is: a `Context` has checked it.
class ChangesWriter : public cloacina::TaskContext<> {
 public:
  explicit ChangesWriter(cloacina::TaskContext<> const& context)
      : cloacina::TaskContext<>(context) {}
  void write(cloacina::detail::ContextDelta&& changes) { run().delta = std::move(changes); }
};

[[nodiscard]] cloacina::TaskFunction synchronous_body(std::shared_ptr<PythonBody const> body);
/// Of an `async def`: awaited on the event loop of the runner, while the engine waits for it
/// without a thread.
[[nodiscard]] cloacina::TaskFunction asynchronous_body(std::shared_ptr<PythonBody const> body);

}  // namespace cloaca

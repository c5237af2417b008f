#include "body.hpp"

#include <utility>

#include <cloacina/error.hpp>

#include "bindings.hpp"
#include "context.hpp"
#include "conversions.hpp"
#include "errors.hpp"

namespace cloaca {
namespace {

using cloacina::Context;
using cloacina::RetryOn;
using cloacina::TaskContext;

/// Fills `changes`, or returns what the attempt fails with. Python objects live and die inside,
/// under the lock.
std::exception_ptr run(PythonBody const& body, TaskContext<>& context,
                       cloacina::detail::ContextDelta& changes) {
  Context const given = context.context();
  Gil const gil;
  return until_the_end([&] {
    return caught(
        [&] {
          auto const passed = py::cast(given);
          auto const returned = body.call(passed, body.handle(context));
          changes = body.changes(given, passed, returned);
        },
        [&body](py::error_already_set& error) { return body.failure(error); });
  });
}

}  // namespace

std::optional<TaskHandle> PythonBody::handle(TaskContext<> const& context) const {
  if (!wants_handle) return std::nullopt;
  return TaskHandle{.task_id = context.task_id(),
                    .execution_id = context.execution_id().to_string(),
                    .attempt = context.attempt(),
                    .idempotency_key = context.idempotency_key(),
                    .stop = context.stop_token()};
}

py::object PythonBody::call(py::handle context, std::optional<TaskHandle> handle) const {
  if (!handle) return function.get()(context);
  return function.get()(context, std::move(*handle));
}

cloacina::detail::ContextDelta PythonBody::changes(Context const& given, py::handle passed,
                                                   py::handle returned) const {
  if (returned.is_none() || returned.is(passed))
    return changes_in_place(given, py::cast<Context const&>(passed));
  if (py::isinstance<Context>(returned))
    return changes_to(given, py::cast<Context const&>(returned));
  auto const values = PyDict_Check(returned.ptr()) != 0
                          ? py::reinterpret_borrow<py::object>(returned)
                          : plain_form(returned);
  if (!PyDict_Check(values.ptr()))
    throw py::type_error("task '" + task + "' must return Context, dict or None, not " +
                         type_name(returned));
  auto now = py::cast<Context>(passed);  // with what it changed in place
  put_all(now, values);
  return changes_in_place(given, now);
}

std::exception_ptr PythonBody::failure(py::error_already_set& error) const {
  auto const raised = describe(error);
  auto text = "Python task execution failed: " + raised.summary;
  if (!raised.traceback.empty()) text += "\n" + raised.traceback;
  // The engine would look for words in the traceback too, and knows no classes of Python.
  auto const on = retry.policy.condition.on;
  if (raised.is_permanent) return std::make_exception_ptr(cloacina::PermanentError{text});
  if (on == RetryOn::all_errors || on == RetryOn::never)
    return std::make_exception_ptr(cloacina::TaskError{text, raised.is_transient});
  if (retry.retries(raised)) return std::make_exception_ptr(cloacina::TransientError{text});
  return std::make_exception_ptr(cloacina::PermanentError{text});
}

cloacina::TaskFunction synchronous_body(std::shared_ptr<PythonBody const> body) {
  return [body = std::move(body)](TaskContext<>& context) {
    cloacina::detail::ContextDelta changes;
    if (auto const failure = run(*body, context, changes)) std::rethrow_exception(failure);
    ChangesWriter{context}.write(std::move(changes));
  };
}

void bind_body(py::module_& module) {
  py::class_<TaskHandle>(module, "TaskHandle",
                         R"(What a task may ask about its own run: a parameter called `handle`.

>>> with WorkflowBuilder("doc_task_handle") as builder:
...     @task(retry_attempts=2, retry_delay_ms=1)
...     def flaky(context, handle):
...         if handle.attempt == 1:
...             raise OSError("not yet")
...         context.set("attempt", handle.attempt)
>>> with DefaultRunner("sqlite::memory:") as runner:
...     runner.execute("doc_task_handle").final_context["attempt"]
2
)")
      .def_readonly("task_id", &TaskHandle::task_id)
      .def_readonly("execution_id", &TaskHandle::execution_id)
      .def_readonly("attempt", &TaskHandle::attempt, "1 for the first one.")
      .def_readonly("idempotency_key", &TaskHandle::idempotency_key,
                    "The same for every attempt, so that a service can recognise a repetition.")
      .def(
          "is_stop_requested",
          [](TaskHandle const& handle) { return handle.stop.stop_requested(); },
          "Whether the attempt timed out, was cancelled, or its runner shuts down.")
      .def(
          "is_slot_held", [](TaskHandle const&) { return true; },
          "Always True: a body that runs holds one of the runner's slots, and one that waits for "
          "another\n"
          "execution has its own back when the wait returns. `defer_until` comes with a later "
          "version.")
      .def("defer_until",
           [](TaskHandle const&, py::args const&, py::kwargs const&) {
             raise_not_implemented("TaskHandle.defer_until");
           })
      .def("wait_signal", [](TaskHandle const&, py::args const&, py::kwargs const&) {
        raise_not_implemented("TaskHandle.wait_signal");
      });
}

}  // namespace cloaca

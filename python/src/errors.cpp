#include "errors.hpp"

#include <array>
#include <string_view>

#include <cloacina/detail/sentences.hpp>
#include <cloacina/version.hpp>

#include "conversions.hpp"

namespace cloaca {
namespace {

std::string text_or(py::handle value, std::string const& otherwise) {
  auto const text = py::reinterpret_steal<py::object>(PyObject_Str(value.ptr()));
  if (text) {
    Py_ssize_t size = 0;
    if (auto const* utf8 = PyUnicode_AsUTF8AndSize(text.ptr(), &size))
      return {utf8, static_cast<std::size_t>(size)};
  }
  PyErr_Clear();
  return otherwise;
}

std::string format(py::error_already_set& error) {
  try {
    py::object trace = error.trace();
    if (!trace) trace = py::none();
    auto const lines = py::module_::import("traceback")
                           .attr("format_exception")(error.type(), error.value(), trace);
    return text_or(py::str("").attr("join")(lines), {});
  } catch (py::error_already_set&) {
    return {};
  }
}

bool is_a(py::handle type, PyObject* base) {
  return PyErr_GivenExceptionMatches(type.ptr(), base) != 0;
}

std::string name_of_class(py::handle type) {
  // A class of a class of somebody's own may raise even here.
  auto const name =
      py::reinterpret_steal<py::object>(PyObject_GetAttrString(type.ptr(), "__name__"));
  if (name) return text_or(name, "Exception");
  PyErr_Clear();
  return reinterpret_cast<PyTypeObject const*>(type.ptr())->tp_name;
}

bool is_timeout(py::handle type, std::string const& name) {
  if (is_a(type, PyExc_TimeoutError)) return true;
  // Before Python 3.11 asyncio and concurrent.futures have one of their own.
  return name == "TimeoutError" || name == "TimeoutExpired";
}

char const* class_of(cloacina::ErrorKind kind) {
  using cloacina::ErrorKind;
  switch (kind) {
    case ErrorKind::validation:
      return "ValidationError";
    case ErrorKind::context:
      return "ContextError";
    case ErrorKind::task:
      return "TaskError";
    case ErrorKind::workflow_not_found:
      return "WorkflowNotFound";
    case ErrorKind::execution_not_found:
      return "ExecutionNotFound";
    case ErrorKind::execution_failed:
      return "ExecutionFailed";
    case ErrorKind::execution_cancelled:
      return "ExecutionCancelled";
    case ErrorKind::state:
      return "StateError";
    case ErrorKind::runner_stopped:
      return "RunnerStopped";
    case ErrorKind::configuration:
      return "ConfigurationError";
    case ErrorKind::backend:
      return "BackendError";
    case ErrorKind::timeout:
      return "ExecutionTimeout";
    case ErrorKind::schedule_not_found:
      return "ScheduleNotFound";
  }
  return "Error";
}

/// What the library says in C++'s words, and the same in Python's.
constexpr std::array<std::array<std::string_view, 2>, 5> translations{{
    {CLOACINA_DETAIL_SAY_NO_TASKS, "empty workflow: it has no task"},
    {CLOACINA_DETAIL_SAY_LISTED_TWICE,
     "duplicate task: two tasks of the workflow have the same id"},
    {CLOACINA_DETAIL_SAY_UNKNOWN_DEPENDENCY,
     "unknown dependency: `dependencies` names a task that is not in the workflow"},
    {CLOACINA_DETAIL_SAY_RETRIED_AT_MOST_ONCE,
     "at_most_once with retries: a task that may run once only has retry_attempts=1"},
    {CLOACINA_DETAIL_SAY_DROPPED_BY_LINKER,
     "The end of its `with WorkflowBuilder(…)` block registers it: this process must have run "
     "that, "
     "or imported the module that does"},
}};

std::string in_words_of_python(std::string text) {
  for (auto const& [ours, pythons] : translations)
    for (auto at = text.find(ours); at != std::string::npos;
         at = text.find(ours, at + pythons.size()))
      text.replace(at, ours.size(), pythons);
  return text;
}

void set_error(cloacina::Error const& error, std::string const& prefix) {
  auto const type = error_class(class_of(error.kind()));
  auto const text = prefix + in_words_of_python(error.what());
  auto const made = type(to_python(std::string_view{text}));
  made.attr("where") = to_python(std::string_view{error.where()});
  made.attr("is_retryable") = error.is_retryable();
  PyErr_SetObject(type.ptr(), made.ptr());
}

}  // namespace

Raised describe(py::error_already_set& error) {
  Raised raised;
  auto const type = error.type();
  auto const name = name_of_class(type);
  auto const message = text_or(error.value(), "<its __str__ raises>");
  raised.summary = message.empty() ? name : name + ": " + message;
  raised.traceback = format(error);
  raised.is_timeout = is_timeout(type, name);
  raised.is_io = is_a(type, PyExc_OSError);
  raised.is_transient = is_a(type, error_class("TransientError").ptr());
  raised.is_permanent = is_a(type, error_class("PermanentError").ptr());
  return raised;
}

py::object error_class(char const* name) {
  return py::module_::import("cloaca._errors").attr(name);
}

void raise(char const* name, std::string const& message) {
  PyErr_SetObject(error_class(name).ptr(), to_python(std::string_view{message}).ptr());
  throw py::error_already_set();
}

void raise_not_implemented(std::string const& what) {
  auto const message = what + " is not available in version " + std::string{cloacina::version} +
                       ": it comes with a later one";
  PyErr_SetString(PyExc_NotImplementedError, message.c_str());
  throw py::error_already_set();
}

void set_error(std::exception_ptr const& error, std::string const& prefix) {
  try {
    std::rethrow_exception(error);
  } catch (cloacina::Error const& known) {
    set_error(known, prefix);
  } catch (std::exception const& other) {
    PyErr_SetString(PyExc_RuntimeError, (prefix + other.what()).c_str());
  }
}

void translate_errors() {
  py::register_local_exception_translator([](std::exception_ptr pointer) {
    try {
      if (pointer) std::rethrow_exception(pointer);
    } catch (cloacina::Error const& error) {
      set_error(error, {});
    }
  });
}

}  // namespace cloaca

#include "handle.hpp"

#include <chrono>
#include <optional>
#include <utility>
#include <vector>

#include <asio/bind_executor.hpp>

#include <pybind11/stl.h>

#include <cloacina/error.hpp>

#include "bindings.hpp"
#include "delivery.hpp"
#include "errors.hpp"
#include "waiting.hpp"

namespace cloaca {
namespace {

using cloacina::ExecutionHandle;
using cloacina::ExecutionResult;

std::string status(ExecutionHandle const& handle) {
  Released const released;
  return std::string{to_string(handle.status())};
}

void cancel(ExecutionHandle const& handle, std::string const& reason) {
  Released const released;
  handle.cancel(reason);
}

/// What is known of each by now; the lock is given away once for all.
std::vector<std::optional<ExecutionResult>> results_by_now(
    std::vector<ExecutionHandle> const& handles) {
  Released const released;
  std::vector<std::optional<ExecutionResult>> results;
  results.reserve(handles.size());
  for (auto const& handle : handles)
    results.push_back(handle.wait_for(cloacina::WaitTime{std::chrono::nanoseconds{0}}));
  return results;
}

void notify(ExecutionHandle const& handle, py::object future) {
  Kept kept{std::move(future)};
  Released const released;
  settle_when_final(handle, std::move(kept));
}

}  // namespace

ExecutionResult wait_for(ExecutionHandle const& handle, std::optional<double> timeout) {
  if (is_event_loop_thread()) {
    if (auto ready = handle.wait_for(std::chrono::seconds{0})) return std::move(*ready);
    refuse_to_block_event_loop("result()");
  }
  auto result = wait_patiently(timeout_of(timeout), [&handle](cloacina::WaitTime at_most) {
    return handle.wait_for(at_most);
  });
  if (result) return std::move(*result);
  auto const seconds = py::str(py::float_(timeout.value_or(0))).cast<std::string>();
  raise("ExecutionTimeout", "execution " + handle.id().to_string() + " has not ended within " +
                                seconds + " s; it goes on: ask for its result later");
}

void settle(Kept const& future, std::exception_ptr const& error,
            std::function<py::object()> const& value) {
  Gil const gil;
  until_the_end([&] {
    try {
      if (!error) {
        future.get().attr("set_result")(value());
        return;
      }
      set_error(error, "Workflow execution failed: ");
      py::error_already_set raised;
      future.get().attr("set_exception")(raised.value());
    } catch (py::error_already_set& failure) {
      failure.discard_as_unraisable("cloaca: answering a future");
    }
  });
}

void settle_when_final(ExecutionHandle const& handle, Kept future) {
  handle.async_wait(asio::bind_executor(
      delivery().get_executor(),
      [future = std::move(future)](std::exception_ptr const& error, ExecutionResult const& result) {
        settle(future, error, [&result] { return py::cast(result); });
      }));
}

void bind_handle(py::module_& module) {
  py::class_<ExecutionHandle>(module, "Handle")
      .def_property_readonly("id",
                             [](ExecutionHandle const& handle) { return handle.id().to_string(); })
      .def("status", &status)
      .def("wait", &wait_for, py::arg("timeout"))
      .def(
          "wait_at_most",
          [](ExecutionHandle const& handle, double seconds) {
            return wait_patiently(timeout_of(seconds), [&handle](cloacina::WaitTime at_most) {
              return handle.wait_for(at_most);
            });
          },
          py::arg("seconds"))
      .def("cancel", &cancel, py::arg("reason"))
      .def("notify", &notify, py::arg("future"));
  module.def("results_by_now", &results_by_now, py::arg("handles"));
}

}  // namespace cloaca

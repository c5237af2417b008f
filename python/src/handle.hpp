#pragma once

#include <exception>
#include <functional>
#include <optional>
#include <string>

#include <cloacina/execution_handle.hpp>

#include "gil.hpp"

namespace cloaca {

/// Waits without the lock; raises TimeoutError once the time has passed.
[[nodiscard]] cloacina::ExecutionResult wait_for(cloacina::ExecutionHandle const& handle,
                                                 std::optional<double> timeout);

/// Sets the result, or the exception, of a `concurrent.futures.Future` when the execution is final.
void settle_when_final(cloacina::ExecutionHandle const& handle, Kept future);
/// The same at once; takes the lock, with which `value` is called.
void settle(Kept const& future, std::exception_ptr const& error,
            std::function<py::object()> const& value);

}  // namespace cloaca

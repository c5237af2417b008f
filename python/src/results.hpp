#pragma once

#include <cloacina/execution_info.hpp>
#include <cloacina/execution_result.hpp>

#include "gil.hpp"

namespace cloaca {

/// One line of `runner.list()`.
[[nodiscard]] py::dict info_of(cloacina::ExecutionInfo const& info);

}  // namespace cloaca

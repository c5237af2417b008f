#pragma once

#include <functional>

#include <asio/awaitable.hpp>

namespace cloacina::detail {
struct TaskRun;

/// What a task does; exactly one of the two is set.
struct TaskBody {
  std::function<void(TaskRun&)> run;
  std::function<asio::awaitable<void>(TaskRun&)> co_run;
};

}  // namespace cloacina::detail

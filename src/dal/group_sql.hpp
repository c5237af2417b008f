#pragma once

#include <cstdint>

#include "backend/session.hpp"

namespace cloacina::dal {

/// What there is in a group: the parts of its statement. What is not there costs nothing.
struct GroupShape {
  enum class Tasks : std::uint8_t { none, fresh, any };  ///< `fresh`: none has a row yet

  bool executions = false;  ///< to insert
  bool inputs = false;      ///< large ones, of executions to insert
  Tasks tasks = Tasks::none;
  bool attempts = false;
  bool changes = false;  ///< of executions
  bool applied = false;  ///< control requests
  bool claim = false;
};

/// The statement of such a group, in the words of PostgreSQL. It lives as long as the program.
///
/// Its parameters: runner, number, lease; then one array for each column of the parts that are
/// there, in their order: 12 of executions, 2 of inputs, 12 of tasks, 8 of attempts, 8 of changes,
/// 2 of requests; then the claim's time, workflows and limit. It answers one row, or one for each
/// execution that was claimed: the execution columns if it claims, how many fences were passed, and
/// the numbers, from 1, of executions that were there already. Thread-safe.
[[nodiscard]] backend::Statement const& group_statement(GroupShape const& shape);

}  // namespace cloacina::dal

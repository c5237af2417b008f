#include "dal/group_statement.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "core/sabotage.hpp"
#include "dal/batch_columns.hpp"
#include "dal/claim.hpp"
#include "dal/execution_inputs.hpp"
#include "dal/group_sql.hpp"
#include "dal/transaction.hpp"

namespace cloacina::dal {
namespace {

using backend::Value;

/// The arrays of one group, in the order of the statement's parameters.
class Arrays {
 public:
  /// False, adding nothing, if there are no rows.
  template <std::size_t Width>
  bool add(Columns<Width> const& columns) {
    if (columns.get().front().empty()) return false;
    for (auto const& column : columns.get()) arrays_.push_back({column});
    return true;
  }
  [[nodiscard]] std::vector<Value> after(std::initializer_list<Value> first) const {
    std::vector<Value> parameters{first};
    for (auto const& array : arrays_) parameters.emplace_back(&array);
    return parameters;
  }

 private:
  std::vector<backend::Array> arrays_;
};

Columns<12> tasks_of(Batch const& batch) {
  Columns<12> columns{batch.tasks.size()};
  for (auto const& row : batch.tasks) add_columns(columns, row);
  return columns;
}

Columns<8> updates_of(Batch const& batch) {
  Columns<8> columns{batch.updates.size()};
  for (auto const& row : batch.updates)
    columns.add(row.id, to_string(row.status), or_null(row.output), or_null(row.error),
                or_null(row.started_at), or_null(row.completed_at), or_null(row.deadline),
                flag(row.release));
  return columns;
}

Columns<2> applied_of(Batch const& batch) {
  Columns<2> columns{batch.applied.size()};
  for (auto const& request : batch.applied) columns.add(request.id, request.at);
  return columns;
}

/// "1,4": the numbers, from 1, of rows that were there already.
std::vector<std::size_t> indexes_from(std::string_view text) {
  std::vector<std::size_t> indexes;
  while (!text.empty()) {
    std::size_t number = 0;
    auto const end = std::from_chars(text.data(), text.data() + text.size(), number).ptr;
    indexes.push_back(number - 1);
    text.remove_prefix(std::min(text.size(), static_cast<std::size_t>(end - text.data()) + 1));
  }
  std::sort(indexes.begin(), indexes.end());
  return indexes;
}

}  // namespace

bool fits_one_statement(Batch const& batch) noexcept {
  static bool const fence_removed = is_sabotaged("no_fence");
  static bool const in_two = is_sabotaged("completion_in_two");
  if (fence_removed || in_two) return false;
  if (!batch.unowned_cancels.empty() || !batch.learned.empty()) return false;
  // What is left to anybody may be claimed at once, which the statement would not see.
  if (batch.claim.limit != 0 &&
      !std::all_of(batch.inserts.begin(), batch.inserts.end(),
                   [](ExecutionInsert const& insert) { return insert.owned; }))
    return false;
  // Both are in the order of their ids.
  auto insert = batch.inserts.begin();
  for (auto const& update : batch.updates) {
    while (insert != batch.inserts.end() && insert->id < update.id) ++insert;
    if (insert != batch.inserts.end() && insert->id == update.id) return false;
  }
  return true;
}

Outcome commit_in_one_statement(backend::Database& database, backend::Session& session,
                                Fence const& fence, Batch const& batch) {
  auto const executions = columns_of(batch.inserts, fence.runner);
  auto const inputs = large_inputs(batch.inserts);
  auto const tasks = tasks_of(batch);
  auto const attempts = columns_of(batch.attempts, fence.runner);
  auto const updates = updates_of(batch);
  auto const applied = applied_of(batch);
  bool const all_fresh = std::all_of(batch.tasks.begin(), batch.tasks.end(),
                                     [](TaskWrite const& task) { return task.is_new; });
  using Tasks = GroupShape::Tasks;
  Arrays arrays;
  GroupShape const shape{.executions = arrays.add(executions),
                         .inputs = arrays.add(inputs),
                         .tasks = !arrays.add(tasks) ? Tasks::none
                                  : all_fresh        ? Tasks::fresh
                                                     : Tasks::any,
                         .attempts = arrays.add(attempts),
                         .changes = arrays.add(updates),
                         .applied = arrays.add(applied),
                         .claim = batch.claim.limit != 0};
  auto const lease = database.lease_now() + fence.lease;
  auto parameters = arrays.after({fence.runner.value, static_cast<std::int64_t>(fence.commit_seq),
                                  std::int64_t{lease.count()}});
  if (shape.claim)
    parameters.insert(parameters.end(), {batch.claim.now, batch.claim.known,
                                         static_cast<std::int64_t>(batch.claim.limit)});
  try {
    auto const rows = session.write_alone(group_statement(shape), parameters);
    std::size_t const answer = shape.claim ? number_of_execution_columns : 0;
    if (rows.integer(0, answer) == 0) return Fenced{};
    Committed committed;
    committed.not_inserted = indexes_from(rows.text_or_null(0, answer + 1).value_or(""));
    if (shape.claim && !rows.is_null(0, 0)) take_claimed(rows, committed);
    return committed;
  } catch (Error const&) {
    return outcome_of_current_error();
  }
}

}  // namespace cloacina::dal

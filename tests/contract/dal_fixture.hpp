#pragma once

#include <array>
#include <string>
#include <vector>

#include "contract/backend_under_test.hpp"
#include "dal/batch.hpp"
#include "dal/runners.hpp"
#include "dal/task_attempts.hpp"
#include "dal/task_executions.hpp"
#include "dal/workflow_definitions.hpp"
#include "dal/workflow_executions.hpp"
#include "support/catch.hpp"

namespace cloacina::contract {

inline constexpr std::string_view known_workflows = R"(["orders@1","billing@7"])";
inline constexpr std::chrono::seconds lease{15};

inline Instant at(std::int64_t seconds) {
  return Instant{std::chrono::seconds{1'700'000'000 + seconds}};
}
inline ExecutionId id_of(std::uint64_t number) {
  return {0x0192f0c1'00007000ull + (number << 16), number};
}

/// What id_of() made each of.
inline std::vector<std::uint64_t> numbers(std::vector<dal::ExecutionRow> const& rows) {
  std::vector<std::uint64_t> result;
  for (auto const& row : rows) result.push_back(row.id.low);
  return result;
}

/// One runner with a session of its own, which counts its transactions as an engine does.
class TestRunner {
 public:
  TestRunner(BackendUnderTest& backend, std::uint64_t number)
      : backend_(backend), session_(backend.database().open_writer()), id_{{0xaaaa, number}} {
    dal::register_runner(
        backend.database(), *session_,
        {.id = id_,
         .name = "runner " + std::to_string(number),
         .host = "host",
         .library_version = "0.1.0",
         .pid = 4711,
         .workflows = std::string{known_workflows},
         .started_at = at(0)},
        lease, {{"orders", "1", R"({"tasks":[{"id":"load","rule":{"id":"x"}},{"id":"save"}]})"}});
  }

  [[nodiscard]] dal::RunnerId id() const { return id_; }
  [[nodiscard]] backend::Session& session() { return *session_; }
  [[nodiscard]] backend::Database& database() { return backend_.database(); }
  [[nodiscard]] dal::Fence next() const { return {id_, seq_ + 1, lease}; }

  dal::Outcome try_commit(dal::Batch const& batch) {
    return counted(dal::commit(database(), *session_, next(), batch));
  }
  /// Must be committed, perhaps not at the first try: a server may give way to others (R16).
  dal::Committed commit(dal::Batch const& batch) {
    constexpr int most_tries = 1'000;
    auto outcome = try_commit(batch);
    for (int tries = 1; std::holds_alternative<dal::Again>(outcome) && tries < most_tries; ++tries)
      outcome = try_commit(batch);
    return committed(outcome);
  }
  dal::TakeoverResult take_over(Instant now, std::uint32_t max_crashes = 5) {
    auto result =
        dal::take_over(database(), *session_, next(), now, max_crashes, [] { return true; });
    committed(counted(result.outcome));
    return result;
  }
  dal::Outcome release(Instant now) {
    return counted(dal::release(database(), *session_, next(), now));
  }
  /// The engine found out that its last transaction was committed after all.
  void count_one() { ++seq_; }

 private:
  dal::Outcome counted(dal::Outcome outcome) {
    if (std::holds_alternative<dal::Committed>(outcome)) ++seq_;
    return outcome;
  }
  static dal::Committed committed(dal::Outcome outcome) {
    if (auto const* refused = std::get_if<dal::Refused>(&outcome))
      FAIL("refused: " << refused->message);
    if (auto const* again = std::get_if<dal::Again>(&outcome)) FAIL("again: " << again->message);
    REQUIRE(std::holds_alternative<dal::Committed>(outcome));
    return std::get<dal::Committed>(std::move(outcome));
  }

  BackendUnderTest& backend_;
  std::unique_ptr<backend::Session> session_;
  dal::RunnerId id_;
  std::uint64_t seq_ = 0;
};

struct DalFixture {
  std::unique_ptr<BackendUnderTest> backend = make_backend_under_test();
  TestRunner runner{*backend, 1};

  [[nodiscard]] dal::ExecutionRow execution(std::uint64_t number) {
    auto const row = dal::find_execution(*backend->database().reader(), id_of(number));
    REQUIRE(row.has_value());
    return *row;
  }
  [[nodiscard]] std::vector<dal::TaskRow> tasks(std::uint64_t number) {
    return dal::tasks_of(*backend->database().reader(), id_of(number));
  }
  [[nodiscard]] dal::TaskRow task(std::uint64_t number, std::string_view name) {
    for (auto& row : tasks(number))
      if (row.task == name) return row;
    FAIL("no row of task " << name);
    return {};
  }
};

inline dal::ExecutionInsert an_execution(std::uint64_t number, bool owned = true) {
  dal::ExecutionInsert row;
  row.id = id_of(number);
  row.workflow = "orders";
  row.version = "1";
  row.status = owned ? WorkflowStatus::running : WorkflowStatus::pending;
  row.owned = owned;
  row.input = R"({"order_id":42})";
  row.created_at = at(1);
  return row;
}

inline dal::TaskWrite a_task(std::uint64_t execution, std::string_view task, TaskStatus status) {
  dal::TaskWrite row;
  row.execution = id_of(execution);
  row.task = task;
  row.status = status;
  return row;
}

inline dal::Batch inserting(std::vector<dal::ExecutionInsert> rows) {
  dal::Batch batch;
  batch.inserts = std::move(rows);
  return batch;
}

inline dal::Batch writing(std::vector<dal::TaskWrite> rows) {
  dal::Batch batch;
  batch.tasks = std::move(rows);
  return batch;
}

inline dal::Batch claiming(std::size_t limit, Instant now = at(100)) {
  dal::Batch batch;
  batch.claim = {.limit = limit, .now = now, .known = known_workflows};
  return batch;
}

}  // namespace cloacina::contract

#include "dal/control_requests.hpp"

#include <array>

#include "dal/columns.hpp"
#include "dal/transaction.hpp"
#include "dal/workflow_executions.hpp"

namespace cloacina::dal {
namespace {

using backend::Statement;
using backend::Value;
using Kind = CancelAnswer::Kind;

// The end of an execution and what waited for it are written together: `too late` is never read of
// one that is not final.
constexpr Statement select_answer{.name = "answer_to_request", .sqlite = R"sql(
      SELECT r.applied_at IS NULL, r.outcome = 'applied', e.status, e.owner IS NULL
      FROM {s}.control_requests AS r
      JOIN {s}.workflow_executions AS e ON e.id = r.execution_id
      WHERE r.id = $1)sql"};

constexpr Statement insert_request{.name = "insert_request", .sqlite = R"sql(
      INSERT INTO {s}.control_requests (id, execution_id, kind, payload, requested_at, applied_at,
        outcome)
      VALUES ($1, $2, 'cancel', $3, $4, $5, $6))sql"};

// R12: the execution's row is held until the request is there, so that its end cannot pass by.
constexpr Statement lock_execution{
    .name = "lock_execution",
    .sqlite = "SELECT 1 FROM {s}.workflow_executions WHERE id = $1",
    .postgres = "SELECT 1 FROM {s}.workflow_executions WHERE id = $1 FOR UPDATE"};

constexpr Statement select_first{.name = "first_request", .sqlite = R"sql(
      SELECT id, coalesce(payload, '') FROM {s}.control_requests
      WHERE execution_id = $1 AND applied_at IS NULL ORDER BY id LIMIT 1)sql"};

constexpr Statement select_waiting{.name = "waiting_requests", .sqlite = R"sql(
      SELECT r.id, r.execution_id, coalesce(r.payload, ''), e.owner IS NOT NULL
      FROM {s}.control_requests AS r
      JOIN {s}.workflow_executions AS e ON e.id = r.execution_id
      WHERE r.applied_at IS NULL AND (e.owner = $1 OR e.owner IS NULL)
      ORDER BY r.id)sql"};

constexpr Statement mark_request{.name = "mark_request",
                                 .sqlite = R"sql(
      UPDATE {s}.control_requests SET applied_at = $2, outcome = 'applied'
      WHERE id = $1 AND applied_at IS NULL)sql",
                                 .postgres = R"sql(
      UPDATE {s}.control_requests AS r SET applied_at = a.at, outcome = 'applied'
      FROM unnest($1::uuid[], $2::timestamptz[]) AS a (id, at)
      WHERE r.id = a.id AND r.applied_at IS NULL)sql"};

// Over the waiting ones, of which there are few: what has ended is many more.
constexpr Statement mark_rest{.name = "mark_too_late", .sqlite = R"sql(
      UPDATE {s}.control_requests SET applied_at = $1, outcome = 'too late'
      WHERE applied_at IS NULL
        AND EXISTS (SELECT 1 FROM {s}.workflow_executions AS e
                    WHERE e.id = execution_id AND e.completed_at IS NOT NULL))sql"};

std::optional<CancelAnswer> answer_if_asked(backend::Session& session, ExecutionId request) {
  std::array<Value, 1> const parameters{request};
  auto const rows = session.query(select_answer, parameters);
  if (rows.empty()) return std::nullopt;
  auto const status = workflow_status_from(rows.text(0, 2));
  if (rows.integer(0, 0) != 0)
    return CancelAnswer{rows.integer(0, 3) != 0 ? Kind::unowned : Kind::waiting, status};
  return CancelAnswer{rows.integer(0, 1) != 0 ? Kind::applied : Kind::too_late, status};
}

void insert(backend::Session& session, CancelAsk const& ask, bool applied) {
  std::array<Value, 6> const parameters{
      ask.request,
      ask.execution,
      ask.reason,
      ask.now,
      applied ? Value{ask.now} : Value{nullptr},
      applied ? Value{std::string_view{"applied"}} : Value{nullptr}};
  session.execute(insert_request, parameters);
}

/// What waits for it comes before who asks now.
bool cancelled_by_waiting(backend::Session& session, CancelAsk const& ask) {
  std::array<Value, 1> const parameters{ask.execution};
  auto const first = session.query(select_first, parameters);
  if (first.empty()) return false;
  cancel_unowned(session, {{.request = first.uuid(0, 0),
                            .execution = ask.execution,
                            .reason = first.text(0, 1),
                            .at = ask.now}});
  return true;
}

CancelAnswer decide(backend::Session& session, CancelAsk const& ask) {
  auto const row = find_execution(session, ask.execution);
  if (!row) return {Kind::not_found, {}};
  if (is_final(row->status)) return {Kind::too_late, row->status};
  if (row->owner) {
    insert(session, ask, false);
    return {Kind::waiting, row->status};
  }
  if (cancelled_by_waiting(session, ask)) return {Kind::too_late, WorkflowStatus::cancelled};
  (void)cancel_rows(session, ask.execution, ask.reason, ask.now);
  insert(session, ask, true);
  return {Kind::applied, WorkflowStatus::cancelled};
}

}  // namespace

CancelAnswer ask_to_cancel(backend::Session& session, CancelAsk const& ask) {
  Transaction transaction{session};
  (void)session.query(lock_execution, std::array<Value, 1>{ask.execution});
  auto answer = answer_if_asked(session, ask.request);
  if (answer && answer->kind != Kind::unowned) return *answer;
  if (!answer) {
    answer = decide(session, ask);
  } else if (cancelled_by_waiting(session, ask)) {  // its owner went without heeding it
    answer = answer_if_asked(session, ask.request);
  }
  transaction.commit();
  return *answer;
}

CancelAnswer answer_to(backend::Session& session, ExecutionId request) {
  return answer_if_asked(session, request).value_or(CancelAnswer{Kind::not_found, {}});
}

std::vector<ControlRequestRow> waiting_requests(backend::Session& session, RunnerId runner) {
  std::array<Value, 1> const parameters{runner.value};
  auto const rows = session.query(select_waiting, parameters);
  std::vector<ControlRequestRow> requests(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i)
    requests[i] = {.id = rows.uuid(i, 0),
                   .execution = rows.uuid(i, 1),
                   .payload = rows.text(i, 2),
                   .owned = rows.integer(i, 3) != 0};
  return requests;
}

void mark_applied(backend::Session& session, std::vector<AppliedRequest> const& applied) {
  if (applied.empty()) return;
  Columns<2> columns{applied.size()};
  for (auto const& request : applied) columns.add(request.id, request.at);
  session.apply(mark_request, columns.get());
}

void mark_too_late(backend::Session& session, Instant now) {
  std::array<Value, 1> const parameters{now};
  session.execute(mark_rest, parameters);
}

void cancel_unowned(backend::Session& session, std::vector<UnownedCancel> const& cancels) {
  for (auto const& cancel : cancels) {
    if (cancel_rows(session, cancel.execution, cancel.reason, cancel.at))
      mark_applied(session, {{.id = cancel.request, .at = cancel.at}});
    mark_too_late(session, cancel.at);
  }
}

}  // namespace cloacina::dal

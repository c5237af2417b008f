#include "judge.hpp"

#include <map>
#include <set>

#include <nlohmann/json.hpp>

#include "support/raw_database.hpp"

namespace cloacina::trial {
namespace {

using test::RawDatabase;

constexpr std::string_view lost = "outcome unknown: owner lost";
constexpr std::string_view stopped = "the task was asked to stop while it waited";

struct StoredTask {
  std::string status, error, value;
  std::uint32_t attempt = 0;
};

/// One execution as it is stored.
struct Stored {
  std::string workflow, status, owner, key;
  std::map<std::string, StoredTask> tasks;
};

std::map<std::string, Stored> read(RawDatabase const& database) {
  std::map<std::string, Stored> found;
  auto const rows = database.column(
      "SELECT json_array(hex(id), workflow, status, hex(owner), idempotency_key) FROM "
      "workflow_executions");
  for (auto const& row : rows) {
    auto const values = nlohmann::json::parse(row);
    found[values[0]] = {values[1], values[2], values[3], values[4].is_null() ? "" : values[4], {}};
  }
  auto const tasks = database.column(
      "SELECT json_array(hex(execution_id), task, status, coalesce(error, ''), attempt, "
      "coalesce(json_extract(delta, '$.set.' || task), '')) FROM task_executions");
  for (auto const& row : tasks) {
    auto const values = nlohmann::json::parse(row);
    found[values[0]].tasks[values[1]] = {values[2], values[3], values[5],
                                         values[4].get<std::uint32_t>()};
  }
  return found;
}

std::string hex(ExecutionId const& id) {
  std::string text;
  for (auto const byte : id.bytes()) {
    constexpr char digits[] = "0123456789ABCDEF";
    text += digits[static_cast<unsigned char>(byte) >> 4];
    text += digits[static_cast<unsigned char>(byte) & 15];
  }
  return text;
}

bool is_final(std::string const& status) {
  return status == "Completed" || status == "Failed" || status == "Cancelled" ||
         status == "Skipped";
}

/// How a task ends whatever crashed meanwhile; an execution that was cancelled has no expectation.
std::string expected_status(TaskPlan const& task,
                            std::map<std::string, std::string> const& before) {
  for (auto const& name : task.after)
    if (before.at(name) != "Completed") return "Skipped";
  return task.failures >= task.attempts ? "Failed" : "Completed";
}

class Judge {
 public:
  Judge(std::vector<WorkflowPlan> const& plans, Witness const& witness) {
    for (auto const& plan : plans) plans_[plan.name] = &plan;
    for (auto const& [where, starts] : witness) starts_[{hex(where.first), where.second}] = &starts;
  }

  void execution(std::string const& id, Stored const& stored) {
    if (!is_final(stored.status))
      say("stranded", id + " is " + stored.status + ", owner " + stored.owner);
    if (!stored.owner.empty()) say("owned", id + " is " + stored.status + " and owned");
    std::map<std::string, std::string> statuses;
    for (auto const& task : plans_.at(stored.workflow)->tasks) {
      auto const found = stored.tasks.find(task.id);
      bool const there = found != stored.tasks.end();
      auto const expected = expected_status(task, statuses);
      statuses[task.id] = there ? found->second.status : "none";
      if (there && !is_final(found->second.status))
        say("stranded", id + "/" + task.id + " is " + found->second.status);
      if (stored.status == "Cancelled") continue;
      if (!there) {
        say("outcome", id + "/" + task.id + " has no row, expected " + expected);
        statuses[task.id] = expected;
        continue;
      }
      outcome(id, task, found->second, expected);
    }
    for (auto const& task : plans_.at(stored.workflow)->tasks) bodies(id, task, stored);
  }

  void say(std::string const& kind, std::string const& what) {
    problems_.push_back(kind + ": " + what);
  }
  [[nodiscard]] std::vector<std::string> take() { return std::move(problems_); }

 private:
  void outcome(std::string const& id, TaskPlan const& task, StoredTask const& stored,
               std::string const& expected) {
    if (task.at_most_once && stored.status == "Failed" &&
        (stored.error == lost || stored.error == stopped))
      return;
    auto const attempt = expected == "Skipped"  ? 1
                         : expected == "Failed" ? task.attempts
                                                : task.failures + 1;
    if (stored.status != expected || stored.attempt != attempt)
      say("outcome", id + "/" + task.id + " is " + stored.status + " with attempt " +
                         std::to_string(stored.attempt) + " (" + stored.error + "), expected " +
                         expected + " with " + std::to_string(attempt));
  }

  /// The recorded result comes from a body that ran, and every body was given what is recorded.
  void bodies(std::string const& id, TaskPlan const& task, Stored const& stored) {
    auto const found = starts_.find({id, task.id});
    auto const recorded = stored.tasks.find(task.id);
    if (found == starts_.end()) {
      if (recorded != stored.tasks.end() && recorded->second.status == "Completed")
        say("bodies", id + "/" + task.id + " is Completed, and no body ran");
      return;
    }
    auto const& starts = *found->second;
    if (task.at_most_once && starts.size() > 1)
      say("bodies", id + "/" + task.id + " is at-most-once and ran " +
                        std::to_string(starts.size()) + " times");
    bool known = recorded == stored.tasks.end() || recorded->second.status != "Completed";
    for (auto const& start : starts) {
      known = known || start.value == recorded->second.value;
      for (std::size_t i = 0; i < task.after.size(); ++i) {
        auto const& before = stored.tasks.find(task.after[i]);
        if (before == stored.tasks.end() || before->second.value != start.given[i])
          say("inputs", id + "/" + task.id + " was given '" + start.given[i] + "' of " +
                            task.after[i] + ", recorded is another");
      }
    }
    if (!known)
      say("bodies", id + "/" + task.id + ": the recorded '" + recorded->second.value +
                        "' comes from no body");
  }

  std::map<std::string, WorkflowPlan const*> plans_;
  std::map<std::pair<std::string, std::string>, std::vector<Start> const*> starts_;
  std::vector<std::string> problems_;
};

}  // namespace

void watch_history(std::filesystem::path const& database) {
  RawDatabase{database}.execute(R"sql(
    CREATE TABLE trial_history (what TEXT);
    CREATE TRIGGER trial_task AFTER UPDATE ON task_executions
      WHEN OLD.status IN ('Completed', 'Failed', 'Skipped', 'Cancelled') BEGIN
      INSERT INTO trial_history VALUES (hex(OLD.execution_id) || '/' || OLD.task || ': ' || OLD.status
        || ' was written again as ' || NEW.status);
    END;
    CREATE TRIGGER trial_execution AFTER UPDATE ON workflow_executions
      WHEN OLD.status IN ('Completed', 'Failed', 'Cancelled') BEGIN
      INSERT INTO trial_history VALUES (hex(OLD.id) || ': ' || OLD.status || ' was written again as '
        || NEW.status);
    END;
    CREATE TRIGGER trial_deleted AFTER DELETE ON workflow_executions BEGIN
      INSERT INTO trial_history VALUES (hex(OLD.id) || ': was deleted');
    END)sql");
}

std::vector<std::string> judge(std::filesystem::path const& database,
                               std::vector<WorkflowPlan> const& plans,
                               std::vector<Told> const& told, Witness const& witness) {
  RawDatabase const raw{database};
  Judge judge{plans, witness};
  for (auto const& what : raw.column("SELECT what FROM trial_history")) judge.say("history", what);
  auto const integrity = raw.text("PRAGMA integrity_check");
  if (integrity != "ok") judge.say("corrupt", integrity);
  for (auto const& state : raw.column("SELECT DISTINCT state FROM runners WHERE state = 'alive'"))
    judge.say("runners", "one is still " + state);
  auto const stored = read(raw);
  for (auto const& [id, execution] : stored) judge.execution(id, execution);
  std::set<std::string> keys;
  for (auto const& [id, execution] : stored)
    if (!keys.insert(execution.workflow + " " + execution.key).second)
      judge.say("keys", "two executions of " + execution.key);
  std::set<std::string> may_be_cancelled;
  for (auto const& one : told) {
    if (one.refused) {
      if (keys.contains(one.workflow + " " + one.key))
        judge.say("refused", one.key + " was refused and is stored");
      continue;
    }
    auto const found = stored.find(hex(one.execution));
    if (found == stored.end() || found->second.key != one.key ||
        found->second.workflow != one.workflow) {
      judge.say("lost", "accepted " + one.key + " as " + hex(one.execution));
      continue;
    }
    if (one.asked_to_cancel) may_be_cancelled.insert(found->first);
    if (one.cancelled && found->second.status != "Cancelled")
      judge.say("cancelled", one.key + " was cancelled and is " + found->second.status);
  }
  for (auto const& [id, execution] : stored)
    if (execution.status == "Cancelled" && !may_be_cancelled.contains(id))
      judge.say("cancelled", execution.key + " is Cancelled, and nobody asked");
  return judge.take();
}

Counts count(std::filesystem::path const& database) {
  RawDatabase const raw{database};
  Counts counts;
  counts.takeovers = raw.integer("SELECT coalesce(sum(takeovers), 0) FROM workflow_executions");
  counts.crashes = raw.integer("SELECT coalesce(sum(crashes), 0) FROM task_executions");
  for (auto const* sql :
       {"SELECT hex(id) || workflow || status || coalesce(output, '') || completed_at FROM "
        "workflow_executions ORDER BY id",
        "SELECT hex(execution_id) || task || status || attempt || coalesce(delta, '') FROM "
        "task_executions ORDER BY execution_id, task"})
    for (auto const& row : raw.column(sql)) counts.rows += row + "\n";
  return counts;
}

}  // namespace cloacina::trial

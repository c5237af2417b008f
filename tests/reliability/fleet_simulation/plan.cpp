#include "plan.hpp"

#include <chrono>

#include <cloacina/error.hpp>
#include <cloacina/workflow_builder.hpp>

namespace cloacina::trial {
namespace {

using namespace std::chrono_literals;

TaskPlan random_task(Dice& dice, std::vector<TaskPlan> const& earlier) {
  TaskPlan task;
  task.id = "t" + std::to_string(earlier.size());
  for (auto const& before : earlier)
    if (!before.at_most_once && draw(dice, 0, 2) == 0) task.after.push_back(before.id);
  task.attempts = static_cast<std::uint32_t>(draw(dice, 1, 3));
  auto const chance = draw(dice, 0, 9);
  task.failures = chance < 7 ? 0 : chance < 9 ? 1 : 99;
  task.milliseconds = draw(dice, 0, 3) * draw(dice, 0, 1'500);
  task.coroutine = task.milliseconds > 0 || draw(dice, 0, 1) == 0;
  return task;
}

std::string begin(TaskContext<>& context, TaskPlan const& plan, Witness& witness) {
  auto& starts = witness[{context.execution_id(), plan.id}];
  auto value = plan.id + "." + std::to_string(starts.size());
  Start start{context.attempt(), value, {}};
  for (auto const& before : plan.after)
    start.given.push_back(context.contains(before) ? context.get_as<std::string>(before) : "");
  starts.push_back(std::move(start));
  return value;
}

void end(TaskContext<>& context, TaskPlan const& plan, std::string const& value) {
  if (context.attempt() <= plan.failures) throw TransientError{"planned"};
  context.put(plan.id, value);
}

TaskFunction body(TaskPlan const& plan, Witness& witness) {
  if (!plan.coroutine)
    return [plan, &witness](TaskContext<>& context) {
      end(context, plan, begin(context, plan, witness));
    };
  return [plan, &witness](TaskContext<>& context) -> asio::awaitable<void> {
    auto const value = begin(context, plan, witness);
    co_await context.async_sleep_for(std::chrono::milliseconds{plan.milliseconds});
    end(context, plan, value);
  };
}

}  // namespace

std::vector<WorkflowPlan> random_plans(Dice& dice) {
  std::vector<WorkflowPlan> plans(draw(dice, 2, 4));
  for (std::size_t i = 0; i < plans.size(); ++i) {
    auto& plan = plans[i];
    plan.name = "fleet_" + std::to_string(i);
    for (auto left = draw(dice, 1, 8); left > 0; --left)
      plan.tasks.push_back(random_task(dice, plan.tasks));
    if (draw(dice, 0, 2) == 0) {
      auto once = random_task(dice, plan.tasks);
      once.at_most_once = true;
      once.attempts = 1;
      once.failures = 0;
      plan.tasks.push_back(once);
    }
  }
  return plans;
}

Workflow build(WorkflowPlan const& plan, Witness& witness) {
  WorkflowBuilder builder{plan.name};
  builder.timeout(0ms);  // a clock that jumps would end executions before their time, as it should
  for (auto const& task : plan.tasks) {
    TaskSettings settings;
    settings.after = task.after;
    if (task.at_most_once) {
      settings.execution = ExecutionMode::at_most_once;
    } else {
      settings.retry = {.max_attempts = task.attempts, .initial_delay = 500ms};
    }
    builder.task(task.id, std::move(settings), body(task, witness));
  }
  return builder.build();
}

}  // namespace cloacina::trial

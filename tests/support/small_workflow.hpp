#pragma once

#include <unistd.h>

#include <atomic>
#include <chrono>
#include <string>

#include <cloacina/cloacina.hpp>

#include "support/append_file.hpp"

namespace cloacina::test {

/// Notes that a body began, and what it was given; returns the value that no other run leaves.
inline std::string begin_small(TaskContext<>& context, AppendFile& witness) {
  static auto const process = std::to_string(::getpid());
  static std::atomic<int> runs{0};
  auto const value = process + "." + std::to_string(++runs);
  Json const line{{"execution", context.execution_id().to_string()},
                  {"task", context.task_id()},
                  {"attempt", context.attempt()},
                  {"value", value},
                  {"given", Json::parse(context.context().to_json())}};
  witness.append(line.dump());
  return value;
}

/// What the points of kill_points and disk_full run, and kill_points/trial.py judges: a retry, a
/// branch that is skipped, a join, and a leaf that may run once only.
inline Workflow small_workflow(AppendFile& witness) {
  auto const plain = [&witness](TaskContext<>& context) {
    context.put(context.task_id(), begin_small(context, witness));
  };
  WorkflowBuilder builder{"small"};
  builder.task("first", plain);
  builder.task("again",
               {.after = {"first"}, .retry = {.initial_delay = std::chrono::milliseconds{1}}},
               [&witness](TaskContext<>& context) {
                 auto const value = begin_small(context, witness);
                 if (context.attempt() == 1) throw TransientError{"planned"};
                 context.put("again", value);
               });
  builder.task("never", {.after = {"first"}, .trigger_rule = when::task_failed("first")}, plain);
  builder.task("join", {.after = {"again", "never"}}, plain);
  builder.task("once", {.after = {"first"}, .execution = ExecutionMode::at_most_once}, plain);
  return builder.build();
}

}  // namespace cloacina::test

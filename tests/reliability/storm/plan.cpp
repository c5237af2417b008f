#include "plan.hpp"

#include <chrono>
#include <cstdint>
#include <fstream>
#include <stdexcept>

#include <nlohmann/json.hpp>

#include <cloacina/error.hpp>
#include <cloacina/workflow_builder.hpp>

namespace cloacina::storm {
namespace {

using namespace std::chrono_literals;

struct Behaviour {
  std::vector<std::string> after;
  std::vector<std::uint32_t> failures;   // attempts that fail first, by n
  std::vector<std::uint32_t> durations;  // milliseconds, by n
};

template <class T>
T by_number(std::vector<T> const& table, std::uint64_t n) {
  return table[n % table.size()];
}

/// The start of every body: the witness hears of it before anything else happens.
std::string begin(TaskContext<>& context, Behaviour const& behaviour, Witness& witness) {
  return witness.began({.execution = context.execution_id(),
                        .task = context.task_id(),
                        .attempt = context.attempt(),
                        .dependencies = behaviour.after,
                        .given = context.context()});
}

std::chrono::milliseconds duration(TaskContext<>& context, Behaviour const& behaviour) {
  return std::chrono::milliseconds{
      by_number(behaviour.durations, context.get_as<std::uint64_t>("n"))};
}

/// Fails as planned, or leaves a value that no other run of any body leaves.
void end(TaskContext<>& context, Behaviour const& behaviour, std::string const& value) {
  auto const n = context.get_as<std::uint64_t>("n");
  if (context.attempt() <= by_number(behaviour.failures, n))
    throw TransientError{"planned failure of attempt " + std::to_string(context.attempt())};
  context.put("r_" + context.task_id(), value);
  // Every branch adds its name to the same object: the merge must keep them all.
  Json shared = context.contains("shared") ? context.get("shared") : Json::object();
  shared[context.task_id()] = value;
  context.put("shared", shared);
}

TaskFunction body(Behaviour behaviour, bool coroutine, Witness& witness) {
  if (coroutine) {
    return [behaviour, &witness](TaskContext<>& context) -> asio::awaitable<void> {
      auto const value = begin(context, behaviour, witness);
      auto const time = duration(context, behaviour);
      co_await context.async_sleep_for(time);
      end(context, behaviour, value);
    };
  }
  return [behaviour, &witness](TaskContext<>& context) {
    auto const value = begin(context, behaviour, witness);
    context.sleep_for(duration(context, behaviour));
    end(context, behaviour, value);
  };
}

Workflow build(Json const& description, Witness& witness) {
  WorkflowBuilder builder{description.at("name").get<std::string>()};
  for (auto const& task : description.at("tasks")) {
    Behaviour behaviour;
    task.at("after").get_to(behaviour.after);
    task.at("failures").get_to(behaviour.failures);
    task.at("durations").get_to(behaviour.durations);
    TaskSettings settings;
    settings.after = behaviour.after;
    if (!task.at("rule").is_null()) settings.trigger_rule = TriggerRule::from_json(task.at("rule"));
    if (task.at("at_most_once").get<bool>()) {
      settings.execution = ExecutionMode::at_most_once;
    } else {
      settings.retry = {.max_attempts = task.at("attempts").get<std::uint32_t>(),
                        .initial_delay = 10ms,
                        .backoff = Backoff::fixed,
                        .jitter = false};
    }
    builder.task(task.at("id").get<std::string>(), std::move(settings),
                 body(std::move(behaviour), task.at("coroutine").get<bool>(), witness));
  }
  return builder.build();
}

}  // namespace

Plan read_plan(std::filesystem::path const& file, Witness& witness) {
  std::ifstream stream{file};
  if (!stream) throw std::runtime_error{"cannot read " + file.string()};
  auto const description = Json::parse(stream);
  Plan plan;
  for (auto const& workflow : description.at("workflows")) {
    plan.names.push_back(workflow.at("name").get<std::string>());
    plan.registry.add(build(workflow, witness));
  }
  return plan;
}

}  // namespace cloacina::storm

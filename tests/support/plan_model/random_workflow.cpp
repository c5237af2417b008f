#include "random_workflow.hpp"

#include <array>

namespace cloacina::engine::test {
namespace {

using namespace std::chrono_literals;
using model::Rule;

std::string random_key(Random& random) {
  return std::string(1, static_cast<char>('a' + random.below(5)));
}

/// Mostly small, because small graphs find most, and now and then one of up to 60 tasks.
std::size_t random_size(Random& random) {
  if (random.percent(15)) return 1 + random.below(60);
  if (random.percent(35)) return 1 + random.below(25);
  return 1 + random.below(9);
}

std::vector<std::size_t> random_dependencies(Random& random, std::size_t task) {
  std::vector<std::size_t> after;
  if (task == 0 || random.percent(15)) return after;
  for (std::size_t wanted = 1 + random.below(3); wanted > 0; --wanted) {
    // Half of them near, so that there are chains as well as fans.
    std::size_t const dependency = random.percent(50)
                                       ? task - 1 - random.below(std::min<std::size_t>(task, 3))
                                       : random.below(task);
    if (std::find(after.begin(), after.end(), dependency) == after.end())
      after.push_back(dependency);
  }
  return after;
}

std::vector<std::size_t> upstream_of(model::Workflow const& workflow,
                                     std::vector<std::size_t> const& after) {
  std::vector<std::size_t> all = after;
  for (std::size_t next = 0; next < all.size(); ++next) {
    for (std::size_t const above : workflow.tasks[all[next]].after) {
      if (std::find(all.begin(), all.end(), above) == all.end()) all.push_back(above);
    }
  }
  return all;
}

Rule random_rule(Random& random, std::vector<std::size_t> const& upstream, int depth) {
  static std::array<char const*, 8> const operators{"Equals",   "NotEquals", "GreaterThan",
                                                    "LessThan", "Contains",  "NotContains",
                                                    "Exists",   "NotExists"};
  Rule rule;
  std::size_t const choice = random.below(depth > 0 ? 12 : 8);
  if (choice == 0) {
    rule.kind = Rule::Kind::always;
  } else if (choice <= 2 || (choice <= 7 && upstream.empty())) {
    rule.kind = Rule::Kind::value;
    rule.key = random_key(random);
    rule.op = operators[random.below(operators.size())];
    if (rule.op != "Exists" && rule.op != "NotExists") rule.literal = random_value(random);
    if (rule.literal.is_structured()) rule.literal = 1;  // literals are null, bool, number or text
  } else if (choice <= 7) {
    constexpr std::array kinds{Rule::Kind::success, Rule::Kind::failed, Rule::Kind::skipped};
    rule.kind = kinds[random.below(kinds.size())];
    rule.task = upstream[random.below(upstream.size())];
  } else {
    constexpr std::array kinds{Rule::Kind::all, Rule::Kind::any, Rule::Kind::none};
    rule.kind = kinds[random.below(kinds.size())];
    for (std::size_t parts = random.below(4); parts > 0; --parts) {
      rule.parts.push_back(random_rule(random, upstream, depth - 1));
    }
  }
  return rule;
}

Json to_json(Rule const& rule) {
  auto const about_task = [&](char const* type) {
    return Json{{"type", type}, {"task_name", task_id(rule.task)}};
  };
  auto const combined = [&](char const* type) {
    Json conditions = Json::array();
    for (Rule const& part : rule.parts) conditions.push_back(to_json(part));
    return Json{{"type", type}, {"conditions", conditions}};
  };
  switch (rule.kind) {
    case Rule::Kind::none_failed:
      return Json{{"type", "NoneFailed"}};
    case Rule::Kind::always:
      return Json{{"type", "Always"}};
    case Rule::Kind::success:
      return about_task("TaskSuccess");
    case Rule::Kind::failed:
      return about_task("TaskFailed");
    case Rule::Kind::skipped:
      return about_task("TaskSkipped");
    case Rule::Kind::value:
      return Json{{"type", "ContextValue"},
                  {"key", rule.key},
                  {"operator", rule.op},
                  {"value", rule.literal}};
    case Rule::Kind::all:
      return combined("All");
    case Rule::Kind::any:
      return combined("Any");
    case Rule::Kind::none:
      return combined("None");
  }
  return {};
}

TestTask as_test_task(Random& random, model::Task const& task, std::size_t index) {
  TestTask made{.id = task_id(index), .max_attempts = task.max_attempts};
  for (std::size_t const dependency : task.after) made.after.push_back(task_id(dependency));
  if (task.rule.kind != Rule::Kind::none_failed)
    made.rule = TriggerRule::from_json(to_json(task.rule));
  made.retry_delay = random.percent(30) ? 0ms : std::chrono::milliseconds(1 + random.below(2000));
  // 0 and 1 both mean one attempt.
  if (task.max_attempts == 1 && random.percent(50)) made.max_attempts = 0;
  if (task.max_attempts == 1 && random.percent(20)) made.execution = ExecutionMode::at_most_once;
  made.callback = random.percent(10);
  return made;
}

}  // namespace

std::string task_id(std::size_t index) { return "t" + std::to_string(index); }

Json random_value(Random& random) {
  switch (random.below(8)) {
    case 0:
      return nullptr;
    case 1:
      return random.percent(50);
    case 2:
      return 0.5 * static_cast<double>(random.below(4));
    case 3:
      return std::string("xyz").substr(0, random.below(4));
    case 4: {
      Json array = Json::array();
      for (std::size_t size = random.below(4); size > 0; --size)
        array.push_back(random.percent(10) ? random_value(random) : Json(random.below(3)));
      return array;
    }
    case 5: {
      Json object = Json::object();
      for (std::size_t size = random.below(4); size > 0; --size)
        object[random_key(random)] = random_value(random);
      return object;
    }
    default:
      return random.below(4);
  }
}

model::Changes random_changes(Random& random) {
  model::Changes changes;
  for (std::size_t count = random.below(4); count > 0; --count) {
    std::optional<Json> value;
    if (!random.percent(15)) value = random_value(random);
    changes.insert_or_assign(random_key(random), std::move(value));
  }
  return changes;
}

RandomWorkflow random_workflow(Random& random) {
  RandomWorkflow made;
  for (std::size_t count = random.below(5); count > 0; --count) {
    made.model.input[random_key(random)] = random_value(random);
  }
  std::vector<TestTask> tasks;
  for (std::size_t size = random_size(random), i = 0; i < size; ++i) {
    model::Task task{.after = random_dependencies(random, i), .rule = {}, .max_attempts = 1};
    if (random.percent(40)) task.max_attempts = static_cast<std::uint32_t>(1 + random.below(3));
    if (random.percent(30)) task.rule = random_rule(random, upstream_of(made.model, task.after), 2);
    tasks.push_back(as_test_task(random, task, i));
    made.model.tasks.push_back(std::move(task));
  }
  std::optional<std::chrono::milliseconds> timeout;
  if (random.percent(20))
    timeout = random.percent(30) ? 0ms : std::chrono::milliseconds(1 + random.below(20'000));
  made.workflow = make_workflow(tasks, timeout);
  if (random.percent(10)) made.start_delay = std::chrono::milliseconds(random.below(3) * 500);
  return made;
}

}  // namespace cloacina::engine::test

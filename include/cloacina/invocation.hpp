#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>
#include <type_traits>
#include <utility>

#include <cloacina/context.hpp>
#include <cloacina/detail/declared_keys.hpp>
#include <cloacina/detail/diagnostic_name.hpp>
#include <cloacina/detail/task_info.hpp>
#include <cloacina/key.hpp>

namespace cloacina {

/// A workflow with its inputs, checked by the compiler and ready to be submitted: what
/// `order_pipeline(order_id = 42)` gives. A value; copies share the input's content.
template <class WorkflowType>
class Invocation {
 public:
  using workflow = WorkflowType;
  static constexpr std::string_view name = WorkflowType::name;

  explicit Invocation(Context given) : input(std::move(given)) {}

  Context input;
};

namespace detail {

// What a call must give.
template <class Workflow, class Key>
inline constexpr bool workflow_takes_input = lists(Workflow::options.inputs, Key::info);
template <class Workflow, class FirstMissing>
inline constexpr bool workflow_call_gives = false;
template <class Workflow, class Key>
inline constexpr bool input_is_given_once = false;

/// What every execution that a cron schedule or a trigger fires is given beside its parameters.
inline constexpr std::array<std::string_view, 4> given_by_cron{
    "scheduled_time", "schedule_id", "schedule_timezone", "schedule_expression"};
inline constexpr std::array<std::string_view, 2> given_by_trigger{"trigger_name", "triggered_at"};

constexpr bool is_given_by_schedule(std::string_view key) {
  return std::find(given_by_cron.begin(), given_by_cron.end(), key) != given_by_cron.end() ||
         std::find(given_by_trigger.begin(), given_by_trigger.end(), key) != given_by_trigger.end();
}

/// Who gives the inputs of a call.
enum class Caller : unsigned char { program, schedule };

template <class Workflow, Caller Who, class... Keys>
struct CallCheck {
  static constexpr bool inputs_are_known = (workflow_takes_input<Workflow, Keys> && ...);
  static constexpr std::size_t times([[maybe_unused]] std::uint64_t number) {
    return (std::size_t{Keys::info.number == number} + ... + std::size_t{0});
  }
  static constexpr bool is_given(KeyInfo const& key) {
    return times(key.number) > 0 || (Who == Caller::schedule && is_given_by_schedule(key.name));
  }
  static constexpr std::size_t first_missing = [] {
    std::size_t i = 0;
    while (i < Workflow::options.inputs.size() && is_given(*Workflow::options.inputs[i].info)) ++i;
    return i;
  }();
  static constexpr bool is_complete = first_missing == Workflow::options.inputs.size();
  static constexpr bool gives_each_once = ((times(Keys::info.number) == 1) && ...);
  static constexpr std::string_view text(std::size_t i) {
    return Workflow::options.inputs[i].info->name;
  }
};

template <class Workflow, class Key>
constexpr void check_known_input() {
  static_assert(workflow_takes_input<Workflow, Key>,
                "unknown input: the workflow's .inputs does not list this key");
}

template <class Workflow, Caller Who, class... Keys>
constexpr bool check_call() {
  using Check = CallCheck<Workflow, Who, Keys...>;
  (check_known_input<Workflow, Keys>(), ...);
  if constexpr (Check::inputs_are_known && !Check::is_complete)
    static_assert(workflow_call_gives<Workflow, name_of<Check, Check::first_missing>>,
                  "missing input: give every key of the workflow's .inputs as key = value");
  else if constexpr (Check::inputs_are_known)
    static_assert(Check::gives_each_once, "duplicate input: one key is given twice");
  return Check::inputs_are_known && Check::is_complete && Check::gives_each_once;
}

// What a result can be asked for.
template <class Workflow, class Key>
constexpr bool writes_or_takes() {
  if (lists(Workflow::options.inputs, Key::info)) return true;
  for (auto const& task : Workflow::options.tasks)
    if (lists(task.info->options->writes, Key::info)) return true;
  return false;
}
template <class Workflow, class Key>
inline constexpr bool workflow_has_output = writes_or_takes<Workflow, Key>();

/// Proves that the results of `Workflow` can hold `Key`.
template <class Workflow, class Key>
constexpr void check_output() {
  static_assert(workflow_has_output<Workflow, Key>,
                "no such output: no task of the workflow writes this key, and it is no input");
}

}  // namespace detail
}  // namespace cloacina

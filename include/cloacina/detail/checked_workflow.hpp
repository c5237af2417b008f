#pragma once

#include <cstddef>
#include <string_view>
#include <utility>

#include <cloacina/detail/check_keys.hpp>
#include <cloacina/detail/check_structure.hpp>
#include <cloacina/detail/check_tasks.hpp>
#include <cloacina/detail/diagnostic_name.hpp>
#include <cloacina/detail/sentences.hpp>

namespace cloacina::detail {

// A fault becomes a failed static_assert. The names of these constants and of their arguments are
// what a user reads under the sentence.
template <class Workflow, class... Names>
inline constexpr bool workflow_has_tasks = false;
template <class Workflow, class... Names>
inline constexpr bool entry_is_a_task_symbol = false;
template <class Workflow, class... Names>
inline constexpr bool task_is_listed_once = false;
template <class Workflow, class... TaskAndDependency>
inline constexpr bool dependency_is_in_workflow = false;
template <class Workflow, class... EachWaitsForTheNext>
inline constexpr bool no_cycle_through = false;
template <class Workflow, class... Names>
inline constexpr bool task_is_tried_once = false;
template <class Workflow, class... Names>
inline constexpr bool durations_are_in_range = false;
template <class Workflow, class... TaskAndNamed>
inline constexpr bool rule_looks_upstream = false;
template <class Workflow, class... KeyAndUsers>
inline constexpr bool users_agree_on_type_of = false;
template <class Workflow, class... TaskAndKey>
inline constexpr bool key_is_available_to = false;
template <class Workflow, class... KeyAndWriters>
inline constexpr bool writers_are_ordered = false;

template <Fault, class Workflow, class... Names>
struct Verdict {};

#define CLOACINA_DETAIL_FAULT(FAULT, CONDITION, SENTENCE)   \
  template <class Workflow, class... Names>                 \
  struct Verdict<Fault::FAULT, Workflow, Names...> {        \
    static_assert(CONDITION<Workflow, Names...>, SENTENCE); \
  };
CLOACINA_DETAIL_FAULT(no_tasks, workflow_has_tasks, CLOACINA_DETAIL_SAY_NO_TASKS)
CLOACINA_DETAIL_FAULT(not_a_symbol, entry_is_a_task_symbol, CLOACINA_DETAIL_SAY_NOT_A_SYMBOL)
CLOACINA_DETAIL_FAULT(listed_twice, task_is_listed_once, CLOACINA_DETAIL_SAY_LISTED_TWICE)
CLOACINA_DETAIL_FAULT(unknown_dependency, dependency_is_in_workflow,
                      CLOACINA_DETAIL_SAY_UNKNOWN_DEPENDENCY)
CLOACINA_DETAIL_FAULT(cycle, no_cycle_through, CLOACINA_DETAIL_SAY_CYCLE)
CLOACINA_DETAIL_FAULT(retried_at_most_once, task_is_tried_once,
                      CLOACINA_DETAIL_SAY_RETRIED_AT_MOST_ONCE)
CLOACINA_DETAIL_FAULT(duration_out_of_range, durations_are_in_range,
                      CLOACINA_DETAIL_SAY_DURATION_OUT_OF_RANGE)
CLOACINA_DETAIL_FAULT(rule_not_upstream, rule_looks_upstream, CLOACINA_DETAIL_SAY_RULE_NOT_UPSTREAM)
CLOACINA_DETAIL_FAULT(key_type_conflict, users_agree_on_type_of,
                      CLOACINA_DETAIL_SAY_KEY_TYPE_CONFLICT)
CLOACINA_DETAIL_FAULT(missing_input, key_is_available_to, CLOACINA_DETAIL_SAY_MISSING_INPUT)
CLOACINA_DETAIL_FAULT(write_conflict, writers_are_ordered, CLOACINA_DETAIL_SAY_WRITE_CONFLICT)
#undef CLOACINA_DETAIL_FAULT

/// Checks a workflow while it is compiled.
///
/// In several constant expressions, because compilers bound the steps of each one (clang: 1 048
/// 576).
template <class Workflow>
class CheckedWorkflow {
  static constexpr WorkflowOptions const& options = Workflow::options;
  static constexpr Structure graph = check_structure(options);
  static constexpr bool sound = graph.found.fault == Fault::none;

  static constexpr Finding in_tasks() {
    if constexpr (sound)
      return check_tasks(options, graph);
    else
      return {};
  }
  static constexpr Finding in_keys() {
    if constexpr (sound) {
      constexpr std::size_t count = count_mentions(options);
      constexpr auto mentions = sorted_mentions<count>(options);
      return check_keys(options, graph, mentions.data(), count);
    } else {
      return {};
    }
  }
  static constexpr Finding tasks_found = in_tasks();
  static constexpr Finding keys_found = in_keys();

 public:
  static constexpr Finding const& found = !sound                             ? graph.found
                                          : tasks_found.fault != Fault::none ? tasks_found
                                                                             : keys_found;
  static constexpr std::string_view text(std::size_t i) { return found.names[i]; }

 private:
  template <std::size_t... I>
  static auto verdict(std::index_sequence<I...>)
      -> Verdict<found.fault, Workflow, name_of<CheckedWorkflow, I>...>;

 public:
  using result = decltype(verdict(std::make_index_sequence<found.size>{}));
};

}  // namespace cloacina::detail
